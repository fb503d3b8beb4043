"""Bundles: for an industry, the frameworks it must meet, stricter parameters, and checks of its own."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity


class BundleCheck(BaseModel):
    """What is looked at beside the controls, as data; the procedures that judge it are in `domain.bundled`.

    `operations` are the calls, behind their system and a colon. `unread` says of the systems in which it is not judged
    why nothing can be told of them, as the end of a sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    severity: Severity
    controls: tuple[str, ...] = ()
    operations: tuple[str, ...] = Field(min_length=1)
    passes: str
    warns: str | None = None
    fails: str
    frequency: Frequency = Frequency.DAILY
    evidence_kind: EvidenceKind = EvidenceKind.MACHINE_STATE
    unread: Mapping[Integration, str] = Field(default_factory=dict)

    @field_validator("unread", mode="before")
    @classmethod
    def _in_any_case(cls, value: Mapping[str, str]) -> dict[str, str]:
        return {system.upper(): why for system, why in value.items()}

    @property
    def systems(self) -> frozenset[Integration]:
        """The systems whose calls it names."""
        return frozenset(Integration(one.partition(":")[0].upper()) for one in self.operations)

    def operations_of(self, integration: Integration) -> tuple[str, ...]:
        """The calls of one system as procedures name them; those of our own keep what stands before the colon."""
        own = f"{integration.value.lower()}:"
        prefix = "" if integration in (Integration.PLATFORM, Integration.MANUAL) else own
        return tuple(one.removeprefix(prefix) for one in self.operations if one.startswith(own))


class Bundle(BaseModel):
    """`frameworks` are ids; `parameters` are by control, as `domain.compliance.tightening` has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    industry: str
    frameworks: tuple[str, ...] = Field(min_length=1)
    parameters: Mapping[str, Mapping[str, Any]]
    check: tuple[BundleCheck, ...] = ()


@cache
def all_bundles() -> tuple[Bundle, ...]:
    """Every bundle, by id."""
    text = resources.files(__package__).joinpath("bundles.toml").read_text(encoding="utf-8")
    found = [Bundle.model_validate(table) for table in tomllib.loads(text)["bundle"]]
    return tuple(sorted(found, key=lambda bundle: bundle.id))


def find_bundle(bundle_id: str) -> Bundle | None:
    """The bundle with this id, None where there is none."""
    return next((bundle for bundle in all_bundles() if bundle.id == bundle_id), None)
