"""How a repository changes: merged pull requests with reviews and checks, commits without one, signed releases.

All are read from the last complete read on, the first time the hundred newest pull requests of 90 days and commits of
the days that controls judge. A list with more than is read of it is cut short, but for the first of pull requests.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from connectors.reading.listing import Answer, Arguments, Batch, Detail, Item, Listing, Place, Window
from connectors.rest.values import moment
from connectors.systems.github import calls, parse
from domain.compliance.pull_requests import WINDOW_DAYS
from domain.facts.resource import ResourceKind

PATH = "/repos/{owner}/{repo}"
PULLS_SPAN, COMMITS_SPAN = timedelta(days=90), timedelta(days=WINDOW_DAYS)
# A token has 5000 calls an hour. A pull request takes two of them, a commit at most one.
FIRST_PULLS, MOST_PULLS, MOST_COMMITS = 1, 10, 50
# What GitHub itself writes into the first line of a merge.
NAMES_PULL_REQUEST = re.compile(r"\(#\d+\)$|^Merge pull request #\d+ ")
# The pull requests of a repository by their ids, which is one call for fifty instead of one for each; REST does not
# tell which commit a pull request became (version 2026-03-10).
MERGES = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on PullRequest { id number headRefOid mergeCommit { oid } } }
}
"""


def is_active(place: Place) -> bool:
    """Whether the repository above can still change."""
    return calls.is_active(place.parent)


def start(place: Place, span: timedelta) -> datetime:
    """The last complete read, at most so far back."""
    return max(place.since or place.now - span, place.now - span)


def pulls(place: Place) -> Arguments:
    return {
        **calls.repository(place.parent),
        "state": "closed",
        "base": place.parent["default_branch"],
        "sort": "updated",
        "direction": "desc",
        "per_page": calls.PAGE_SIZE,
    }


def left_of(pull: Item) -> Item:
    """What tells of an older version of a pull request how far back its page goes; it counts as no merge."""
    return {"number": pull["number"], "updated_at": pull["updated_at"], "merged_at": None}


def is_merged_lately(item: Item, place: Place) -> bool:
    """Merged, and touched since the last read: a late review changes an older one."""
    merged, updated = moment(item["merged_at"]), moment(item["updated_at"])
    return merged is not None and updated is not None and updated >= start(place, PULLS_SPAN)


def commits(place: Place) -> Arguments:
    """The new commits of the default branch."""
    since = start(place, COMMITS_SPAN)
    return {
        **calls.repository(place.parent),
        "sha": place.parent["default_branch"],
        "since": since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "per_page": calls.PAGE_SIZE,
    }


def names_no_pull_request(item: Item) -> bool:
    """A claim to be checked against the merge commits of pull requests; without one it may be a direct push."""
    return not NAMES_PULL_REQUEST.search(item["commit"]["message"].partition("\n")[0])


def merges(items: Sequence[Item], _: Place) -> Arguments:
    return {"query": MERGES, "variables": {"ids": [item["node_id"] for item in items]}}


def merge_commits(items: Sequence[Item], pages: Sequence[Answer]) -> list[Any]:
    """Of each item its head and the commit it became. Raises KeyError where one is missing."""
    found = {node["id"]: node for node in pages[0]["data"]["nodes"] if node}
    return [{"headRefOid": found[item["node_id"]]["headRefOid"], **_oid(found[item["node_id"]])} for item in items]


def _oid(node: Item) -> dict[str, Any]:
    return {"mergeCommit": (node["mergeCommit"] or {}).get("oid")}


def reviews(pages: Sequence[Answer]) -> list[dict[str, Any]]:
    """Who reviewed which commit, and how. The person is None for an account that is gone."""
    return [
        {
            "login": (one["user"] or {}).get("login"),
            **{key: one.get(key) for key in ("state", "commit_id", "submitted_at")},
        }
        for one in calls.joined()(pages)
    ]


def check_runs(pages: Sequence[Answer]) -> list[dict[str, Any]]:
    return [
        {key: one.get(key) for key in ("name", "status", "conclusion", "completed_at")}
        for one in calls.joined("check_runs")(pages)
    ]


def assets(answer: Answer) -> list[Item]:
    """The files of a release that GitHub gives a digest of."""
    return [one for one in answer["assets"] if one.get("digest")]


LISTINGS = (
    Listing(
        operation=calls.get(
            f"{PATH}/pulls",
            "pull_requests=read",
            first_pages=FIRST_PULLS,
            most_pages=MOST_PULLS,
            newest_first="updated_at",
        ),
        arguments=pulls,
        items=calls.listed(),
        keeps=is_merged_lately,
        kind=ResourceKind.GITHUB_PULL_REQUEST,
        parse=parse.parse_pull_request,
        is_window=True,
        window=Window(path="", keys=("id",), leaves=left_of),
        applies=is_active,
        details=(
            Detail(
                key="reviews",
                operation=calls.get(f"{PATH}/pulls/{{pull_number}}/reviews", "pull_requests=read"),
                arguments=lambda item, place: {
                    **calls.repository(place.parent),
                    "pull_number": item["number"],
                    "per_page": calls.PAGE_SIZE,
                },
                pick=reviews,
            ),
            Detail(
                key="check_runs",
                operation=calls.get(f"{PATH}/commits/{{ref}}/check-runs", "checks=read"),
                arguments=lambda item, place: {
                    **calls.repository(place.parent),
                    "ref": item["head"]["sha"],
                    "per_page": calls.PAGE_SIZE,
                },
                pick=check_runs,
            ),
        ),
        batches=(
            Batch(
                key="merge",
                operation=calls.graphql("repository.pullRequests", "pull_requests=read"),
                size=50,
                arguments=merges,
                values=merge_commits,
            ),
        ),
    ),
    Listing(
        operation=calls.get(
            f"{PATH}/commits", "contents=read", most_pages=MOST_COMMITS, not_set={"409": ("git repository is empty",)}
        ),
        arguments=commits,
        items=calls.listed(),
        window=Window(path="", keys=("sha",), within=("owner", "repo")),
        applies=is_active,
        details=(
            Detail(
                key="pulls",
                operation=calls.get(f"{PATH}/commits/{{commit_sha}}/pulls", "pull_requests=read"),
                arguments=lambda item, place: {
                    **calls.repository(place.parent),
                    "commit_sha": item["sha"],
                    "per_page": calls.PAGE_SIZE,
                },
                pick=calls.joined(),
                applies=names_no_pull_request,
            ),
        ),
    ),
    Listing(
        # GitHub keeps attestations by digest: those of the files of the latest release are asked for.
        operation=calls.get(f"{PATH}/releases/latest", "contents=read", not_set={"404": ("not found",)}),
        arguments=lambda place: calls.repository(place.parent),
        items=assets,
        applies=is_active,
        children=(
            Listing(
                operation=calls.get(
                    f"{PATH}/attestations/{{subject_digest}}", "attestations=read", not_set={"404": ("not found",)}
                ),
                arguments=lambda place: {
                    **calls.repository(place.above[-2]),
                    "subject_digest": place.parent["digest"],
                    "per_page": calls.PAGE_SIZE,
                },
                items=calls.listed("attestations"),
            ),
        ),
    ),
)
