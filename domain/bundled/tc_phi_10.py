"""Break-glass access is alarmed, justified and reviewed in a day.

In Jira the tickets that tell of uses are judged: those labelled break-glass, from their opening on. In AWS a use is
that somebody takes on a role with break-glass in its name, and the hour tells which ticket is about it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.compliance.answers import Answers, NotOffered
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.instants import instant
from domain.compliance.marks import first_marks
from domain.compliance.tickets import LOOKED_BACK, SEARCH, check_reach, issues_of
from domain.facts.compliance import Integration

CHANGES = "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
ROLES, REGIONS, EVENTS = "iam.list_roles", "ec2.describe_regions", "cloudtrail.lookup_events"
LABEL, REVIEWED = "break-glass", "review"
# By which calls a role is taken on. Source: STS API reference.
TAKEN_ON = frozenset({"AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})
IN_TIME, LATE, AT_ONCE = timedelta(hours=24), timedelta(hours=72), timedelta(hours=1)


def _jira(case: Case) -> Iterator[Item]:
    """A ticket is reviewed once a status, a label or a filled field has the word review in it."""
    for key, at in sorted(_opened(case.answers, case.now).items()):
        yield _reviewed(case, key, at, _marks(case.answers, key))


def _opened(answers: Answers, now: datetime) -> dict[str, datetime]:
    """The tickets about uses, with when each was opened."""
    answers.calls(CHANGES)
    check_reach(answers, now - LOOKED_BACK)
    return {
        issue["key"]: instant(issue["fields"]["created"])
        for issue in issues_of(answers)
        if LABEL in {label.lower() for label in issue["fields"]["labels"]}
    }


def _marks(answers: Answers, key: str) -> Mapping[str, datetime]:
    return first_marks(answers.under(CHANGES, "values", issueIdOrKey=key), (REVIEWED,))


def _reviewed(case: Case, key: str, began: datetime, marks: Mapping[str, datetime], what: str = "") -> Item:
    reviewed = marks.get(REVIEWED)
    took = (reviewed or case.now) - began
    when = f"{reviewed:%Y-%m-%d %H:%M}" if reviewed else "not yet"
    said = f"{what or f'opened {began:%Y-%m-%d %H:%M}'}, reviewed {when}"
    if took <= IN_TIME:
        return passed(key, said)
    say = warned if took <= LATE else failed
    return say(key, said, "a review within 24 hours")


def _aws(case: Case) -> Iterator[Item]:
    """Each time a role was taken on; its ticket is the first that was opened an hour before or after, at any site."""
    uses = dict(_uses(case.answers))
    sites = case.of(Integration.JIRA)
    if uses and not sites:
        raise NotOffered(SEARCH, "Jira is not connected, so that nothing tells of tickets")
    tickets = [(at, key, site) for site in sites for key, at in _opened(site, case.now).items()] if uses else []
    for id, at in sorted(uses.items(), key=lambda use: use[1]):
        near = [(opened, key, site) for opened, key, site in tickets if abs(opened - at) <= AT_ONCE]
        yield _used(case, id, at, min(near, key=lambda ticket: ticket[0], default=None))


def _uses(answers: Answers) -> Iterator[tuple[str, datetime]]:
    """By the id of the event, which several regions may show."""
    for operation in (ROLES, REGIONS):
        answers.calls(operation)
    for event in answers.items(EVENTS, "Events"):
        if event["EventName"] in TAKEN_ON:
            yield event["EventId"], instant(event["EventTime"])


def _used(case: Case, id: str, at: datetime, ticket: tuple[datetime, str, Answers] | None) -> Item:
    if ticket is None:
        said = f"taken on {at:%Y-%m-%d %H:%M}, no ticket"
        return (warned if case.now - at <= AT_ONCE else failed)(id, said, "a ticket within an hour")
    _, key, site = ticket
    return _reviewed(case, id, at, _marks(site, key), f"taken on {at:%Y-%m-%d %H:%M}, ticket {key}")


PROCEDURES = (
    Procedure(
        integration=Integration.JIRA,
        scope="event",
        operations=(SEARCH, CHANGES),
        passes="Each issue labelled break-glass was reviewed within 24 hours of its opening.",
        warns="It was reviewed within 72 hours, or is not yet.",
        fails="It was reviewed later, or is still to be.",
        judge=_jira,
        version=2,
    ),
    Procedure(
        integration=Integration.AWS,
        scope="event",
        operations=(EVENTS, ROLES, REGIONS),
        passes="Each time a break-glass role was taken on, a ticket was opened within an hour and reviewed within 24.",
        warns="It was reviewed within 72 hours, or is not yet; or the hour for the ticket is not over.",
        fails="There is no ticket, or it was reviewed later or is still to be.",
        judge=_aws,
        version=2,
    ),
)
