"""A site of Jira Cloud whose issues have a history: they are opened, moved, marked and found by what JQL says.

Requests and answers are held against Atlassian's description.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tests.fakes.collecting import NOW
from tests.fakes.described import described
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

# The only question that is asked: what moved since, and what bears a label.
JQL = re.compile(r'updated >= "([\d-]+ [\d:]+)" OR labels = (\w+) ORDER BY updated ASC')
COURSE = re.compile(r"/rest/api/3/issue/([A-Z]+-\d+)/changelog")
CATEGORIES = {
    "To Do": {"id": 2, "key": "new", "name": "To Do", "colorName": "blue-gray"},
    "In Progress": {"id": 4, "key": "indeterminate", "name": "In Progress", "colorName": "yellow"},
    "Done": {"id": 3, "key": "done", "name": "Done", "colorName": "green"},
}
# Null is what Atlassian's own example has for it, though its description asks for a text.
NULLABLE = re.compile(r"\$\.values\[\d+\]\.items\[\d+\]\.(from|to): None is not of type 'string'")
ROBOT, ASKER, BOSS = "robot", "asker", "boss"


def ago(days: float) -> str:
    """As Jira writes it."""
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


class JiraHistory:
    """`issues` are all there are. `refuses` are paths, or parts of them, that we may not ask for.

    `hidden` are fields that the site's projects do not have: Jira leaves them out of answers. `page_size` is the most
    that a search gives at a time.
    """

    def __init__(self, description: Path) -> None:
        self.described = described(description)
        self.url = ""
        self.reset()

    @contextmanager
    def served(self) -> Iterator[Scripted]:
        """The server, while the block runs."""
        with scripted(self) as server:
            self.url = server.url
            yield server

    def reset(self) -> None:
        """A site without issues."""
        self.issues: list[dict[str, Any]] = []
        self.courses: dict[str, list[dict[str, Any]]] = {}
        self.refuses, self.broken = "", list[str]()
        self.hidden: tuple[str, ...] = ()
        self.page_size = 100
        self._ids = count(10001)

    # What people do in Jira.

    def open(self, key: str, days: float, *labels: str, type: str = "Task", **own: Any) -> str:
        """Asker opens an issue, so many days ago; `own` are fields."""
        fields = {
            "summary": f"Issue {key}",
            "status": _status("To Do"),
            "issuetype": {"id": "10001", "name": type, "subtask": False, "hierarchyLevel": 0},
            "priority": {"id": "3", "name": "Medium"},
            "labels": list(labels),
            "created": ago(days),
            "updated": ago(days),
            "duedate": None,
            "resolutiondate": None,
            "reporter": _person(ASKER),
            "assignee": None,
            "attachment": [],
            "project": {"id": "10000", "key": key.partition("-")[0], "name": "Example"},
        }
        self.issues.append({"id": str(next(self._ids)), "key": key, "fields": {**fields, **own}})
        self.courses[key] = []
        return key

    def move(self, key: str, days: float, status: str, category: str = "In Progress", by: str = BOSS) -> None:
        """Into another status; one of those that are done resolves the issue."""
        fields, new = self._fields(key), _status(status, category)
        self._log(key, days, by, "status", fields["status"]["name"], status)
        fields |= {"status": new, "resolutiondate": ago(days) if category == "Done" else None}

    def label(self, key: str, days: float, label: str) -> None:
        labels = self._fields(key)["labels"]
        self._log(key, days, BOSS, "labels", " ".join(labels), " ".join([*labels, label]))
        labels.append(label)

    def fill(self, key: str, days: float, field: str, text: str) -> None:
        """A field that was empty, and that searches do not show."""
        self._log(key, days, BOSS, field, "", text)

    def rate(self, key: str, days: float, priority: str) -> None:
        """The first priority that the issue has."""
        self._log(key, days, BOSS, "priority", "", priority)
        self._fields(key)["priority"] = {"id": "1", "name": priority}

    def attach(self, key: str, days: float, name: str) -> None:
        found = {"id": "10001", "filename": name, "author": _person(BOSS), "created": ago(days), "size": 2460}
        self._log(key, days, BOSS, "Attachment", "", name)
        self._fields(key)["attachment"].append({**found, "content": "https://example.com/a", "mimeType": "text/plain"})

    def _fields(self, key: str) -> dict[str, Any]:
        fields: dict[str, Any] = next(one["fields"] for one in self.issues if one["key"] == key)
        return fields

    def _log(self, key: str, days: float, by: str, field: str, before: str, after: str) -> None:
        item = {"field": field, "fieldtype": "jira", "fieldId": field.lower(), "from": None, "to": None}
        change = {"id": str(next(self._ids)), "author": _person(by), "created": ago(days)}
        self.courses[key].append({**change, "items": [{**item, "fromString": before, "toString": after}]})
        self._fields(key)["updated"] = max(self._fields(key)["updated"], ago(days))

    # What the interface answers.

    def __call__(self, asked: Asked) -> Answered:
        answered = self._answer(asked)
        body = asked.json if asked.text else None
        query = {name: values[0] for name, values in asked.query.items()}
        found = self.described.problems(asked.method, asked.path, query, body)
        found += self.described.answer_problems(asked.method, asked.path, answered.status, answered.body)
        self.broken += [f"{asked.method} {asked.target}: {one}" for one in found if not NULLABLE.match(one)]
        return answered

    def _answer(self, asked: Asked) -> Answered:
        if self.refuses and self.refuses in asked.path:
            return Answered({"errorMessages": ["You do not have the permission."], "errors": {}}, 403)
        if asked.path.endswith("/myself"):
            return Answered(self.described.answer("GET", "/rest/api/3/myself"))
        if asked.path.endswith("/project/search"):
            keys = sorted({one["key"].partition("-")[0] for one in self.issues})
            return Answered(_page([{"id": str(10000 + n), "key": key, "name": key} for n, key in enumerate(keys)]))
        if course := COURSE.fullmatch(asked.path):
            return Answered(_page(self.courses[course[1]]))
        return self._search(asked.json)

    def _search(self, wanted: dict[str, Any]) -> Answered:
        asked = JQL.fullmatch(wanted["jql"])
        if asked is None:
            return Answered({"errorMessages": [f"Error in the JQL Query: {wanted['jql']}"], "errors": {}}, 400)
        since = datetime.strptime(asked[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        moved = [one for one in self.issues if _moved_at(one) >= since or asked[2] in one["fields"]["labels"]]
        start, size = int(wanted.get("nextPageToken", 0)), min(self.page_size, wanted["maxResults"])
        every = sorted(moved, key=_moved_at)
        shown = {*wanted["fields"]} - {*self.hidden}
        page = [
            {**one, "fields": {name: one["fields"][name] for name in wanted["fields"] if name in shown}}
            for one in every[start : start + size]
        ]
        is_last = start + size >= len(every)
        return Answered(
            {"issues": page, "isLast": is_last, **({} if is_last else {"nextPageToken": str(start + size)})}
        )


def _status(name: str, category: str | None = None) -> dict[str, Any]:
    return {"id": "10000", "name": name, "statusCategory": CATEGORIES[category or name]}


def _person(id: str) -> dict[str, Any]:
    return {"accountId": id, "displayName": id.title(), "emailAddress": f"{id}@example.com", "active": True}


def _moved_at(issue: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(issue["fields"]["updated"])


def _page(values: list[Any]) -> dict[str, Any]:
    return {"startAt": 0, "maxResults": 100, "total": len(values), "isLast": True, "values": values}
