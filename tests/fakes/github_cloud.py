"""A GitHub organization with one repository that changes as it is told.

What the shared description lacks is in the shapes of GitHub's reference. What no rule looks at is as in
`tests.fakes.github`.
"""

from copy import deepcopy
from itertools import count
from typing import Any

from tests.fakes.described_cloud import MISSING, REFUSED, DescribedCloud, Refused, on
from tests.fakes.github import BASE, ORG, ORGANIZATION, REPOSITORY, WORLD
from tests.fakes.scripted import Answered, Asked

CONFLICT, FORBIDDEN, CREATED = 409, 403, 201
DONE = Answered(None, 204)
OWN = "/repos/{owner}/{repo}"
BRANCH = f"{OWN}/branches/{{branch}}/protection"
MEMBERSHIP, ACTIONS = "/orgs/{org}/memberships/{username}", "/orgs/{org}/actions/permissions"
SWITCHES = (
    "required_linear_history",
    "allow_force_pushes",
    "allow_deletions",
    "block_creations",
    "required_conversation_resolution",
    "lock_branch",
    "allow_fork_syncing",
)
KEYS = {"users": "login", "teams": "slug", "apps": "slug"}
STILL = {path: body for path, body in WORLD.items() if path not in (f"/orgs/{ORG}", BASE)}


class GithubCloud(DescribedCloud):
    """`protection` is as GitHub tells it, `members` say who is an owner and who has a second factor."""

    undescribed = frozenset(
        {
            "POST /graphql",
            f"PUT {MEMBERSHIP}",
            f"DELETE {MEMBERSHIP}",
            f"PUT {ACTIONS}",
            f"PUT {ACTIONS}/selected-actions",
            f"PUT {ACTIONS}/workflow",
            f"GET {OWN}/keys",
            f"POST {OWN}/keys",
            f"DELETE {OWN}/keys/{{key_id}}",
            "GET /orgs/{org}/credential-authorizations",
            f"GET {OWN}/environments",
            f"GET {OWN}/actions/secrets",
            f"GET {OWN}/contents/",
            f"GET {OWN}/contents/{{path}}",
            f"GET {OWN}/releases/latest",
        }
    )

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.reset()

    def reset(self) -> None:
        """An organization without fault."""
        self.organization: dict[str, Any] = deepcopy(ORGANIZATION)
        on_and_on = {name: {"status": "enabled"} for name in ("secret_scanning", "secret_scanning_push_protection")}
        self.repository: dict[str, Any] = {**deepcopy(REPOSITORY), "security_and_analysis": on_and_on}
        self.protection: dict[str, Any] | None = None
        self.rules: list[dict[str, Any]] = [{"type": "pull_request", "parameters": {}}]
        self.has_alerts, self.has_fixes = True, True
        self.keys: list[dict[str, Any]] = []
        self.members = {"ann": {"id": 2, "role": "admin", "is_safe": True}}
        self.invited: dict[str, str] = {}
        self.permissions = {"enabled_repositories": "all", "allowed_actions": "local_only"}
        self.selected: dict[str, Any] | None = None
        self.workflow = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}
        self._numbers = count(100)

    # What is only read

    @on("POST /graphql")
    def graphql(self, _: Asked) -> Any:
        return {"data": {"organization": {"samlIdentityProvider": None}}}

    @on("GET /orgs/{org}/credential-authorizations")
    @on("GET /orgs/{org}/repos")
    def repositories(self, asked: Asked, _: str) -> Any:
        return [self.repository] if asked.path.endswith("/repos") else []

    @on(f"GET {OWN}/rules/branches/{{branch}}")
    def rules_of(self, *_: Any) -> Any:
        return self.rules

    @on(f"GET {OWN}/environments")
    @on(f"GET {OWN}/actions/secrets")
    @on(f"GET {OWN}/actions/permissions")
    @on(f"GET {OWN}/collaborators")
    @on(f"GET {OWN}/code-scanning/default-setup")
    @on(f"GET {OWN}/dependency-graph/sbom")
    @on(f"GET {OWN}/contents/")
    @on(f"GET {OWN}/contents/{{path}}")
    def still(self, asked: Asked, *_: str) -> Any:
        return STILL[asked.path]

    @on(f"GET {OWN}/pulls")
    @on(f"GET {OWN}/commits")
    def empty(self, *_: Any) -> Any:
        return []

    @on(f"GET {OWN}/releases/latest")
    def release(self, *_: Any) -> Any:
        raise Refused(MISSING, "Not Found")

    # The organization

    @on("GET /orgs/{org}")
    def read_organization(self, *_: Any) -> Any:
        return self.organization

    @on("PATCH /orgs/{org}")
    def change_organization(self, asked: Asked, _: str) -> Any:
        self.organization |= asked.json
        return self.organization

    @on("GET /orgs/{org}/members")
    def list_members(self, asked: Asked, _: str) -> Any:
        role = asked.query.get("role", ["all"])[0]
        is_about_safety = asked.query.get("filter") == ["2fa_disabled"]
        return [
            {"id": one["id"], "login": login}
            for login, one in self.members.items()
            if role in ("all", one["role"]) and not (is_about_safety and one["is_safe"])
        ]

    @on(f"DELETE {MEMBERSHIP}")
    def remove_member(self, _: Asked, __: str, login: str) -> Any:
        if login not in self.members:
            raise Refused(MISSING, "Not Found")
        del self.members[login]
        return DONE

    @on(f"PUT {MEMBERSHIP}")
    def invite(self, asked: Asked, _: str, login: str) -> Any:
        self.invited[login] = asked.json["role"]
        return {"state": "pending", "role": asked.json["role"], "user": {"login": login}}

    @on(f"GET {ACTIONS}")
    def read_permissions(self, *_: Any) -> Any:
        return self.permissions

    @on(f"PUT {ACTIONS}")
    def set_permissions(self, asked: Asked, _: str) -> Any:
        self.permissions = dict(asked.json)
        return DONE

    @on(f"PUT {ACTIONS}/selected-actions")
    def select(self, asked: Asked, _: str) -> Any:
        if self.permissions["allowed_actions"] != "selected":
            raise Refused(CONFLICT, "The policy is not to allow selected actions.")
        self.selected = asked.json
        return DONE

    @on(f"GET {ACTIONS}/workflow")
    def read_workflow(self, *_: Any) -> Any:
        return self.workflow

    @on(f"PUT {ACTIONS}/workflow")
    def set_workflow(self, asked: Asked, _: str) -> Any:
        self.workflow = dict(asked.json)
        return DONE

    # The repository

    @on(f"GET {OWN}")
    def read_repository(self, *_: Any) -> Any:
        return self.repository

    @on(f"PATCH {OWN}")
    def change_repository(self, asked: Asked, *_: str) -> Any:
        if self.repository["archived"]:
            raise Refused(FORBIDDEN, "Repository was archived so is read-only.")
        given = dict(asked.json)
        self.repository["security_and_analysis"] |= given.pop("security_and_analysis", {})
        self.repository |= given
        return self.repository

    @on(f"GET {BRANCH}")
    def read_protection(self, *_: Any) -> Any:
        if self.protection is None:
            raise Refused(MISSING, "Branch not protected")
        return self.protection

    @on(f"PUT {BRANCH}")
    def set_protection(self, asked: Asked, *_: str) -> Any:
        self.protection = told(asked.json)
        return self.protection

    @on(f"DELETE {BRANCH}")
    def drop_protection(self, *_: Any) -> Any:
        self.read_protection()
        self.protection = None
        return DONE

    @on(f"GET {OWN}/vulnerability-alerts")
    def read_alerts(self, *_: Any) -> Any:
        if not self.has_alerts:
            raise Refused(MISSING, "Vulnerability alerts are disabled.")
        return DONE

    @on(f"PUT {OWN}/vulnerability-alerts")
    @on(f"DELETE {OWN}/vulnerability-alerts")
    def set_alerts(self, asked: Asked, *_: str) -> Any:
        self.has_alerts = asked.method == "PUT"
        self.has_fixes = self.has_fixes and self.has_alerts
        return DONE

    @on(f"PUT {OWN}/automated-security-fixes")
    @on(f"DELETE {OWN}/automated-security-fixes")
    def set_fixes(self, asked: Asked, *_: str) -> Any:
        if not self.has_alerts:
            raise Refused(REFUSED, "Vulnerability alerts must be enabled first.")
        self.has_fixes = asked.method == "PUT"
        return DONE

    @on(f"GET {OWN}/keys")
    def read_keys(self, *_: Any) -> Any:
        return self.keys

    @on(f"POST {OWN}/keys")
    def add_key(self, asked: Asked, *_: str) -> Any:
        if any(one["key"] == asked.json["key"] for one in self.keys):
            raise Refused(REFUSED, "key is already in use")
        made = {"id": next(self._numbers), "created_at": "2026-11-27T00:00:00Z", "last_used": None, **asked.json}
        self.keys.append(made)
        return Answered(made, CREATED)

    @on(f"DELETE {OWN}/keys/{{key_id}}")
    def remove_key(self, _: Asked, __: str, ___: str, key_id: str) -> Any:
        kept = [one for one in self.keys if str(one["id"]) != key_id]
        if len(kept) == len(self.keys):
            raise Refused(MISSING, "Not Found")
        self.keys = kept
        return DONE


