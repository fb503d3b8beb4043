"""Access is reviewed every quarter."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.access_reviews import REVOKE, reviewed
from domain.compliance.answers import Answers
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import instant
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

CAMPAIGNS = "platform:access_review_campaigns"
ASSIGNED = "GET /api/v1/apps/{appId}/users"
MEMBERS, COLLABORATORS = "GET /orgs/{org}/members", "GET /repos/{owner}/{repo}/collaborators"
# Days of the catalogue that nobody tightens.
CONFIRMED_WITHIN, DUE_SOON = timedelta(days=7), timedelta(days=14)


def _platform(case: Case) -> Iterator[Item]:
    campaigns, period = list(case.answers.items(CAMPAIGNS)), timedelta(days=case.parameters["period_days"])
    done = [one for one in campaigns if one["completed_at"] and one["items_decided"] == one["items_total"]]
    if not any(case.now - one["completed_at"] <= period for one in done):
        expected = f"a review within {case.parameters['period_days']} days"
        yield failed(case.answers.account, "no review was completed in time", expected)
    for one in done:
        yield _campaign(one, case.now)
    for one in campaigns:
        if one not in done:
            yield _open_campaign(one, case.now)


def _campaign(one: Any, now: datetime) -> Item:
    """A revocation that waits is a failure once its 7 days are over."""
    name, open_since = one["campaign"], one["oldest_unconfirmed_at"]
    missing = one["revocations_requested"] - one["revocations_confirmed"]
    observed, expected = f"{missing} revocations are not confirmed", "every revocation confirmed within 7 days"
    if missing and (open_since is None or now - open_since > CONFIRMED_WITHIN):
        return failed(name, observed, expected)
    if missing:
        return warned(name, observed, expected)
    if one["revocations_late"]:
        return warned(name, f"{one['revocations_late']} revocations were confirmed late", expected)
    return passed(name, f"all {one['items_total']} accesses are decided, all revocations done")


def _open_campaign(one: Any, now: datetime) -> Item:
    observed = f"{one['items_decided']} of {one['items_total']} accesses are decided, due {one['due_at']:%Y-%m-%d}"
    if one["due_at"] - now <= DUE_SOON:
        return warned(one["campaign"], observed, "decided before it is due")
    return passed(one["campaign"], observed)


def _okta(case: Case) -> Iterator[Item]:
    """What the last review has listed of this organization, compared with who is assigned now."""
    rows = reviewed(case)
    listed = {(row["thing"], row["person"]): row for row in rows}
    began, present = min(row["listed_at"] for row in rows), set()
    for app, pages in case.answers.by(ASSIGNED, "appId").items():
        for user in (one for page in pages for one in page):
            present.add((app, user["id"]))
            yield _assignment(app, user, listed.get((app, user["id"])), began)
    for app, person in sorted(listed.keys() - present):
        yield passed(f"{app}/{person}", "not assigned any more")


def _assignment(app: str, user: Any, row: Any, began: datetime) -> Item:
    """Somebody assigned anew after the decision was granted it again."""
    resource, since = f"{app}/{user['id']}", instant(user["created"])
    if row is None:
        when = "later" if since >= began else "before, and missed by the review"
        return warned(resource, f"assigned {when}", "listed by the review")
    if row["decision"] != REVOKE:
        return passed(resource, "confirmed by the review")
    if since > row["decided_at"]:
        return warned(resource, "revoked, and granted again later", "listed by the next review")
    return failed(resource, "revoked, and still assigned", "not assigned")


def _github(case: Case) -> Iterator[Item]:
    """What was revoked and given again later cannot be told apart from what was never taken away."""
    members = {one["login"] for one in case.answers.items(MEMBERS)}
    for row in (one for one in reviewed(case) if one["decision"] == REVOKE):
        thing, person = row["thing"], row["person"]
        resource = f"{thing or 'organization'}/{person}"
        if person in (_collaborators(case.answers, thing) if thing else members):
            yield failed(resource, "revoked, and still there", "no access")
        else:
            yield passed(resource, "revoked, and gone")


def _collaborators(answers: Answers, repository: str) -> set[str]:
    """Nobody for a repository that is gone. Raises Unread for one that was not asked, as archived ones are not."""
    owner, _, name = repository.partition("/")
    if not any(one["full_name"] == repository for one in answers.items("GET /orgs/{org}/repos")):
        return set()
    asked = answers.asked(COLLABORATORS, owner=owner, repo=name)
    return {one["login"] for call in asked for page in call.pages for one in page}


CONTROL = Control(
    id="CW-IAM-10",
    name="Access is reviewed every quarter",
    category="identity",
    severity=Severity.HIGH,
    frequency=Frequency.QUARTERLY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("CC6.2", "CC6.3", "CC5.2"),
    objective="A named reviewer confirms or removes each access, and the removals really happen.",
    owner_role="compliance",
    parameters={"period_days": 92},
    procedures=(
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:access_review_campaigns",),
            passes=(
                "A review was completed within period_days with everything decided, and every revocation confirmed "
                "within 7 days."
            ),
            warns=(
                "An open review is due within 14 days, or a revocation was confirmed late or waits for less than 7 "
                "days."
            ),
            fails=("No review was completed within period_days, or a revocation has waited for more than 7 days."),
            judge=_platform,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="identity",
            operations=("GET /api/v1/apps/{appId}/users",),
            passes="Who is assigned is who the last review has confirmed.",
            warns="Somebody was assigned later, or was missed by the review.",
            fails="An assignment that was revoked is still there.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=(
                "GET /orgs/{org}/members",
                "GET /repos/{owner}/{repo}/collaborators",
                "GET /orgs/{org}/repos",
            ),
            passes="Everybody whose access was revoked is gone.",
            fails="Somebody whose access was revoked still has it.",
            judge=_github,
        ),
    ),
)
