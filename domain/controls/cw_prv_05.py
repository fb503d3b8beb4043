"""Disclosures and breaches are logged and notified.

Those are issues of that label or type. A disclosure has labels recipient:, basis: and a due date, a breach the label
notice-decided, and clocks by its key.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import instant
from domain.compliance.own_rows import own_rows
from domain.compliance.tickets import BREACH, LOOKED_BACK, check_reach, issues_of, kind_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ISSUES, COURSES = "POST /rest/api/3/search/jql", "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
CLOCKS, DECIDED = "platform:incident_clocks", "notice-decided"
DECIDED_AT_LAST, NEARLY = timedelta(hours=48), 0.8


def _jira(case: Case) -> Iterator[Item]:
    decided = _decisions(case)
    check_reach(case.answers, case.now - LOOKED_BACK)
    missed = {row["incident"] for row in own_rows(case, CLOCKS) if _is_missed(row, case)}
    issues = {issue["key"]: issue["fields"] for issue in issues_of(case.answers)}
    for key, fields in issues.items():
        kinds = {kind_of(fields), *map(str.lower, fields["labels"])}
        if "disclosure" in kinds:
            yield _disclosure(key, fields)
        if BREACH in kinds and key in missed:
            yield failed(key, "a notice is late", "every notice inside its legal clock")
        elif BREACH in kinds:
            yield _breach(key, fields, decided, case)


def _decisions(case: Case) -> dict[str, datetime]:
    """When each issue was first marked as decided. Source: Jira Cloud REST API, changelogs of an issue."""
    found: dict[str, datetime] = {}
    for call in case.answers.calls(COURSES):
        moments = [
            instant(change["created"])
            for page in call.pages
            for change in page["values"]
            if any(one["field"] == "labels" and DECIDED in (one["toString"] or "").split() for one in change["items"])
        ]
        if moments:
            found[call.arguments["issueIdOrKey"]] = min(moments)
    return found


def _disclosure(key: str, fields: dict[str, Any]) -> Item:
    labels = [label.lower() for label in fields["labels"]]
    missing = [name for name in ("recipient", "basis") if not any(one.startswith(f"{name}:") for one in labels)]
    if not fields["duedate"]:
        missing.append("date")
    if missing:
        return failed(key, f"no {', no '.join(missing)}", "recipient, basis and date")
    return passed(key, "recipient, basis and date are recorded")


def _breach(key: str, fields: dict[str, Any], decided: dict[str, datetime], case: Case) -> Item:
    created, at = instant(fields["created"]), decided.get(key)
    if at is None and DECIDED in fields["labels"]:
        # It has borne the label from the beginning.
        at = created
    took, within = (at or case.now) - created, timedelta(hours=case.parameters["decision_hours"])
    seen = f"{'decided after' if at else 'undecided for'} {took.total_seconds() / 3600:.0f} h"
    if took <= within:
        return passed(key, seen)
    say = warned if took <= DECIDED_AT_LAST else failed
    return say(key, seen, f"a decision on notices within {case.parameters['decision_hours']} h")


def _platform(case: Case) -> Iterator[Item]:
    for row in case.answers.items(CLOCKS):
        name, due, sent = f"{row['incident']} {row['regime']}", row["due_at"], row["sent_at"]
        seen = f"due {due:%Y-%m-%d %H:%M} UTC, {f'sent {sent:%Y-%m-%d %H:%M} UTC' if sent else 'not sent'}"
        if _is_missed(row, case):
            yield failed(name, seen, "sent in time")
        elif not sent and case.now - row["started_at"] >= NEARLY * (due - row["started_at"]):
            yield warned(name, seen, "sent before 80% of the time has passed")
        else:
            yield passed(name, seen)


def _is_missed(row: dict[str, Any], case: Case) -> bool:
    return bool((row["sent_at"] or case.now) > row["due_at"])


CONTROL = Control(
    id="CW-PRV-05",
    name="Disclosures and breaches are logged and notified",
    category="privacy",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("P6.1", "P6.2", "P6.3", "P6.6"),
    objective="A complete register of who received personal data, allowed or not, with the notices sent.",
    owner_role="privacy",
    parameters={"decision_hours": 24},
    procedures=(
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=(
                "POST /rest/api/3/search/jql",
                "GET /rest/api/3/issue/{issueIdOrKey}/changelog",
            ),
            passes=(
                "Every disclosure has recipient, basis and date; every breach has a decision on notices within "
                "decision_hours, and its notices went out in time."
            ),
            warns="A decision took, or is open for, more than decision_hours but no more than 48 hours.",
            fails="A disclosure lacks something, a decision is later, or a notice is late.",
            judge=_jira,
            version=2,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:incident_clocks",),
            passes="No clock was missed.",
            warns="80% of a clock has run and its notice is not sent.",
            fails="A clock was missed.",
            judge=_platform,
        ),
    ),
)
