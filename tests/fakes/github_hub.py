"""A GitHub organization without fault, made of GitHub's own examples, in which a test changes what it likes.

Requests and answers are held against GitHub's description. What that lacks is in the shapes of GitHub's reference.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.fakes.collecting import NOW
from tests.fakes.described import described
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

ORG, REPO, NUMBER = "octo-org", "shop", "6811672"
ABOVE, BASE = f"/orgs/{ORG}", f"/repos/{ORG}/{REPO}"
NOT_FOUND = Answered({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}, 404)
UNDESCRIBED = re.compile(
    rf"/graphql|{ABOVE}/(credential-authorizations|personal-access-tokens|actions/secrets|audit-log)"
    r"|/repos/[^/]+/[^/]+/(contents/.*|environments|keys|actions/secrets|releases/latest|attestations/.+"
    r"|commits/[^/]+/(check-runs|pulls))"
)
PROTECTION: dict[str, Any] = {
    "enforce_admins": {"url": "https://api.github.com/x", "enabled": True},
    "required_status_checks": {"contexts": ["test"], "checks": [{"context": "test", "app_id": 15368}]},
    "required_pull_request_reviews": {
        "dismiss_stale_reviews": True,
        "require_code_owner_reviews": False,
        "required_approving_review_count": 1,
    },
    "required_signatures": {"url": "https://api.github.com/x", "enabled": False},
    "allow_force_pushes": {"enabled": False},
}


def ago(days: float) -> str:
    """As GitHub writes it."""
    return (NOW - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class GithubHub:
    """`told` is what is answered, by path: a body, a function that gives one, or a whole answer.

    `members` are roles by login, and `unsafe` those without a second factor; `linked` the names behind single sign-on
    by login, None where there is none. `broken` are requests and answers that the description does not allow.
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
        """One active production repository, two owners and a member."""
        self.broken: list[str] = []
        self.members = {"ann": "admin", "bob": "admin", "cem": "member"}
        self.unsafe: set[str] = set()
        self.linked: dict[str, str] | None = None
        self.nodes: dict[str, Any] = {}
        self.repositories: list[dict[str, Any]] = []
        # GitHub's own example lacks a field that its description demands.
        own = {"login": ORG, "id": int(NUMBER), "archived_at": None, "plan": {**self._example(ABOVE)["plan"]}}
        self.told: dict[str, Any] = {
            ABOVE: {**self._example(ABOVE), **own},
            f"{ABOVE}/members": self._members,
            f"{ABOVE}/credential-authorizations": [],
            f"{ABOVE}/actions/permissions": self._example(f"{ABOVE}/actions/permissions"),
            f"{ABOVE}/actions/permissions/workflow": self._example(f"{ABOVE}/actions/permissions/workflow"),
            f"{ABOVE}/installations": {"total_count": 0, "installations": []},
            f"{ABOVE}/personal-access-tokens": [],
            f"{ABOVE}/actions/secrets": {"total_count": 0, "secrets": []},
            **{f"{ABOVE}/{kind}/alerts": [] for kind in ("secret-scanning", "dependabot", "code-scanning")},
            f"{ABOVE}/audit-log": [],
            f"{ABOVE}/repos": lambda _: self.repositories,
            "/graphql": self._queried,
        }
        self._add_repository()

    def _add_repository(self) -> None:
        """An active one of production, private, changed yesterday, with everything on."""
        plain = {
            "name": REPO,
            "full_name": f"{ORG}/{REPO}",
            "owner": {**self._example(f"{ABOVE}/repos")[0]["owner"], "login": ORG},
            "default_branch": "main",
            "visibility": "private",
            "private": True,
            "topics": ["production"],
            "pushed_at": ago(1),
            "created_at": ago(400),
        }
        self.repositories.append({**self._example(f"{ABOVE}/repos")[0], **plain})
        self.told |= self._below(plain)

    def _below(self, own: dict[str, Any]) -> dict[str, Any]:
        named = ("actions/permissions", "code-scanning/default-setup", "dependency-graph/sbom")
        on = {name: {"status": "enabled"} for name in ("secret_scanning", "secret_scanning_push_protection")}
        whole = self._example(BASE)
        # GitHub's example of this call tells of the repository that it was made from, and leaves out a field of both.
        del whole["source"], whole["parent"], whole["template_repository"]
        return {
            BASE: {**whole, "language": None, **own, "security_and_analysis": on},
            **{f"{BASE}/{path}": self._example(f"{BASE}/{path}") for path in named},
            f"{BASE}/branches/main/protection": PROTECTION,
            f"{BASE}/vulnerability-alerts": None,
            f"{BASE}/contents/": [{"name": "openapi.yaml", "path": "openapi.yaml", "type": "file", "sha": "d" * 40}],
            f"{BASE}/environments": {"total_count": 0, "environments": []},
            f"{BASE}/actions/secrets": {"total_count": 0, "secrets": []},
            **{f"{BASE}/{path}": [] for path in ("rules/branches/main", "collaborators", "commits", "keys", "pulls")},
        }

    def _members(self, asked: Asked) -> Any:
        role = asked.query.get("role", ["all"])[0]
        is_about_safety = asked.query.get("filter") == ["2fa_disabled"]
        found = [
            (number, login)
            for number, (login, own) in enumerate(self.members.items(), 1)
            if role in ("all", own) and not (is_about_safety and login not in self.unsafe)
        ]
        return [self.person(login) | {"id": number} for number, login in found]

    def person(self, login: str) -> dict[str, Any]:
        """Somebody, as GitHub tells of people everywhere."""
        known: dict[str, Any] = self._example(f"{ABOVE}/members")[0]
        return {**known, "login": login}

    def _queried(self, asked: Asked) -> Any:
        """The two fixed queries that are asked."""
        if "nodes(ids" in asked.json["query"]:
            return {"data": {"nodes": [self.nodes.get(one) for one in asked.json["variables"]["ids"]]}}
        return {"data": {"organization": {"samlIdentityProvider": self._provider()}}}

    def _provider(self) -> dict[str, Any] | None:
        if self.linked is None:
            return None
        people = [
            {"guid": login, "samlIdentity": {"nameId": name}, "scimIdentity": None, "user": {"login": login}}
            for login, name in self.linked.items()
        ]
        return {"id": "S_1", "externalIdentities": {"pageInfo": {"hasNextPage": False}, "nodes": people}}

    def _example(self, path: str) -> Any:
        return self.described.answer("GET", path)

    def __call__(self, asked: Asked) -> Answered:
        told = self.told.get(unquote(asked.path), NOT_FOUND)
        body = told(asked) if callable(told) else told
        answered = body if isinstance(body, Answered) else Answered(body, 204 if body is None else 200)
        if not UNDESCRIBED.fullmatch(unquote(asked.path)):
            query = {name: values[0] for name, values in asked.query.items()}
            found = self.described.problems(asked.method, asked.path, query, None)
            found += self.described.answer_problems(asked.method, asked.path, answered.status, answered.body)
            self.broken += [f"{asked.method} {asked.target}: {one}" for one in found]
        return answered
