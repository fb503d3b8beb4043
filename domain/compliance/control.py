"""What a control is: what must hold, and for each system a pure procedure that judges what was read of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.compliance.answers import Answers
from domain.facts.compliance import EvidenceKind, Frequency, Integration, Verdict
from domain.facts.severity import Severity


class Item(NamedTuple):
    """What is said of one thing. `resource` is its native id, or its name where it has none.

    `observed` is what was seen and `expected` what should have been, a few words each; `expected` is empty for a pass.
    """

    resource: str
    verdict: Verdict
    observed: str
    expected: str = ""


def passed(resource: str, observed: str) -> Item:
    return Item(resource, Verdict.PASS, observed)


def warned(resource: str, observed: str, expected: str) -> Item:
    return Item(resource, Verdict.WARNING, observed, expected)


def failed(resource: str, observed: str, expected: str) -> Item:
    return Item(resource, Verdict.FAIL, observed, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a procedure judges: the answers of one account, with everything else that is connected.

    `parameters` are the control's own with what the tenant has tightened. `now` is when it is judged. `connected` are
    the answers of all connected accounts, those of this one among them.
    """

    answers: Answers
    parameters: Mapping[str, Any]
    now: datetime
    connected: tuple[Answers, ...] = ()

    def of(self, integration: Integration) -> tuple[Answers, ...]:
        """The answers of every connected account of a system; empty when none is connected."""
        return tuple(one for one in self.connected if one.integration is integration)


# Gives an item for everything that was looked at, what passes too. Nothing at all means that there is nothing to judge.
# Raises Unread for what was not read in whole, and LookupError, TypeError or ValueError on answers of another shape.
Judge = Callable[[Case], Iterable[Item]]


class Procedure(BaseModel):
    """How one system is judged. `operations` are the calls it looks at, as the catalogues print them.

    `scope` is what one item is: an account, a resource, an identity, an event. The three conditions are sentences;
    None where that verdict cannot arise. `version` is raised when what it says of the same answers changes.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    integration: Integration
    scope: str
    operations: tuple[str, ...] = Field(min_length=1)
    passes: str
    warns: str | None = None
    fails: str | None
    judge: Judge
    version: int = Field(default=1, ge=1)


class Control(BaseModel):
    """What must hold. `id` names its file and never changes once published.

    `bundle` is the bundle it comes with, None for what is in the catalogue and judged for everybody. `criteria` are
    those of SOC 2 it serves, which what comes with a bundle need not have. `parameters` are numbers and lists a tenant
    or a bundle may tighten. `evidence` says what an auditor is shown, `remediations` names the actions that mend it,
    `owner_role` who should own it. What is `automated` needs no upload.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    id: str = Field(pattern=r"^[A-Z]{2}-[A-Z]{3}-\d\d$")
    name: str = Field(min_length=1, max_length=120)
    category: str = Field(min_length=1)
    severity: Severity
    frequency: Frequency
    evidence_kind: EvidenceKind
    criteria: tuple[str, ...] = ()
    objective: str = Field(min_length=1)
    owner_role: str
    bundle: str | None = None
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    remediations: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    procedures: tuple[Procedure, ...] = Field(min_length=1)

    @property
    def automated(self) -> bool:
        return self.evidence_kind is not EvidenceKind.HUMAN_ATTESTATION

    @model_validator(mode="after")
    def _judges_each_system_once(self) -> Self:
        systems = [one.integration for one in self.procedures]
        if len(systems) != len(set(systems)):
            raise ValueError(f"{self.id} judges a system twice")
        return self

    @model_validator(mode="after")
    def _serves_a_criterion(self) -> Self:
        if not self.criteria and self.bundle is None:
            raise ValueError(f"{self.id} serves no criterion")
        return self
