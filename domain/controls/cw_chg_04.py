"""Changes trace to a ticket."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import NotOffered
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import instant
from domain.compliance.pull_requests import PULLS, WINDOW_DAYS, Merge, merges
from domain.compliance.tickets import SEARCH, check_reach, closes_issue, issues_of, keys_in, projects_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

LINKED = "a ticket in title, branch or text"


def _github(case: Case) -> Iterator[Item]:
    """Of all merges together the share decides what is said of those without a ticket.

    With Jira connected only keys of its projects count, so that "UTF-8" is none. Issues of GitHub count too.
    """
    found = merges(case.answers, case.now, case.parameters["window_days"])
    sites = case.of(Integration.JIRA)
    projects = {project for site in sites for project in projects_of(site)} if sites else None
    keys = {merge.name: keys_in(merge.pull, projects) for merge in found}
    linked = {merge.name for merge in found if keys[merge.name] or closes_issue(merge.pull)}
    say = _said_of_others(case, len(linked) / len(found) if found else 1.0)
    for merge in found:
        if merge.name in linked:
            yield passed(merge.name, f"linked to {', '.join(keys[merge.name]) or 'an issue'}")
        else:
            yield say(merge)


def _said_of_others(case: Case, share: float) -> Callable[[Merge], Item]:
    said = f"no ticket; {share:.1%} of the merges have one"
    if share >= case.parameters["pass_ratio"]:
        return lambda merge: passed(merge.name, said)
    say = warned if share >= case.parameters["warn_ratio"] else failed
    return lambda merge: say(merge.name, said, LINKED)


def _jira(case: Case) -> Iterator[Item]:
    """Each key of this site's projects that a merge names. An issue that nobody touched while we read does not exist
    for us. Where it stood at the merge is told by where it stands now. Not assessed without GitHub.
    """
    houses = case.of(Integration.GITHUB)
    issues = {issue["key"]: issue["fields"] for issue in issues_of(case.answers)}
    projects = projects_of(case.answers)
    if not houses:
        raise NotOffered(PULLS, "no GitHub organization is connected")
    check_reach(case.answers, case.now - timedelta(days=case.parameters["window_days"]))
    for house in houses:
        for merge in merges(house, case.now, case.parameters["window_days"]):
            for key in keys_in(merge.pull, projects):
                yield _reference(f"{key} of {merge.name}", merge, issues.get(key))


def _reference(name: str, merge: Merge, fields: Mapping[str, Any] | None) -> Item:
    if fields is None:
        return failed(name, "not among the issues that were read", "an issue that exists")
    status = fields["status"]
    if status["statusCategory"]["key"] == "new":
        return warned(name, f"never started: {status['name']}", "in progress or done at the merge")
    if instant(fields["created"]) > merge.at:
        return warned(name, "opened after the merge", "in progress or done at the merge")
    return passed(name, f"{fields['issuetype']['name']}, {status['name']}")


CONTROL = Control(
    id="CW-CHG-04",
    name="Changes trace to a ticket",
    category="change",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.EVENT_POPULATION,
    criteria=("CC8.1", "CC2.2"),
    objective="Why a change was made is on record and open to others.",
    owner_role="engineering",
    parameters={"pass_ratio": 0.98, "warn_ratio": 0.9, "window_days": WINDOW_DAYS},
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="event",
            operations=(PULLS,),
            passes="At least pass_ratio of the merges of the window name a ticket.",
            warns="At least warn_ratio of them do.",
            fails="Fewer than warn_ratio of them do.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=(SEARCH,),
            passes="Each ticket that a merge names exists and was in progress or done when it was merged.",
            warns="A ticket exists but was never started, or only opened after the merge.",
            fails="A ticket that a merge names is not to be found.",
            judge=_jira,
        ),
    ),
)
