"""Changes of GitHub: merges and commits, put together from the calls that each tell a part of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.answers import Answers, Call, Unread, listed
from domain.compliance.instants import instant

PULLS = "GET /repos/{owner}/{repo}/pulls"
COMMITS = "GET /repos/{owner}/{repo}/commits"
# How many days of changes controls judge, unless told to judge more. So many are read at the first look.
WINDOW_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A pull request that was merged into the default branch. `name` is owner/repo#number."""

    repository: str
    number: int
    at: datetime
    pull: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.repository}#{self.number}"


def repository_of(call: Call) -> str:
    """The repository a call was about, as owner/repo."""
    return f"{call.arguments['owner']}/{call.arguments['repo']}"


def merges(answers: Answers, now: datetime, days: int) -> list[Merge]:
    """What was merged in the last days, each once and as it was read last. Raises as `Answers.calls`, and Unread where
    the lists do not reach back so far.
    """
    start = now - timedelta(days=days)
    _check_reach(answers, start)
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for repository, pull in _merged(answers):
        known = found.get((repository, pull["number"]))
        if known is None or instant(known["updated_at"]) <= instant(pull["updated_at"]):
            found[repository, pull["number"]] = pull
    every = [
        Merge(repository=repository, number=number, at=instant(pull["merged_at"]), pull=pull)
        for (repository, number), pull in found.items()
    ]
    return [one for one in every if start <= one.at <= now]


def _check_reach(answers: Answers, start: datetime) -> None:
    """Each list has the newest first. It is whole when it ended, or has come to what was touched last before."""
    reached: dict[str, bool] = {}
    for call in answers.calls(PULLS):
        repository, last = repository_of(call), listed(call.pages[-1])
        ended = len(last) < call.arguments["per_page"]
        reached[repository] = reached.get(repository, False) or ended or instant(last[-1]["updated_at"]) < start
    for repository, is_whole in reached.items():
        if not is_whole:
            raise Unread(PULLS, f"{repository} was not read back to {start:%Y-%m-%d %H:%M}")


def _merged(answers: Answers) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for call in answers.calls(PULLS):
        for page in call.pages:
            for pull in listed(page):
                if pull["merged_at"]:
                    yield repository_of(call), pull


def commits(answers: Answers, now: datetime, days: int) -> list[tuple[str, Any]]:
    """What was committed in the last days, each with its repository. Raises as `Answers.calls`, and Unread where the
    lists of a repository do not reach back so far.
    """
    start = now - timedelta(days=days)
    asked: dict[str, datetime] = {}
    found = []
    for call in answers.calls(COMMITS):
        repository, since = repository_of(call), instant(call.arguments["since"])
        asked[repository] = min(asked.get(repository, since), since)
        new = (one for page in call.pages for one in listed(page))
        found += [(repository, one) for one in new if instant(one["commit"]["committer"]["date"]) >= start]
    late = [
        f"{repository} was not read back to {start:%Y-%m-%d %H:%M}" for repository in asked if asked[repository] > start
    ]
    if late:
        raise Unread(COMMITS, late[0])
    return found
