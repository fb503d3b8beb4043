"""How a principal has shown who it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from documents.session import SECOND_FACTORS, AuthMethod


class Subject(NamedTuple):
    """Whose rights are looked up: `actor` is user:<id> or service:<id>.

    `session_id` is that of what they came with and die with: the session of a person, the API key of a machine.
    """

    actor: str
    session_id: str = ""

    @property
    def kind(self) -> str:
        """User or service."""
        return self.actor.partition(":")[0]

    @property
    def local_id(self) -> str:
        """The stored id of the person or the service account."""
        return self.actor.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Authentication:
    """The sign-in of a person: `methods` is how they have shown who they are, `at` when they did last, `factor_at` when
    they did with a second factor. Stepping up renews them.
    """

    session_id: str
    token_id: str
    at: datetime
    methods: frozenset[AuthMethod]
    factor_at: datetime | None = None


def has_second_factor(methods: Collection[AuthMethod]) -> bool:
    """Whether these are more than one factor."""
    return not SECOND_FACTORS.isdisjoint(methods)
