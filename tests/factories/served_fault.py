"""What a fault of a rule is: how it is made in a stand-in with state, and what must be the same after undoing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from domain.rules.rule import Setting
from tests.fakes.trying import settled

Cloud = TypeVar("Cloud")


@dataclass(frozen=True, kw_only=True)
class ServedFault(Generic[Cloud]):
    """`make` returns the native id of what the rule must fire on. `compared` leaves out what the vendor counts anew.

    `is_back` says of a remedy that is undone in part whether what it restores is there, given the state before.
    """

    rule_id: str
    make: Callable[[Cloud], str]
    name: str = ""
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    compared: Callable[[dict[str, Any]], Any] = settled
    is_back: Callable[[Cloud, dict[str, Any]], bool] | None = None

    @property
    def id(self) -> str:
        return f"{self.rule_id}-{self.name}" if self.name else self.rule_id
