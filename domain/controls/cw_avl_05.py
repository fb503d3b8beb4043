"""Continuity and disaster recovery are exercised."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

REPORTS = "manual:dr_exercise_report"
TIME_FOR_ACTIONS = timedelta(days=30)


def _manual(case: Case) -> Iterator[Item]:
    """Every exercise of the period. Who must keep the shorter one of RBI sets period_days to it."""
    period = case.parameters["period_days"]
    recent = [
        one for one in case.answers.items(REPORTS) if timedelta() <= age(one["held_at"], case.now) <= timedelta(period)
    ]
    if not recent:
        yield failed("exercise", f"none in {period} days", f"one in {period} days")
    for one in recent:
        yield _exercise(case, one)


def _exercise(case: Case, one: Mapping[str, Any]) -> Item:
    name = f"{one['scenario']} at {one['held_at']:%Y-%m-%d}"
    said = (
        f"back after {one['rto_measured_minutes']:g} of {one['rto_target_minutes']:g} minutes, "
        f"{one['rpo_measured_minutes']:g} of {one['rpo_target_minutes']:g} minutes of data lost"
    )
    is_met = (
        one["rto_measured_minutes"] <= one["rto_target_minutes"]
        and one["rpo_measured_minutes"] <= one["rpo_target_minutes"]
    )
    if not is_met and one["retest_met_at"] is None:
        return failed(name, said, "within target, or met by a later try")
    if one["actions_open"] and age(one["held_at"], case.now) > TIME_FOR_ACTIONS:
        return warned(name, f"{said}; actions open: {one['actions_open']}", "actions closed within 30 days")
    return passed(name, said)


CONTROL = Control(
    id="CW-AVL-05",
    name="Continuity and disaster recovery are exercised",
    category="availability",
    severity=Severity.HIGH,
    frequency=Frequency.ANNUAL,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("A1.3", "CC9.1", "CC7.5"),
    objective="People rehearse the bad day, measure recovery and fix what they find.",
    owner_role="operations",
    parameters={"period_days": 365, "rbi_critical_period_days": 183},
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=(REPORTS,),
            passes="An exercise was held within period_days, its recovery met its targets, and its actions are closed.",
            warns="Actions are still open 30 days after the exercise.",
            fails="No exercise was held within period_days, or a target was missed and no later try has met it.",
            judge=_manual,
        ),
    ),
)
