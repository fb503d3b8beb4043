"""Every control has a living owner."""

from collections.abc import Iterator
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.own_rows import own_rows
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

OWNERS, RESULTS = "platform:control_owners", "platform:control_results"
PEOPLE, PERSON = "GET /api/v1/users", "GET /api/v1/users/{id}"


def _platform(case: Case) -> Iterator[Item]:
    owners = {row["control_id"]: row for row in case.answers.items(OWNERS)}
    judged = {row["control_id"] for row in case.answers.items(RESULTS)}
    for control_id in sorted(judged - owners.keys()):
        yield failed(control_id, "no owner", "an owner and a backup")
    for row in owners.values():
        yield _ownership(row)


def _ownership(row: dict[str, Any]) -> Item:
    control_id, owner, backup = row["control_id"], row["owner_user_id"], row["backup_user_id"]
    if owner is None:
        return failed(control_id, "no owner", "an owner and a backup")
    if not row["owner_is_active"]:
        return failed(control_id, f"{owner} is not active any more", "an active owner")
    if row["tester_user_id"] in {owner, backup} - {None}:
        return failed(control_id, f"{row['tester_user_id']} tests their own control", "a tester who does not own it")
    if row["overdue_actions"]:
        return failed(control_id, f"{row['overdue_actions']} actions overdue", "no overdue action")
    if backup in (None, owner):
        return warned(control_id, "no backup", "an owner and a backup")
    return passed(control_id, f"owned by {owner}, backed up by {backup}")


def _okta(case: Case) -> Iterator[Item]:
    found = [*case.answers.items(PEOPLE), *(page for call in case.answers.calls(PERSON) for page in call.pages)]
    statuses: dict[str, set[str]] = {}
    for person in found:
        statuses.setdefault(person["profile"]["email"].lower(), set()).add(person["status"])
    emails = {row["owner_email"].lower() for row in own_rows(case, OWNERS) if row["owner_email"] is not None}
    for email in sorted(emails):
        seen = ", ".join(sorted(statuses.get(email, {"not in Okta"})))
        yield passed(email, seen) if seen == "ACTIVE" else failed(email, seen, "an ACTIVE owner")


CONTROL = Control(
    id="CW-GOV-02",
    name="Every control has a living owner",
    category="governance",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("CC1.3", "CC1.5", "CC5.1"),
    objective="Responsibility is assigned to someone who still works here and who acts.",
    owner_role="compliance",
    procedures=(
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:control_owners", "platform:control_results"),
            passes=(
                "Each control has an owner and a backup, neither tests their own control, and no action is overdue."
            ),
            warns="The backup is missing.",
            fails="The owner is missing or inactive, tests their own control, or lets actions become overdue.",
            judge=_platform,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="identity",
            operations=(
                "GET /api/v1/users/{id}",
                "GET /api/v1/users",
            ),
            passes="Every owner of a control is ACTIVE in Okta.",
            fails="An owner of a control is not ACTIVE in Okta.",
            judge=_okta,
        ),
    ),
)
