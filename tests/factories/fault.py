"""What a fault of a rule is: how it is made in a stand-in of AWS, and what must be the same after undoing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.facts.money import Money
from domain.rules.rule import Setting
from tests.fakes.aws import Moto

# AWS answers the second call with what the first has made.
FORGETS_TOKENS = "moto does not know client tokens, so that it makes another one or refuses the name"


def whole(state: dict[str, Any]) -> Any:
    return state


@dataclass(frozen=True, kw_only=True)
class Fault:
    """`make` returns the native id of what the rule must fire on. `compared` leaves out what moto moves by itself.

    `is_back` says whether what was changed beside this resource, or is undone in part, is as the state before has it.
    `unplayed` says why moto cannot play its steps; it is found and planned then, and no more. `once` says of steps, by
    their names, why a second try of them shows nothing in moto.
    """

    rule_id: str
    make: Callable[[Moto], str]
    name: str = ""
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    bills: Mapping[str, Money] = field(default_factory=dict)
    compared: Callable[[dict[str, Any]], Any] = whole
    is_back: Callable[[Moto, dict[str, Any]], bool] | None = None
    unplayed: str = ""
    once: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.rule_id}-{self.name}" if self.name else self.rule_id
