"""Which tickets a change says it was made for."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.answers import Answers, Unread
from domain.compliance.instants import instant

SEARCH = "POST /rest/api/3/search/jql"
# Source: Jira Cloud, "Reference work items in your development spaces"; GitHub, "Linking a pull request to an issue".
KEY = re.compile(r"(?<![A-Za-z0-9-])([A-Z][A-Z0-9_]+)-([1-9]\d*)(?![A-Za-z0-9])")
CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+/[\w.-]+)?#\d+\b", re.IGNORECASE)

# How far back issues are looked for that may have stood still: less than the first look, so that one sync is enough.
LOOKED_BACK = timedelta(days=80)
# How far back a search has looked, as its JQL says.
SINCE = re.compile(r'updated >= "([0-9: -]+)"')

# What Jira leaves out of issues whose project or kind has no such field, and what it tells of one that is empty.
EMPTY: Mapping[str, Any] = {
    "labels": (),
    "attachment": (),
    "priority": None,
    "duedate": None,
    "resolutiondate": None,
    "reporter": None,
    "assignee": None,
}
# The kinds that are judged by their course, with labels or without.
INCIDENT, BREACH = "incident", "breach"
# What stands before the names of the kinds that Jira Service Management brings with it, as in "[System] Incident".
BUILT_IN = "[system] "


def issues_of(answers: Answers) -> list[dict[str, Any]]:
    """Every issue that was found; a field that its project does not have is as if nobody had filled it. Raises as
    `Answers.calls`.
    """
    return [{**issue, "fields": {**EMPTY, **issue["fields"]}} for issue in answers.items(SEARCH, "issues")]


def kind_of(fields: Mapping[str, Any]) -> str:
    """What an issue is, such as incident, in small letters; empty where it is not told."""
    return str((fields.get("issuetype") or {}).get("name", "")).lower().removeprefix(BUILT_IN)


def check_reach(answers: Answers, since: datetime) -> None:
    """Raises Unread unless the searches, each of which goes on where the one before began, look back to this time.

    What is said of a ticket that is not there holds only then.
    """
    asked = [SINCE.search(call.arguments["jql"]) for call in answers.calls(SEARCH)]
    reached = [instant(found[1]) for found in asked if found]
    if not reached or min(reached) > since:
        raise Unread(SEARCH, f"does not reach back to {since:%Y-%m-%d %H:%M}")


def projects_of(answers: Answers) -> set[str]:
    """The projects of a Jira site in which something has moved. Raises as `Answers.calls`."""
    return {issue["key"].rpartition("-")[0] for issue in answers.items(SEARCH, "issues")}


def keys_in(pull: Mapping[str, Any], projects: Collection[str] | None) -> list[str]:
    """The keys of Jira that a pull request names, of these projects only where they are known."""
    found = {
        f"{project}-{number}": None
        for project, number in KEY.findall("\n".join(_texts(pull)))
        if projects is None or project in projects
    }
    return list(found)


def closes_issue(pull: Mapping[str, Any]) -> bool:
    """Whether it says that it closes an issue of GitHub."""
    return any(CLOSES.search(text) for text in _texts(pull))


def _texts(pull: Mapping[str, Any]) -> Iterable[str]:
    return (pull["title"], pull["head"]["ref"], pull["body"] or "")
