"""What rules look at: costs of one day that are alike in everything that any rule asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from domain.facts.cost_dimension import Dimension


class Amounts(NamedTuple):
    """The four FOCUS costs, in one currency."""

    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal


@dataclass(frozen=True, slots=True)
class Subject:
    """What a cost is, as far as rules look. Tags are only those that some rule names. A resource that no rule asks for
    is None.
    """

    values: Mapping[Dimension, str | None]
    tags: Mapping[str, str]
    resource_id: str | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for subjects that are alike."""
        return (*sorted(self.values.items()), None, *sorted(self.tags.items()), None, self.resource_id)


@dataclass(frozen=True, slots=True)
class Cell:
    """The costs of a subject on a UTC day."""

    day: date
    subject: Subject
    currency: str
    amounts: Amounts
