"""Requests from people are answered on time.

Requests are the issues labelled privacy-request. That the person was identified is recorded by the label
identity-checked.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.compliance.tickets import check_reach, issues_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

ISSUES, COURSES = "POST /rest/api/3/search/jql", "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
REQUEST, IDENTIFIED = "privacy-request", "identity-checked"
NEARLY = 0.8


def _jira(case: Case) -> Iterator[Item]:
    case.answers.calls(COURSES)
    check_reach(case.answers, case.now - timedelta(days=case.parameters["sla_days"]))
    issues = {issue["key"]: issue["fields"] for issue in issues_of(case.answers)}
    for key, fields in issues.items():
        if REQUEST in fields["labels"]:
            yield _answered(key, fields, case)


def _answered(key: str, fields: dict[str, Any], case: Case) -> Item:
    limit, resolved = timedelta(days=case.parameters["sla_days"]), fields["resolutiondate"]
    took = age(fields["created"], instant(resolved) if resolved else case.now)
    seen = f"{'answered after' if resolved else 'open for'} {took.days} days"
    if took > limit:
        return failed(key, seen, f"answered within {limit.days} days")
    if resolved and IDENTIFIED not in fields["labels"]:
        return failed(key, f"{seen}, no record that the person was identified", f"the label {IDENTIFIED}")
    if not resolved and took > NEARLY * limit:
        return warned(key, seen, f"answered within {limit.days} days")
    return passed(key, seen)


CONTROL = Control(
    id="CW-PRV-04",
    name="Requests from people are answered on time",
    category="privacy",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("P5.1", "P5.2", "P6.7", "P7.1", "P8.1"),
    objective=(
        "Access, correction, accounting and complaint requests are identity-checked, answered and learned from."
    ),
    owner_role="privacy",
    parameters={"sla_days": 30},
    procedures=(
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=("POST /rest/api/3/search/jql", "GET /rest/api/3/issue/{issueIdOrKey}/changelog"),
            passes=(
                "Every request was resolved within sla_days with the identity check recorded, or there is time left."
            ),
            warns="A request is open beyond 80% of sla_days.",
            fails="A request is past sla_days, or resolved without an identity check.",
            judge=_jira,
            version=2,
        ),
    ),
)
