"""People and events as Okta answers with them."""

from datetime import datetime
from typing import Any

from domain.compliance.answers import Answers, Call
from domain.facts.compliance import Integration
from tests.factories.answers import NOW, answers

USERS = "GET /api/v1/users"


def person(
    name: str, *, status: str = "ACTIVE", left: datetime = NOW, login: datetime | None = NOW, **own: Any
) -> dict[str, Any]:
    """Somebody whose login and address are name@acme.com. `left` is when the status changed."""
    return {
        "id": name,
        "status": status,
        "statusChanged": left.isoformat(),
        "created": "2020-01-01T00:00:00.000Z",
        "lastLogin": login and login.isoformat(),
        "profile": {"login": f"{name}@acme.com", "email": f"{name}@acme.com"},
        **own,
    }


def directory(*people: dict[str, Any], more: tuple[Call | tuple[Any, ...], ...] = (), **made: Any) -> Answers:
    return answers(Integration.OKTA, (USERS, list(people)), *more, account="org", **made)
