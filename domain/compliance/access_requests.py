"""Grants of access in Okta, and the requests in Jira that they answer.

A request is an issue with one of the labels `request_labels`. It answers a grant when its summary or labels name the
person, by login or name, and what was granted. It is approved by whoever first moves it to one of `approved_statuses`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from domain.compliance.answers import Answers, NotOffered
from domain.compliance.control import Case
from domain.compliance.instants import instant
from domain.compliance.spans import check_seen
from domain.compliance.tickets import issues_of
from domain.facts.compliance import Integration

LOG, ISSUES = "GET /api/v1/logs", "POST /rest/api/3/search/jql"
CHANGES = "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
GRANTED = frozenset({"application.user_membership.add", "group.user_membership.add", "user.account.privilege.grant"})
PERSON, PERSON_IN_APP = "User", "AppUser"
EMERGENCY, LATE = "emergency", timedelta(hours=24)


class Grant(NamedTuple):
    """`names` are the person's, `things` what was granted: an app, a group or privileges."""

    id: str
    at: datetime
    names: tuple[str, ...]
    things: tuple[str, ...]


class Request(NamedTuple):
    """`asked_by` is None for somebody unnamed, `approved_at` and `approved_by` while nobody has."""

    key: str
    text: str
    asked_by: str | None
    approved_at: datetime | None
    approved_by: str | None
    is_emergency: bool


class Pairing(NamedTuple):
    """The request that fits a grant best, None for none. `is_first`: approved before; `is_late`: soon afterwards, in an
    emergency. Neither is said of what its own author has approved.
    """

    request: Request | None
    is_first: bool = False
    is_late: bool = False


def grants(case: Case) -> list[Grant]:
    """Every grant of the window once, the oldest first. Raises NotOffered without Okta, and Unread."""
    found: dict[str, Grant] = {}
    start = case.now - timedelta(days=case.parameters["window_days"])
    for answers in _connected(case, Integration.OKTA, LOG):
        check_seen(answers, LOG, start)
        for event in answers.items(LOG):
            if event["eventType"] in GRANTED and event["outcome"]["result"] == "SUCCESS":
                found[event["uuid"]] = _grant(event)
    return sorted((one for one in found.values() if one.at >= start), key=lambda one: one.at)


def requests(case: Case) -> list[Request]:
    """Every request, as it was last read. Raises NotOffered without Jira, and Unread."""
    labels = set(case.parameters["request_labels"])
    approving = {status.lower() for status in case.parameters["approved_statuses"]}
    found: dict[str, Request] = {}
    for answers in _connected(case, Integration.JIRA, ISSUES):
        changes = answers.by(CHANGES, "issueIdOrKey")
        issues = sorted(issues_of(answers), key=lambda issue: instant(issue["fields"]["updated"]))
        for issue in issues:
            if labels.intersection(issue["fields"]["labels"]):
                found[issue["key"]] = _request(issue, changes.get(issue["key"], ()), approving)
    return list(found.values())


def pairing(grant: Grant, known: Iterable[Request]) -> Pairing:
    """The best of the requests that name the person and the thing."""
    fitting = [Pairing(one, *_approved(one, grant.at)) for one in known if _fits(one, grant)]
    return max(fitting, key=lambda one: (one.is_first, one.is_late), default=Pairing(None))


def _connected(case: Case, integration: Integration, operation: str) -> Sequence[Answers]:
    found = case.of(integration)
    if not found:
        raise NotOffered(operation, f"no {integration.value.title()} is connected to pair grants with requests")
    return found


def _grant(event: Any) -> Grant:
    """What privileges were granted stands beside the targets, parted by commas."""
    targets = event["target"]
    people = [one for kind in (PERSON, PERSON_IN_APP) for one in targets if one["type"] == kind]
    things = [one["displayName"] for one in targets if one["type"] not in (PERSON, PERSON_IN_APP)]
    privileges = (event.get("debugContext") or {}).get("debugData", {}).get("privilegeGranted", "")
    things += [one.strip() for one in privileges.split(",") if one.strip()]
    names = [one[name] for one in people for name in ("alternateId", "displayName") if one[name]]
    return Grant(event["uuid"], instant(event["published"]), tuple(_small(names)), tuple(_small(things)))


def _small(texts: Iterable[str]) -> list[str]:
    return [text.lower() for text in texts]


def _request(issue: Any, pages: Sequence[Any], approving: set[str]) -> Request:
    fields = issue["fields"]
    approvals = [
        (instant(change["created"]), change["author"]["accountId"])
        for page in pages
        for change in page["values"]
        # Nobody is named where Jira does not know who it was.
        if change.get("author")
        and any(one["field"] == "status" and one["toString"].lower() in approving for one in change["items"])
    ]
    at, by = min(approvals, default=(None, None))
    text = " ".join((fields["summary"], *fields["labels"])).lower()
    asked_by = None if fields["reporter"] is None else fields["reporter"]["accountId"]
    return Request(issue["key"], text, asked_by, at, by, EMERGENCY in _small(fields["labels"]))


def _fits(request: Request, grant: Grant) -> bool:
    names_thing = not grant.things or any(_names(request.text, one) for one in grant.things)
    return names_thing and any(_names(request.text, one) for one in grant.names)


def _names(text: str, name: str) -> bool:
    """As a word of its own: ann@acme.com is not joann@acme.com."""
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _approved(request: Request, granted_at: datetime) -> tuple[bool, bool]:
    if request.approved_at is None or request.asked_by in (None, request.approved_by):
        return False, False
    late = request.approved_at - granted_at
    return late <= timedelta(0), request.is_emergency and timedelta(0) < late <= LATE
