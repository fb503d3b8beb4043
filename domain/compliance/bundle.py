"""Bundles: for an industry, the frameworks it must meet, stricter parameters, and checks of its own."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.severity import Severity


class BundleCheck(BaseModel):
    """What is looked at beside the controls, as data. `operations` are the calls, behind their system and a colon."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    severity: Severity
    controls: tuple[str, ...] = ()
    operations: tuple[str, ...] = Field(min_length=1)
    passes: str
    warns: str | None = None
    fails: str


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
