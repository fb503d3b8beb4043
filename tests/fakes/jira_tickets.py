"""A site of Jira that has tickets with labels, and the log of what was changed in them."""

from datetime import datetime, timedelta
from typing import Any

from tests.fakes.described_cloud import MISSING, DescribedCloud, Refused, on
from tests.fakes.scripted import Asked

SOMEBODY = {"accountId": "5b10a2844c20165700ede21g", "displayName": "Mia Krystof", "active": True}


class JiraTickets(DescribedCloud):
    """Takes only requests that Jira's own description allows. It finds all it has, whatever the query."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.reset()

    def reset(self) -> None:
        """A site without tickets."""
        self.issues: dict[str, dict[str, Any]] = {}
        self.changes: dict[str, list[dict[str, Any]]] = {}

    def refusal(self, message: str) -> Any:
        return {"errorMessages": [message], "errors": {}}

    def add(self, label: str, opened: datetime) -> str:
        """A ticket; gives its key."""
        key, status = f"OPS-{len(self.issues) + 1}", {"name": "To Do", "statusCategory": {"key": "new"}}
        times = {"created": stamp(opened), "updated": stamp(opened)}
        people = {"reporter": SOMEBODY, "assignee": None}
        fields = {"summary": "Somebody had to get in", "labels": [label], "status": status, **times, **people}
        self.issues[key] = {"id": str(10_000 + len(self.issues)), "key": key, "fields": fields}
        self.changes[key] = []
        return key

    def move(self, key: str, status: str, at: datetime) -> None:
        """Its status is another from then on, and its log says so."""
        fields = self.issues[key]["fields"]
        item = {"field": "status", "fieldtype": "jira", "fieldId": "status", "from": "1", "to": "2"}
        names = {"fromString": fields["status"]["name"], "toString": status}
        number = str(len(self.changes[key]) + 1)
        self.changes[key].append({"id": number, "author": SOMEBODY, "created": stamp(at), "items": [{**item, **names}]})
        fields["status"], fields["updated"] = {"name": status, "statusCategory": {"key": "done"}}, stamp(at)

    @on("GET /rest/api/3/myself")
    def myself(self, _: Asked) -> Any:
        return SOMEBODY

    @on("POST /rest/api/3/search/jql")
    def search(self, _: Asked) -> Any:
        return {"issues": list(self.issues.values()), "isLast": True}

    @on("GET /rest/api/3/issue/{key}/changelog")
    def log(self, _: Asked, key: str) -> Any:
        if key not in self.changes:
            raise Refused(MISSING, "Issue does not exist or you do not have permission to see it.")
        values = self.changes[key]
        return {"startAt": 0, "maxResults": 100, "total": len(values), "isLast": True, "values": values}


def stamp(moment: datetime) -> str:
    """As Jira writes moments, in the time zone of the user."""
    return (moment + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000+0100")
