"""Which remediation rules mend what a control fails on, and what is said of the failing item afterwards."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.compliance.tightening import directions
from domain.facts.compliance import Integration
from domain.facts.framework import Direction

# What `item` says of how a control names things.
BY_NATIVE_ID, BY_NAME, BY_ACCOUNT = "native_id", "name", "account"


class Named(NamedTuple):
    """A resource by its names; `account` is the native id of its account."""

    native_id: str
    name: str
    account: str


class Outcome(StrEnum):
    """What is said at least of an item that was mended. GONE: the item is not there any more."""

    PASS = "PASS"  # noqa: S105 - a verdict
    WARNING = "WARNING"
    GONE = "GONE"


class Mend(BaseModel):
    """A rule that mends what a control fails on; the fields are described at the top of mending.toml.

    Either `item` and `becomes` say which item is mended and what becomes of it, or `unforeseen` why that is not known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    control_id: str
    rule_id: str
    item: str | None = None
    head: str = ""
    tail: str = ""
    seen: str = ""
    becomes: Outcome | None = None
    reach: Mapping[str, float] = Field(default_factory=dict)
    unforeseen: str | None = None

    @model_validator(mode="after")
    def _is_foreseen_or_not(self) -> Self:
        told = (self.item is not None, self.becomes is not None, self.unforeseen is None)
        if len(set(told)) != 1:
            raise ValueError(f"{self.control_id} by {self.rule_id}: either item and becomes, or unforeseen")
        return self

    @property
    def integration(self) -> Integration:
        """The system whose procedure judges what the rule mends."""
        return Integration(self.rule_id.partition("-")[0].upper())

    def names(self, item: str, resource: Named) -> bool:
        """Whether this is what the control calls the resource."""
        if self.item is None:
            return False
        if self.item == BY_NAME:
            return item == resource.name
        if self.item == BY_NATIVE_ID:
            return self.native_id_of(item) == resource.native_id
        return item == (resource.account if self.item == BY_ACCOUNT else self.item)

    def native_id_of(self, item: str) -> str:
        """The native id of what the control calls so, where it goes by native ids."""
        return f"{self.head}{item}{self.tail}"

    def is_mended(self, observed: str) -> bool:
        """Whether an item that says this is mended."""
        return re.search(self.seen, observed) is not None

    def is_enough(self, parameters: Mapping[str, Any]) -> bool:
        """Whether the remedy goes as far as these parameters of the control ask for."""
        ways = directions().get(self.control_id, {})
        return all(
            name not in parameters
            or (parameters[name] <= most if ways[name] is Direction.HIGHER else parameters[name] >= most)
            for name, most in self.reach.items()
        )


@cache
def all_mends() -> tuple[Mend, ...]:
    """Every pair of a control and a rule, by control and then by rule."""
    return tuple(
        Mend(control_id=control_id, rule_id=rule_id, **told)
        for control_id, rules in sorted(_table()["mends"].items())
        for rule_id, told in sorted(rules.items())
    )


@cache
def mends_by(rule_id: str) -> tuple[Mend, ...]:
    """What a rule mends, by control; nothing for a rule that mends none."""
    return tuple(one for one in all_mends() if one.rule_id == rule_id)


@cache
def mends_of(control_id: str) -> tuple[Mend, ...]:
    """What mends a control, by rule; nothing for a control that no rule mends."""
    return tuple(one for one in all_mends() if one.control_id == control_id)


def rules_that_mend(control_id: str) -> frozenset[str]:
    """The ids of the rules whose remedies mend what a control, or a check of a bundle, fails on; none for others."""
    return frozenset(one.rule_id for one in mends_of(control_id))


def controls_mended_by(rule_id: str) -> frozenset[str]:
    """The ids of the controls, and checks of bundles, that fail on what the rule mends; none for other rules."""
    return frozenset(one.control_id for one in mends_by(rule_id))


@cache
def mended_otherwise() -> Mapping[tuple[str, str], str]:
    """By control and action of its remediations: why no rule does it, although one makes the same call."""
    table = _table()["otherwise"].items()
    return {(control_id, action): why for control_id, whys in table for action, why in whys.items()}


@cache
def _table() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("mending.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
