"""The clocks of breaches of health data run.

How many people a breach affects is known only by the label affected-500 of its issue: the authority and the media must
then be noticed too. Every notice of HIPAA is held to 60 days, or to its own earlier day.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import NotOffered
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.tickets import LOOKED_BACK, SEARCH, check_reach, issues_of
from domain.facts.compliance import Integration

CLOCKS = "platform:incident_clocks"
# Source: 45 CFR 164.404 to 164.408.
REGIME, LONGEST, NEAR = "hipaa", timedelta(days=60), 0.8
BREACH, MANY = "phi-breach", "affected-500"
INDIVIDUALS, LARGE = frozenset({"hipaa_individuals"}), frozenset({"hipaa_authority", "hipaa_media"})


def _platform(case: Case) -> Iterator[Item]:
    for clock in case.answers.items(CLOCKS):
        if clock["regime"].startswith(REGIME):
            yield _notice(case, clock)


def _notice(case: Case, clock: Mapping[str, Any]) -> Item:
    started, sent = clock["started_at"], clock["sent_at"]
    due = min(clock["due_at"], started + LONGEST)
    name, at = f"{clock['incident']}: {clock['regime']}", sent or case.now
    said = f"due {due:%Y-%m-%d %H:%M}, sent {f'{sent:%Y-%m-%d %H:%M}' if sent else 'not yet'}"
    if at > due:
        return failed(name, said, "sent in time")
    if sent is None and at - started >= NEAR * (due - started):
        return warned(name, said, "sent before the clock is at 80%")
    return passed(name, said)


def _jira(case: Case) -> Iterator[Item]:
    """Each issue labelled phi-breach has its clocks here; whether they are kept is judged of our own records."""
    check_reach(case.answers, case.now - LOOKED_BACK)
    breaches = {
        issue["key"]: {label.lower() for label in issue["fields"]["labels"]} for issue in issues_of(case.answers)
    }
    running = _running(case)
    for key, labels in sorted(breaches.items()):
        if BREACH in labels:
            wanted = INDIVIDUALS | LARGE if MANY in labels else INDIVIDUALS
            missing = sorted(wanted - running.get(key, set()))
            if missing:
                yield failed(key, f"no clock for {', '.join(missing)}", "a clock for each notice that is owed")
            else:
                yield passed(key, f"clocks for {', '.join(sorted(wanted))}")


def _running(case: Case) -> dict[str, set[str]]:
    """The regimes whose clocks run, by incident."""
    found: dict[str, set[str]] = {}
    own = case.of(Integration.PLATFORM)
    if not own:
        raise NotOffered(CLOCKS, "nothing is recorded yet")
    for clock in own[0].items(CLOCKS):
        found.setdefault(clock["incident"], set()).add(clock["regime"])
    return found


PROCEDURES = (
    Procedure(
        integration=Integration.JIRA,
        scope="event",
        operations=(SEARCH,),
        passes="Each issue labelled phi-breach has a clock for the individuals, and for authority and media if many.",
        fails="A clock is missing.",
        judge=_jira,
        version=2,
    ),
    Procedure(
        integration=Integration.PLATFORM,
        scope="event",
        operations=(CLOCKS,),
        passes="Every notice under HIPAA went out within 60 days, or has most of its time left.",
        warns="One has not gone out, and its clock is at 80%.",
        fails="One went out late or is overdue.",
        judge=_platform,
    ),
)
