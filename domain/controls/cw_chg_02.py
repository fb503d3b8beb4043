"""Every merged change was reviewed and tested."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.answers import Answers, Unread, listed
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import instant
from domain.compliance.pull_requests import COMMITS, PULLS, WINDOW_DAYS, Merge, commits, merges, repository_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

MERGED = "GRAPHQL repository.pullRequests"
REVIEWS = "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews"
CHECKS = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs"
PULLS_OF_COMMIT = "GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls"
EXPECTED = "approved by somebody else on the merged head, with green checks"
NO_PUSH = "every commit comes by a merged pull request"
# The rest of a check's conclusions mean that it has failed or never ended. Source: REST API, check runs.
GREEN = frozenset({"success", "neutral", "skipped"})
LATE_REVIEW = timedelta(days=3)
# What GitHub itself writes into the first line of a merge.
NAMED = re.compile(r"\(#(\d+)\)$|^Merge pull request #(\d+) ")

Parts = Mapping[tuple[str, Any], list[Any]]


def _github(case: Case) -> Iterator[Item]:
    """Merges into default branches, all of which count as protected, and commits that are part of no merge.

    Which checks are required is not told of a merge, so that all that ran on its head count, and one must have.
    """
    found = merges(case.answers, case.now, case.parameters["window_days"])
    heads = _heads(case.answers)
    reviews = _parts(case.answers, REVIEWS, "pull_number")
    runs = _parts(case.answers, CHECKS, "ref", "check_runs")
    for merge in found:
        key = (merge.repository, merge.number)
        if key not in reviews:
            raise Unread(REVIEWS, f"{merge.name} was not asked about")
        head = heads.get(merge.pull["node_id"], {}).get("headRefOid") or merge.pull["head"]["sha"]
        ran = runs.get((merge.repository, head), [])
        yield _change(case, merge, _approvals(merge, head, reviews[key]), _problem_of(ran))
    yield from _pushes(case, found, heads)


def _change(case: Case, merge: Merge, approvals: list[Mapping[str, Any]], problem: str | None) -> Item:
    if problem:
        return failed(merge.name, problem, EXPECTED)
    if not approvals:
        return failed(merge.name, "merged without an approval of its head by somebody else", EXPECTED)
    first = min(approvals, key=lambda one: instant(one["submitted_at"]))
    reviewed = instant(first["submitted_at"])
    who = f"{first['user']['login']} at {reviewed:%Y-%m-%d %H:%M}, merged at {merge.at:%Y-%m-%d %H:%M}"
    if reviewed <= merge.at:
        return passed(merge.name, f"approved by {who}")
    labels = {label["name"] for label in merge.pull["labels"]}
    if case.parameters["emergency_label"] in labels and reviewed - merge.at <= LATE_REVIEW:
        return warned(merge.name, f"an emergency, reviewed by {who}", EXPECTED)
    return failed(merge.name, f"reviewed too late by {who}", EXPECTED)


def _approvals(merge: Merge, head: str, reviews: list[Any]) -> list[Mapping[str, Any]]:
    """Those of the merged head, by people other than the author. The account of a reviewer may be gone."""
    author = (merge.pull["user"] or {}).get("login")
    return [
        one
        for one in reviews
        if one["state"] == "APPROVED" and one["commit_id"] == head and _is_other_person(one["user"], author)
    ]


def _is_other_person(user: Mapping[str, Any] | None, author: str | None) -> bool:
    return user is not None and user["login"] != author and user.get("type") != "Bot"


def _problem_of(runs: list[Any]) -> str | None:
    """What is wrong with the checks of a head: the last run of each name counts."""
    if not runs:
        return "no check ran on the merged head"
    last = {one["name"]: one for one in sorted(runs, key=lambda one: one.get("completed_at") or "")}
    red = sorted(name for name, one in last.items() if one["conclusion"] not in GREEN)
    return f"merged with checks that are not green: {', '.join(red)}" if red else None


def _pushes(case: Case, found: list[Merge], heads: Mapping[str, Any]) -> Iterator[Item]:
    """Commits of the window that no merge became. GitHub was asked about those that name no pull request."""
    became = {node["mergeCommit"]["oid"] for node in heads.values() if node["mergeCommit"]}
    asked = _parts(case.answers, PULLS_OF_COMMIT, "commit_sha")
    known = {merge.name for merge in found}
    for (repository, sha), number in _commits(case).items():
        if sha in became:
            continue
        if number is not None:
            # One that was merged before the window cannot be compared.
            if f"{repository}#{number}" in known:
                yield failed(f"{repository}@{sha}", f"names #{number}, which became another commit", NO_PUSH)
        elif (repository, sha) not in asked:
            raise Unread(PULLS_OF_COMMIT, f"{repository}@{sha} was not asked about")
        elif any(pull["merged_at"] for pull in asked[repository, sha]):
            yield passed(f"{repository}@{sha}", "part of a merged pull request")
        else:
            yield failed(f"{repository}@{sha}", "pushed without a pull request", NO_PUSH)


def _commits(case: Case) -> dict[tuple[str, str], str | None]:
    """The commits of the window, each with the number of the pull request that its message names."""
    found: dict[tuple[str, str], str | None] = {}
    for repository, commit in commits(case.answers, case.now, case.parameters["window_days"]):
        named = NAMED.search(commit["commit"]["message"].partition("\n")[0])
        found[repository, commit["sha"]] = named and (named[1] or named[2])
    return found


def _heads(answers: Answers) -> dict[str, Mapping[str, Any]]:
    """Head and merge commit of each pull request by its node id. One that is gone is null."""
    return {node["id"]: node for node in answers.items(MERGED, "data.nodes") if node}


def _parts(answers: Answers, operation: str, argument: str, path: str = "") -> Parts:
    """What was listed for each thing of a repository, however often it was asked."""
    found: dict[tuple[str, Any], list[Any]] = {}
    for call in answers.calls(operation):
        own = found.setdefault((repository_of(call), call.arguments[argument]), [])
        for page in call.pages:
            own.extend(listed(page, path))
    return found


CONTROL = Control(
    id="CW-CHG-02",
    name="Every merged change was reviewed and tested",
    category="change",
    severity=Severity.CRITICAL,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.EVENT_POPULATION,
    criteria=("CC8.1",),
    objective="The whole population of changes, not a sample, shows a second pair of eyes and green checks.",
    owner_role="engineering",
    parameters={"window_days": WINDOW_DAYS, "emergency_label": "emergency-change"},
    evidence=(
        "population list with count and query window",
        "per-change reviewer, approval time, merge time, check results",
    ),
    procedures=(
        Procedure(
            integration=Integration.GITHUB,
            scope="event",
            operations=(MERGED, PULLS, REVIEWS, CHECKS, PULLS_OF_COMMIT, COMMITS),
            passes=(
                "Each merge into the default branch was approved by somebody other than its author, on the commit "
                "that was merged, with successful checks, and nobody pushed to the branch directly."
            ),
            warns="A merge without review carries the emergency label and was reviewed within 3 days.",
            fails="Any other merge without review, a failed check, no check at all, or a direct push.",
            judge=_github,
            version=2,
        ),
    ),
)
