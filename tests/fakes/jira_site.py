"""A site of Jira Cloud that remembers: issues, comments, statuses, and what its search finds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.fakes.scripted import Answered, Asked, Scripted, scripted

ROBOT = {"accountId": "robot-1", "displayName": "CloudWatcher"}
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}
ISSUE = re.compile(r"/rest/api/3/issue/([^/]+)(?:/(\w+))?$")
CATEGORY_NAMES = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}


@dataclass
class JiraSite:
    """`dies_after` are operations whose answer is lost once: the work is done, and the connection breaks.

    `is_searchable`: whether new issues are found yet. `refuses` answers with a status instead.
    """

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: list[dict[str, Any]] = field(default_factory=list)
    dies_after: list[str] = field(default_factory=list)
    refuses: dict[str, Answered] = field(default_factory=dict)
    is_searchable: bool = True
    clock: datetime = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    server: Scripted | None = None
    ids: Iterator[int] = field(default_factory=lambda: count(10001))

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    def asked(self, method: str, ending: str) -> list[Asked]:
        """What was asked of a path with this ending."""
        assert self.server is not None
        return [one for one in self.server.asked if one.method == method and one.path.endswith(ending)]

    def only(self) -> dict[str, Any]:
        """The one issue there is."""
        (issue,) = self.issues.values()
        return issue

    def texts(self) -> list[str]:
        """What the comments of the one issue say."""
        return [plain(one["body"]) for one in self.only()["fields"]["comment"]["comments"]]

    # What people do in Jira.

    def moved(self, issue: dict[str, Any], status: str) -> None:
        issue["fields"]["status"] = status_of(status)
        self.touch(issue)

    def assigned(self, issue: dict[str, Any], id: str, name: str) -> None:
        issue["fields"]["assignee"] = {"accountId": id, "displayName": name}
        self.touch(issue)

    def said(self, issue: dict[str, Any], id: str, name: str, text: str) -> dict[str, Any]:
        comment = self._comment(issue, {"body": doc(text)}, {"accountId": id, "displayName": name})
        self.touch(issue)
        return comment

    def touch(self, issue: dict[str, Any]) -> None:
        self.clock += timedelta(seconds=1)
        issue["fields"]["updated"] = stamp(self.clock)

    def webhook(self, event: str, issue: dict[str, Any], comment: dict[str, Any] | None = None) -> dict[str, Any]:
        """The body of a webhook. Comments come as text there, and an issue without its comments."""
        fields = {name: value for name, value in issue["fields"].items() if name != "comment"}
        body: dict[str, Any] = {"webhookEvent": event, "issue": {"id": issue["id"], "key": issue["key"]}}
        if comment is not None:
            told = {**comment, "body": plain(comment["body"])}
            del told["properties"]
            # Webhooks about comments do not say when the issue was changed.
            del fields["updated"]
            body["comment"] = told
        body["issue"]["fields"] = fields
        return body

    # What the interface does.

    def answer(self, asked: Asked) -> Answered:
        name = self._name(asked)
        if name in self.refuses:
            return self.refuses[name]
        answered = getattr(self, f"_{name}")(asked)
        if name in self.dies_after:
            self.dies_after.remove(name)
            return Answered(answered.body, answered.status, cut=True)
        return answered

    def _name(self, asked: Asked) -> str:
        if asked.path.endswith("/myself"):
            return "myself"
        if asked.path.endswith("/search/jql"):
            return "search"
        if asked.path.endswith("/assignable/search"):
            return "assignable"
        found = ISSUE.search(asked.path)
        if found is None:
            return "create"
        names = {"comment": "comments", "transitions": "transitions", "assignee": "assignee", None: "issue"}
        return f"{names[found[2]]}_{asked.method.lower()}"

    def _issue(self, asked: Asked) -> dict[str, Any] | None:
        found = ISSUE.search(asked.path)
        assert found is not None
        return next((one for one in self.issues.values() if found[1] in (one["id"], one["key"])), None)

    def _myself(self, _: Asked) -> Answered:
        return Answered(ROBOT)

    def _create(self, asked: Asked) -> Answered:
        sent = asked.json["fields"]
        number = next(self.ids)
        issue: dict[str, Any] = {
            "id": str(number),
            "key": f"{sent['project']['key']}-{number - 10000}",
            "fields": {
                "summary": sent["summary"],
                "labels": sent["labels"],
                "status": status_of("To Do"),
                "assignee": None,
                "priority": sent.get("priority") or {"name": "Medium"},
                "comment": {"comments": [], "total": 0},
            },
            "sent": asked.json,
        }
        self.touch(issue)
        self.issues[issue["id"]] = issue
        return Answered({"id": issue["id"], "key": issue["key"], "self": "x"}, 201)

    def _search(self, asked: Asked) -> Answered:
        label = re.search(r'labels = "([^"]+)"', asked.json["jql"])
        assert label is not None
        if not self.is_searchable:
            return Answered({"issues": []})
        return Answered({"issues": [one for one in self.issues.values() if label[1] in one["fields"]["labels"]]})

    def _issue_get(self, asked: Asked) -> Answered:
        issue = self._issue(asked)
        return Answered({"errorMessages": ["gone"]}, 404) if issue is None else Answered(issue)

    def _comments_get(self, asked: Asked) -> Answered:
        issue = self._issue(asked)
        if issue is None:
            return Answered({"errorMessages": ["gone"]}, 404)
        comments = issue["fields"]["comment"]["comments"]
        return Answered({"comments": list(reversed(comments)), "total": len(comments)})

    def _comments_post(self, asked: Asked) -> Answered:
        issue = self._issue(asked)
        assert issue is not None
        comment = self._comment(issue, asked.json, ROBOT)
        self.touch(issue)
        return Answered(comment, 201)

    def _comment(self, issue: dict[str, Any], sent: dict[str, Any], author: dict[str, Any]) -> dict[str, Any]:
        self.clock += timedelta(seconds=1)
        comment = {
            "id": str(next(self.ids)),
            "author": author,
            "body": sent["body"],
            "properties": sent.get("properties", []),
            "created": stamp(self.clock),
        }
        there = issue["fields"]["comment"]
        there["comments"].append(comment)
        there["total"] += 1
        return comment

    def _transitions_get(self, asked: Asked) -> Answered:
        issue = self._issue(asked)
        assert issue is not None
        here = issue["fields"]["status"]["name"]
        ways = [name for name in STATUSES if name != here]
        return Answered({"transitions": [{"id": f"to {name}", "name": name, "to": status_of(name)} for name in ways]})

    def _transitions_post(self, asked: Asked) -> Answered:
        issue = self._issue(asked)
        assert issue is not None
        self.moved(issue, asked.json["transition"]["id"].removeprefix("to "))
        return Answered(None, 204)

    def _assignable(self, asked: Asked) -> Answered:
        query = asked.query["query"][0]
        return Answered([one for one in self.people if query in one["emailAddress"]])

    def _assignee_put(self, asked: Asked) -> Answered:
        issue = self._issue(asked)
        assert issue is not None
        id = asked.json["accountId"]
        name = next(one["displayName"] for one in self.people if one["accountId"] == id)
        self.assigned(issue, id, name)
        return Answered(None, 204)


def status_of(name: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": STATUSES[name], "name": CATEGORY_NAMES[STATUSES[name]]}}


def doc(text: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def plain(body: dict[str, Any]) -> str:
    """The text of a document, found without the code under test."""
    if body.get("type") == "text":
        return str(body["text"])
    parts = [plain(one) for one in body.get("content", [])]
    return ("\n" if body.get("type") == "doc" else "").join(parts)


def stamp(at: datetime) -> str:
    """As Jira writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


@contextmanager
def jira_site(**options: Any) -> Iterator[JiraSite]:
    """The site, while the block runs."""
    site = JiraSite(**options)
    with scripted(site.answer) as server:
        site.server = server
        yield site
