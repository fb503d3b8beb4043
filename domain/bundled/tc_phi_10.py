"""Break-glass access is alarmed, justified and reviewed in a day.

Uses themselves are not seen: what is judged are the tickets that tell of them, with the label break-glass. A review
counts from the opening of the ticket, which is within an hour of the use where the rule is kept.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.instants import instant
from domain.compliance.marks import first_marks
from domain.compliance.tickets import LOOKED_BACK, SEARCH, check_reach
from domain.facts.compliance import Integration

CHANGES = "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
LABEL, REVIEWED = "break-glass", "review"
IN_TIME, LATE = timedelta(hours=24), timedelta(hours=72)


def _jira(case: Case) -> Iterator[Item]:
    """A ticket is reviewed once a status, a label or a filled field has the word review in it."""
    case.answers.calls(CHANGES)
    check_reach(case.answers, case.now - LOOKED_BACK)
    opened: dict[str, datetime] = {}
    for issue in case.answers.items(SEARCH, "issues"):
        if LABEL in {label.lower() for label in issue["fields"]["labels"]}:
            opened[issue["key"]] = instant(issue["fields"]["created"])
    for key, at in sorted(opened.items()):
        marks = first_marks(case.answers.under(CHANGES, "values", issueIdOrKey=key), (REVIEWED,))
        yield _reviewed(case, key, at, marks)


def _reviewed(case: Case, key: str, opened: datetime, marks: Mapping[str, datetime]) -> Item:
    reviewed = marks.get(REVIEWED)
    took = (reviewed or case.now) - opened
    said = f"opened {opened:%Y-%m-%d %H:%M}, reviewed {f'{reviewed:%Y-%m-%d %H:%M}' if reviewed else 'not yet'}"
    if took <= IN_TIME:
        return passed(key, said)
    say = warned if took <= LATE else failed
    return say(key, said, "a review within 24 hours")


PROCEDURES = (
    Procedure(
        integration=Integration.JIRA,
        scope="event",
        operations=(SEARCH, CHANGES),
        passes="Each issue labelled break-glass was reviewed within 24 hours of its opening.",
        warns="It was reviewed within 72 hours, or is not yet.",
        fails="It was reviewed later, or is still to be.",
        judge=_jira,
    ),
)
