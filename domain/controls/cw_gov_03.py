"""The board oversees risk and control."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

MINUTES, SUBJECTS = "manual:board_minutes", ("security", "risk", "control")
# How long after the last meeting nothing but a warning is said.
AT_MOST = timedelta(days=120)
WANTED = "minutes that name an independent member and cover security, risk and control results"


def _manual(case: Case) -> Iterator[Item]:
    meetings = [row["held_at"] for row in case.answers.items(MINUTES) if _suffices(row)]
    if not meetings:
        yield failed("board", "no such minutes", WANTED)
        return
    last, period = max(meetings), timedelta(days=case.parameters["period_days"])
    seen = f"last met {last:%Y-%m-%d}"
    if case.now - last <= period:
        yield passed("board", seen)
    else:
        yield (warned if case.now - last <= AT_MOST else failed)("board", seen, f"within {period.days} days")


def _suffices(row: dict[str, Any]) -> bool:
    topics = " ".join(row["topics"]).lower()
    return bool(row["independent_members"]) and all(subject in topics for subject in SUBJECTS)


CONTROL = Control(
    id="CW-GOV-03",
    name="The board oversees risk and control",
    category="governance",
    severity=Severity.MEDIUM,
    frequency=Frequency.QUARTERLY,
    evidence_kind=EvidenceKind.HUMAN_ATTESTATION,
    criteria=("CC1.2", "CC1.3", "CC3.1"),
    objective="Directors independent of management see objectives, risk and control results on a schedule.",
    owner_role="executive",
    parameters={"period_days": 92},
    evidence=("minutes", "control-result pack sent to the board (generated)"),
    procedures=(
        Procedure(
            integration=Integration.MANUAL,
            scope="organization",
            operations=("manual:board_minutes",),
            passes=(
                "The board met within period_days: its minutes name an independent member and cover security, "
                "risk and control results."
            ),
            warns="It met so within 120 days.",
            fails="It did not meet so within 120 days.",
            judge=_manual,
        ),
    ),
)
