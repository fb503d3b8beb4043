"""The privacy notice is live, dated and complete."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

PROBE, NOTICE, ANSWERS = "platform:http_probe", "privacy", 200
SECTIONS = ("purpose", "retention", "sharing", "choice", "contact")
REVIEWED_WITHIN, SOON = timedelta(days=365), timedelta(days=30)


def _platform(case: Case) -> Iterator[Item]:
    notices = [row for row in case.answers.items(PROBE) if row["purpose"] == NOTICE]
    if not notices:
        yield failed("privacy notice", "none is declared", "a public notice")
    for row in notices:
        yield _notice(row, case)


def _notice(row: dict[str, Any], case: Case) -> Item:
    url, problem = row["url"], _problem(row, case)
    if problem:
        return failed(url, problem, "answers 200 with the approved text, complete and reviewed within 365 days")
    due = row["last_reviewed_at"] + REVIEWED_WITHIN
    seen = f"complete, as approved, reviewed {row['last_reviewed_at']:%Y-%m-%d}"
    return warned(url, seen, "review not due within 30 days") if due - case.now <= SOON else passed(url, seen)


def _problem(row: dict[str, Any], case: Case) -> str | None:
    if row["status_code"] != ANSWERS:
        return f"answers {row['status_code'] or 'nothing'}"
    missing = [section for section in SECTIONS if section not in row["sections"]]
    if missing:
        return f"nothing on {', '.join(missing)}"
    if row["approved_sha256"] is None or row["body_sha256"] != row["approved_sha256"]:
        return "not the approved text"
    reviewed = row["last_reviewed_at"]
    if reviewed is None or case.now - reviewed > REVIEWED_WITHIN:
        return f"last reviewed {reviewed:%Y-%m-%d}" if reviewed else "never reviewed"
    return None


CONTROL = Control(
    id="CW-PRV-01",
    name="The privacy notice is live, dated and complete",
    category="privacy",
    severity=Severity.MEDIUM,
    frequency=Frequency.WEEKLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("P1.1", "P2.1"),
    objective="People can read what is collected, why, for how long, with whom and how to choose.",
    owner_role="privacy",
    procedures=(
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:http_probe",),
            passes=(
                "The notice answers 200, was reviewed within 365 days, names purpose, retention, sharing, choice "
                "and contact, and is the text that was approved."
            ),
            warns="Its review is due within 30 days.",
            fails="It is missing, incomplete, overdue for review, or not the text that was approved.",
            judge=_platform,
        ),
    ),
)
