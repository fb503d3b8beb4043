"""A site of Jira Cloud in which people ask for things, and others approve."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fakes.described_cloud import DescribedCloud, on
from tests.fakes.jira_site import ROBOT
from tests.fakes.jira_site import stamp as at
from tests.fakes.scripted import Asked


def stamp(days_ago: float) -> str:
    return at(datetime.now(UTC) - timedelta(days=days_ago))


def person(account: str) -> dict[str, Any]:
    return {"accountId": account, "displayName": account.title(), "active": True, "accountType": "atlassian"}


class JiraDesk(DescribedCloud):
    """`issues` are by key, and so is how each of them moved."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.reset()

    def reset(self) -> None:
        """A site without any issue."""
        self.issues: dict[str, dict[str, Any]] = {}
        self.moves: dict[str, list[dict[str, Any]]] = {}

    def asked_for(self, summary: str, *, days: float, approved: float | None) -> None:
        """A request that Ann made, and how many days ago her boss approved it."""
        number = len(self.issues) + 1
        key = f"ACC-{number}"
        fields = {"summary": summary, "labels": ["access-request"], "reporter": person("ann")}
        times = {"created": stamp(days), "updated": stamp(approved or days)}
        self.issues[key] = {"id": str(10000 + number), "key": key, "fields": {**fields, **times}}
        self.moves[key] = [] if approved is None else [_moved(approved)]

    @on("GET /rest/api/3/myself")
    def myself(self, _: Asked) -> Any:
        return {**ROBOT, "active": True}

    @on("POST /rest/api/3/search/jql")
    def search(self, _: Asked) -> Any:
        return {"isLast": True, "issues": list(self.issues.values())}

    @on("GET /rest/api/3/issue/{key}/changelog")
    def changelog(self, _: Asked, key: str) -> Any:
        moves = self.moves[key]
        return {"startAt": 0, "maxResults": 100, "total": len(moves), "isLast": True, "values": moves}


def _moved(days: float) -> dict[str, Any]:
    names = {"field": "status", "fieldtype": "jira", "fieldId": "status"}
    change = {**names, "from": "1", "fromString": "To Do", "to": "2", "toString": "Approved"}
    return {"id": "20001", "author": person("boss"), "created": stamp(days), "items": [change]}
