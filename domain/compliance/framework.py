"""What a framework is: requirements, and the controls and rules that answer each of them."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.facts.framework import Coverage, Fit

MOST_REQUIREMENTS = 500
MOST_MAPPED = 64


class Requirement(BaseModel):
    """`group` is its heading. `controls` are ids of controls, `findings` ids of rules whose findings speak where no
    control does. `kind` is the framework's own word, such as addressable.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=40)
    name: str = Field(min_length=1, max_length=300)
    group: str = Field(min_length=1, max_length=120)
    controls: tuple[str, ...] = Field(default=(), max_length=MOST_MAPPED)
    findings: tuple[str, ...] = Field(default=(), max_length=MOST_MAPPED)
    fit: Fit
    kind: str | None = Field(default=None, max_length=40)

    @field_validator("fit", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    def coverage(self, automated: Collection[str]) -> Coverage:
        """How much of its evidence comes by itself. `automated` are the controls that need no upload."""
        if self.fit is Fit.MANUAL or not (self.findings or set(self.controls) & set(automated)):
            return Coverage.MANUAL
        return Coverage.AUTOMATED if self.fit is Fit.DIRECT else Coverage.PARTIAL


class Framework(BaseModel):
    """`version` is the standard's own. `retention_days` is how long it has records kept, `log_location` the country
    they must be kept in, None where it does not say. `notes` say what is left out, and what is going to change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    name: str = Field(min_length=1, max_length=120)
    version: str = Field(min_length=1, max_length=60)
    source: str = Field(default="", max_length=200)
    applies_to: str = Field(default="", max_length=200)
    retention_days: int | None = Field(default=None, ge=1, le=36_500)
    incident_report_hours: str | None = Field(default=None, max_length=20)
    log_location: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    notes: str = Field(default="", max_length=1000)
    requirements: tuple[Requirement, ...] = Field(min_length=1, max_length=MOST_REQUIREMENTS)

    @property
    def controls(self) -> frozenset[str]:
        return frozenset(id for requirement in self.requirements for id in requirement.controls)

    @property
    def findings(self) -> frozenset[str]:
        return frozenset(id for requirement in self.requirements for id in requirement.findings)

    def coverages(self, automated: Collection[str]) -> Counter[Coverage]:
        """How many requirements are covered how."""
        return Counter(requirement.coverage(automated) for requirement in self.requirements)
