"""The control catalogue as its facts tell it, for tests of what is made of controls."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.compliance.control import Control, Procedure
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity


def controls_of(shared: Path) -> tuple[Control, ...]:
    """All 64 controls, with procedures that find nothing."""
    facts = json.loads((shared / "facts" / "soc2_controls.json").read_text())
    return tuple(_control(fact) for fact in facts["controls"])


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
