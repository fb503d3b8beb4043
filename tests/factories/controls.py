"""The control catalogue as its facts tell it, for tests of what is made of controls."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from domain.compliance import registry
from domain.compliance.control import Control, Procedure
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity


def controls_of(shared: Path) -> tuple[Control, ...]:
    """All 64 controls, with procedures that find nothing."""
    facts = json.loads((shared / "facts" / "soc2_controls.json").read_text())
    return tuple(_control(fact) for fact in facts["controls"])


def install_catalogue(shared: Path, patch: pytest.MonkeyPatch) -> None:
    """Have the registry find all 64 controls, where their modules are not all there."""
    controls = {control.id: control for control in controls_of(shared)}
    if {control.id for control in registry.all_controls()} == controls.keys():
        return
    modules = {f".{id}": SimpleNamespace(CONTROL=control, __path__=[]) for id, control in controls.items()}
    patch.setattr(registry, "iter_modules", lambda path: [SimpleNamespace(name=id) for id in controls])
    patch.setattr(registry, "import_module", lambda name: modules.get(f".{name.rpartition('.')[2]}", registry))
    patch.setattr(registry, "__path__", [], raising=False)
    registry.all_controls.cache_clear()


def a_control(id: str = "CW-IAM-01", severity: Severity = Severity.HIGH, **fields: Any) -> Control:
    """A control of AWS that is a setting and has no remediation."""
    usual = {
        "name": f"Name of {id}",
        "category": "identity",
        "frequency": Frequency.DAILY,
        "evidence_kind": EvidenceKind.MACHINE_STATE,
        "criteria": ("CC6.1",),
        "objective": "It holds.",
        "owner_role": "Security",
        "procedures": (_procedure("aws"),),
    }
    return Control(id=id, severity=severity, **{**usual, **fields})


def _control(fact: dict[str, Any]) -> Control:
    return a_control(
        fact["id"],
        Severity(fact["severity"].upper()),
        name=fact["name"],
        category=fact["category"],
        evidence_kind=EvidenceKind(fact["evidence_kind"].upper()),
        criteria=tuple(fact["tsc"]),
        objective=fact["objective"],
        owner_role=fact["owner_role"],
        parameters=fact["parameters"],
        remediations=tuple(one["action"] for one in fact["remediations"]),
        procedures=_procedures(fact["integrations"]),
    )


def _procedures(systems: Sequence[str]) -> tuple[Procedure, ...]:
    return tuple(_procedure(system) for system in systems)


def _procedure(system: str) -> Procedure:
    return Procedure(
        integration=Integration(system.upper()),
        scope="account",
        operations=("some.call",),
        passes="It holds.",
        fails="It does not.",
        judge=lambda case: (),
    )