def told(taken: dict[str, Any]) -> dict[str, Any]:
    """A protection as GitHub tells it after it was taken so. Source: schema branch-protection of its description."""
    reviews, checks = taken["required_pull_request_reviews"], taken["required_status_checks"]
    found: dict[str, Any] = {
        "enforce_admins": {"enabled": bool(taken["enforce_admins"])},
        "required_signatures": {"enabled": False},
        **{name: {"enabled": bool(taken.get(name))} for name in SWITCHES},
    }
    if reviews is not None:
        groups = ("dismissal_restrictions", "bypass_pull_request_allowances")
        plain = {"dismiss_stale_reviews": False, "require_code_owner_reviews": False}
        found["required_pull_request_reviews"] = {
            **plain,
            "required_approving_review_count": 1,
            "require_last_push_approval": False,
            **{key: _people(value) if key in groups else value for key, value in reviews.items()},
        }
    if checks is not None:
        given = [*checks.get("checks", []), *({"context": one, "app_id": -1} for one in checks["contexts"])]
        apps = [{**one, "app_id": None if one["app_id"] == -1 else one["app_id"]} for one in given]
        names = [one["context"] for one in apps]
        found["required_status_checks"] = {"strict": checks["strict"], "contexts": names, "checks": apps}
    if taken["restrictions"] is not None:
        found["restrictions"] = _people(taken["restrictions"])
    return found


def _people(taken: dict[str, list[str]]) -> dict[str, Any]:
    return {group: [{name: one} for one in taken.get(group, [])] for group, name in KEYS.items()}
