"""Incidents run to a written end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.compliance.marks import first_marks
from domain.compliance.tickets import INCIDENT, LOOKED_BACK, SEARCH, check_reach, issues_of, kind_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

CHANGES = "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
CLOCKS, EXERCISES = "platform:incident_clocks", "platform:exercises"
# The names that Jira and its users give to severities 1 and 2.
GRAVE = frozenset({"highest", "high", "critical", "blocker", "p1", "p2", "sev1", "sev2", "1", "2"})
CAUSE, CONTAINED, RECOVERED, REVIEWED = "cause", "contain", "recover", "review"
WRITTEN = "cause, containment, recovery and review written down"
TIME_FOR_SEVERITY, LATE_REVIEW = timedelta(hours=1), timedelta(days=5)
EXERCISED, SOON = timedelta(days=365), timedelta(days=30)


def _jira(case: Case) -> Iterator[Item]:
    """Issues of type Incident or so labelled. Cause, containment, recovery and review count as written down when a
    status, a label or a filled field with that word in it tells of them; recovery also when the issue is resolved.
    An open incident is judged on its severity alone. Those that nobody has touched for longer are not looked at.
    """
    case.answers.calls(CHANGES)
    check_reach(case.answers, case.now - LOOKED_BACK)
    for issue in issues_of(case.answers):
        fields = issue["fields"]
        labels = {label.lower() for label in fields["labels"]}
        if INCIDENT in labels or kind_of(fields) == INCIDENT:
            changes = case.answers.under(CHANGES, "values", issueIdOrKey=issue["key"])
            yield _incident(case, issue["key"], fields, changes)


def _incident(case: Case, key: str, fields: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> Item:
    name = fields["priority"]["name"] if fields["priority"] else None
    rated = _rated_at(fields, changes)
    if rated is None and age(fields["created"], case.now) <= TIME_FOR_SEVERITY:
        return passed(key, "opened just now")
    if rated is None or rated - instant(fields["created"]) > TIME_FOR_SEVERITY:
        return failed(key, f"severity {name or 'none'} set at {rated or 'no time'}", "severity set within an hour")
    if str(name).lower() not in GRAVE or fields["status"]["statusCategory"]["key"] != "done":
        return passed(key, f"severity {name}, {fields['status']['name']}")
    return _written(case, key, fields, first_marks(changes, (CAUSE, CONTAINED, RECOVERED, REVIEWED)))


def _rated_at(fields: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When the issue first had a priority: from the start, unless its first change came from none."""
    changed = sorted(
        (instant(one["created"]), item["fromString"])
        for one in changes
        for item in one["items"]
        if item["field"] == "priority"
    )
    if changed and not changed[0][1]:
        return changed[0][0]
    return instant(fields["created"]) if changed or fields["priority"] else None


def _written(case: Case, key: str, fields: Mapping[str, Any], marks: Mapping[str, datetime]) -> Item:
    ended = marks.get(RECOVERED) or (instant(fields["resolutiondate"]) if fields["resolutiondate"] else None)
    missing = [word for word, there in ((CAUSE, CAUSE in marks), (CONTAINED, CONTAINED in marks)) if not there]
    if missing or ended is None:
        return failed(key, f"nothing tells of: {', '.join([*missing, *([] if ended else [RECOVERED])])}", WRITTEN)
    due = ended + timedelta(days=case.parameters["review_days"])
    reviewed = marks.get(REVIEWED)
    said = f"recovered {ended:%Y-%m-%d %H:%M}, reviewed {f'{reviewed:%Y-%m-%d}' if reviewed else 'not yet'}"
    if (reviewed or case.now) <= due:
        return passed(key, said)
    say = warned if (reviewed or case.now) <= due + LATE_REVIEW else failed
    return say(key, said, f"a review by {due:%Y-%m-%d}")


def _platform(case: Case) -> Iterator[Item]:
    for clock in case.answers.items(CLOCKS):
        yield _notice(case, clock)
    held = [row["last_tabletop_at"] for row in case.answers.items(EXERCISES) if row["last_tabletop_at"]]
    yield _exercise(case, max(held, default=None))


def _notice(case: Case, clock: Mapping[str, Any]) -> Item:
    """The earlier of when it was said to be due and of what the regime allows, where its hours are known."""
    hours = case.parameters["clocks_hours"].get(clock["regime"])
    due = clock["due_at"] if hours is None else min(clock["due_at"], clock["started_at"] + timedelta(hours=hours))
    sent, name = clock["sent_at"], f"{clock['incident']}: {clock['regime']}"
    said = f"due {due:%Y-%m-%d %H:%M}, sent {f'{sent:%Y-%m-%d %H:%M}' if sent else 'not yet'}"
    return passed(name, said) if (sent or case.now) <= due else failed(name, said, "sent in time")


def _exercise(case: Case, held: datetime | None) -> Item:
    name, expected = "tabletop exercise", "one in 365 days"
    if held is None or age(held, case.now) > EXERCISED:
        return failed(name, f"last held: {f'{held:%Y-%m-%d}' if held else 'never'}", expected)
    said = f"last held: {held:%Y-%m-%d}"
    return passed(name, said) if age(held, case.now) < EXERCISED - SOON else warned(name, f"{said}, due soon", expected)


CONTROL = Control(
    id="CW-INC-02",
    name="Incidents run to a written end",
    category="incident",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("CC7.3", "CC7.4", "CC7.5", "P6.6"),
    objective="Each incident shows detection, containment, recovery, notice and learning, with clocks.",
    owner_role="security",
    parameters={"review_days": 10, "clocks_hours": {"cert_in": 6, "rbi": 6, "gdpr": 72, "hipaa_individuals": 1440}},
    procedures=(
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=(SEARCH, CHANGES),
            passes=(
                "The severity was set within an hour; incidents of severity 1 and 2 that are over tell cause, "
                "containment and recovery, and were reviewed within review_days."
            ),
            warns="A review is late by up to 5 days.",
            fails="One of these is missing, or a review is later.",
            judge=_jira,
            version=2,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=(CLOCKS, EXERCISES),
            passes="Every notice owed went out in time, and a tabletop exercise was held within 365 days.",
            warns="The next tabletop exercise is due within 30 days.",
            fails="A notice was late or is overdue, or no exercise was held.",
            judge=_platform,
        ),
    ),
)
