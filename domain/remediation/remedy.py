"""What a rule knows of mending its fault."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.facts.resource import Resource
from domain.remediation.step import Step

# The resource and the RuleContext, which is described beside the rule that holds a remedy -> the steps.
Planner = Callable[[Resource, Any], tuple[Step, ...]]


class NoPlan(Exception):
    """There is nothing that could be done here; the message says why, in a sentence."""


class Reversible(StrEnum):
    """YES: undoing restores what was there. PARTLY: it works again, but something is lost. NO: nothing to undo with."""

    YES = "YES"
    PARTLY = "PARTLY"
    NO = "NO"


class Remedy(BaseModel):
    """`plan` turns what was read into steps, or raises NoPlan; it is pure and asks no clock: one state gives one plan.
    `says` is what it does in one sentence, `loses` what an undo does not bring back. `permissions` are
    exactly those of its steps and their undoing, apart from what the rule reads. `version` rises whenever other steps
    come of the same state: the first run of a changed rule only shows what it would do.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    says: str = Field(min_length=1)
    plan: Planner
    reversible: Reversible
    permissions: tuple[str, ...] = Field(min_length=1)
    loses: str = ""
    version: int = 1

    @model_validator(mode="after")
    def _tells_what_is_lost(self) -> Self:
        if (self.reversible is Reversible.YES) != (self.loses == ""):
            raise ValueError("a remedy says what is lost, exactly when not everything comes back")
        return self
