"""Code and dependency alerts are fixed on time."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.deadlines import of_deadline
from domain.compliance.environments import is_critical
from domain.compliance.tickets import LOOKED_BACK, check_reach, issues_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

DEPENDENCIES = "GET /repos/{owner}/{repo}/vulnerability-alerts"
CODE = "GET /repos/{owner}/{repo}/code-scanning/default-setup"
# The label of an issue by which a risk is accepted until its due date.
ACCEPTED = "risk-accepted"
NEAR = timedelta(days=7)


def _of_scanners(repository: Mapping[str, Any], is_watched: bool, is_scanned: bool) -> Item:
    name, wanted = repository["full_name"], "dependencies and code scanned"
    off = [what for what, is_on in (("dependencies", is_watched), ("code", is_scanned)) if not is_on]
    if not off:
        return passed(name, wanted)
    say = failed if is_critical(repository.get("topics")) else warned
    return say(name, f"{' and '.join(off)} not scanned", wanted)


def _scanners(case: Case) -> Iterator[Item]:
    """A repository whose alerts GitHub shows is scanned too, by a workflow of its own."""
    watched = {_path(call.arguments) for call in case.answers.calls(DEPENDENCIES) if call.pages}
    # Switched on, GitHub answers with an empty body; switched off, there is no answer.
    scanned = {
        _path(call.arguments)
        for call in case.answers.calls(CODE)
        for page in call.pages
        if page["state"] == "configured"
    }
    scanned |= {
        tuple(alert["repository"]["full_name"].split("/"))
        for alert in case.answers.items("GET /orgs/{org}/code-scanning/alerts")
    }
    for repository in case.answers.items("GET /orgs/{org}/repos"):
        if not repository["archived"]:
            path = (repository["owner"]["login"], repository["name"])
            yield _of_scanners(repository, path in watched, path in scanned)


def _path(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    return arguments["owner"], arguments["repo"]


def _of_alert(alert: Mapping[str, Any], kind: str, severity: str, case: Case) -> Item:
    name = f"{alert['repository']['full_name']}/{kind}/{alert['number']}"
    return of_deadline(name, severity, alert["created_at"], case.now, case.parameters["deadline_days"])


def _github(case: Case) -> Iterator[Item]:
    """Active is what is not archived; production what does not say otherwise by its topics."""
    yield from _scanners(case)
    for alert in case.answers.items("GET /orgs/{org}/dependabot/alerts"):
        if alert["state"] == "open":
            yield _of_alert(alert, "dependabot", alert["security_advisory"]["severity"], case)
    for alert in case.answers.items("GET /orgs/{org}/code-scanning/alerts"):
        if alert["state"] == "open":
            # A rule that is not about security has none.
            severity = alert["rule"].get("security_severity_level") or "no security severity"
            yield _of_alert(alert, "code-scanning", severity, case)


def _jira(case: Case) -> Iterator[Item]:
    """Issues labelled risk-accepted that are not done. Alerts that were dismissed in GitHub are not read."""
    wanted = "a due date in the future"
    check_reach(case.answers, case.now - LOOKED_BACK)
    for issue in issues_of(case.answers):
        own = issue["fields"]
        is_done = own["status"]["statusCategory"]["key"] == "done"
        if ACCEPTED not in own["labels"] or is_done:
            continue
        due = own["duedate"]
        left = None if due is None else date.fromisoformat(due) - case.now.date()
        seen = "no due date" if due is None else f"due {due}"
        if left is None or left < timedelta():
            yield failed(issue["key"], seen, wanted)
        else:
            yield warned(issue["key"], seen, wanted) if left <= NEAR else passed(issue["key"], seen)


CONTROL = Control(
    id="CW-VUL-02",
    name="Code and dependency alerts are fixed on time",
    category="vulnerability",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.1", "CC8.1"),
    objective="The code we write and the code we import are both scanned; alerts have deadlines.",
    owner_role="security",
    parameters={"deadline_days": {"critical": 15, "high": 30, "medium": 90}},
    remediations=("github.enable_dependabot", "github.enable_code_scanning"),
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="repository",
            operations=(
                "GET /orgs/{org}/dependabot/alerts",
                "GET /repos/{owner}/{repo}/vulnerability-alerts",
                "GET /orgs/{org}/code-scanning/alerts",
                "GET /repos/{owner}/{repo}/code-scanning/default-setup",
                "GET /repos/{owner}/{repo}/dependency-graph/sbom",
                "GET /orgs/{org}/repos",
            ),
            passes=("Dependencies and code of every active repository are scanned, and no alert is past its deadline."),
            warns=(
                "An alert is past 80 % of its deadline, one that is not serious is past it, or a repository "
                "that is not production is not scanned."
            ),
            fails="A production repository is not scanned, or a critical or high alert is past its deadline.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=("POST /rest/api/3/search/jql",),
            passes="Every risk that was accepted has an issue with a due date in the future.",
            warns="The due date is within 7 days.",
            fails="An accepted risk is past its due date, or has none.",
            judge=_jira,
            version=2,
        ),
    ),
)
