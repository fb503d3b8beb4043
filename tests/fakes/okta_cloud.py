"""An Okta organization that changes as it is told. Policies and rules are those of Okta's own examples.

What the shared description lacks is in the shapes of Okta's reference.
"""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.fakes.described_cloud import MISSING, DescribedCloud, Refused, on
from tests.fakes.scripted import Answered, Asked

INVALID, FORBIDDEN, CONFLICT, CREATED = 400, 403, 409, 201
DONE = Answered(None, 204)
USER, ROLES = "/api/v1/users/{id}", "/api/v1/users/{id}/roles"
# What each step of a user's life asks for, and what it leads to.
MOVES = {
    "suspend": ("ACTIVE", "SUSPENDED"),
    "unsuspend": ("SUSPENDED", "ACTIVE"),
    "expire_password": ("ACTIVE", "PASSWORD_EXPIRED"),
}
# Lists that hold what they were given, by the end of their path.
PLAIN = ("apps", "authenticators", "behaviors", "device-assurances", "logStreams")
# What a caller may not set, whatever it sends.
READ_ONLY = ("id", "created", "lastUpdated", "_links")


def stamp(days_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class OktaCloud(DescribedCloud):
    """`sessions` and `letters` are by user; `roles` and `factors` are those of each user, `rules` those of each policy.

    `listed` is what the plain lists hold, `assigned` who has each app. `refused` are the answers to calls that are
    refused, by path. `is_classic`: it runs on the engine that has no policies for apps.
    """

    undescribed = frozenset(
        {
            f"DELETE {ROLES}/{{role}}",
            "DELETE /api/v1/api-tokens/{token}",
            f"POST {USER}/lifecycle/reset_password",
            "GET /api/v1/device-assurances",
            "GET /api/v1/logStreams",
        }
    )

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.reset()

    def reset(self) -> None:
        """An organization without anybody."""
        self.users: dict[str, dict[str, Any]] = {}
        self.roles: dict[str, list[dict[str, Any]]] = {}
        self.factors: dict[str, list[dict[str, Any]]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.rules: dict[str, dict[str, dict[str, Any]]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.log: list[dict[str, Any]] = []
        self.sessions: dict[str, int] = {}
        self.letters: dict[str, int] = {}
        self.listed: dict[str, list[dict[str, Any]]] = {name: [] for name in PLAIN}
        self.assigned: dict[str, list[dict[str, Any]]] = {}
        self.threats = deepcopy(self.described.example("ThreatInsightResponseExample"))
        self.refused: dict[str, Answered] = {}
        self.is_classic = False
        self._numbers = count(1)

    def refusal(self, message: str) -> Any:
        return {"errorCode": "E0000007", "errorSummary": message}

    def refuse(self, path: str, status: int, code: str, message: str) -> None:
        """From here on what is asked of the path is refused so."""
        self.refused[path] = Answered({"errorCode": code, "errorSummary": message}, status)

    def _answer(self, asked: Asked, body: Any) -> Any:
        answer = super()._answer(asked, body)
        return self.refused.get(asked.path, answer)

    def add_user(self, native_id: str, **own: Any) -> str:
        login = f"{native_id}@example.com"
        times = {"created": stamp(400), "lastLogin": stamp(1), "passwordChanged": stamp(100), "lastUpdated": stamp(1)}
        credentials = {"recovery_question": {"question": "Which street?"}}
        plain = {"id": native_id, "status": "ACTIVE", "profile": {"login": login, "email": login}, **times}
        self.users[native_id] = {**plain, "credentials": credentials, **own}
        self.sessions[native_id] = 2
        return native_id

    def add_role(self, user: str, days: int, **own: Any) -> None:
        number = next(self._numbers)
        plain = {"id": f"ra{number}", "label": "Super Administrator", "type": "SUPER_ADMIN", "status": "ACTIVE"}
        times = {"created": stamp(days), "lastUpdated": stamp(days)}
        self.roles.setdefault(user, []).append({**plain, "assignmentType": "USER", **times, **own})

    def add_policy(self, example: str, *rules: dict[str, Any], **own: Any) -> str:
        """A policy of Okta's examples, with rules of them."""
        policy = {**deepcopy(self.described.example(example)), "lastUpdated": stamp(9), "created": stamp(90), **own}
        self.policies[policy["id"]] = policy
        self.rules[policy["id"]] = {rule["id"]: deepcopy(rule) for rule in rules}
        return str(policy["id"])

    @on("GET /api/v1/org")
    def organization(self, _: Asked) -> Any:
        return {"id": "00o1", "companyName": "Example"}

    # People

    @on("GET /api/v1/users")
    def list_users(self, asked: Asked) -> Any:
        is_about_leavers = "search" in asked.query
        return [one for one in self.users.values() if (one["status"] == "DEPROVISIONED") == is_about_leavers]

    @on(f"GET {USER}")
    def user(self, _: Asked, native_id: str) -> Any:
        if native_id not in self.users:
            raise Refused(MISSING, f"Not found: Resource not found: {native_id} (User)")
        return self.users[native_id]

    @on("GET /api/v1/users/{id}/factors")
    def list_factors(self, _: Asked, native_id: str) -> Any:
        return self.factors.get(native_id, [])

    @on(f"POST {USER}/lifecycle/suspend")
    @on(f"POST {USER}/lifecycle/unsuspend")
    @on(f"POST {USER}/lifecycle/expire_password")
    def move(self, asked: Asked, native_id: str) -> Any:
        before, after = MOVES[asked.path.rpartition("/")[2]]
        user = self.user(asked, native_id)
        if user["status"] != before:
            raise Refused(FORBIDDEN, f"The user is not {before}.")
        user |= {"status": after, "lastUpdated": stamp()}
        return user

    @on(f"POST {USER}/lifecycle/reset_password")
    def reset_password(self, asked: Asked, native_id: str) -> Any:
        assert asked.query["sendEmail"] == ["true"]
        self.user(asked, native_id)["status"] = "RECOVERY"
        self.letters[native_id] = self.letters.get(native_id, 0) + 1
        return {}

    @on("DELETE /api/v1/users/{id}/sessions")
    def end_sessions(self, asked: Asked, native_id: str) -> Any:
        assert asked.query["oauthTokens"] == ["true"]
        self.user(asked, native_id)
        self.sessions[native_id] = 0
        return DONE

    @on("GET /api/v1/logs")
    def logs(self, asked: Asked) -> Any:
        (wanted,) = asked.query["filter"]
        return [one for one in self.log if f'eventType eq "{one["eventType"]}"' in wanted]

    # What stands in plain lists

    @on("GET /api/v1/apps")
    @on("GET /api/v1/authenticators")
    @on("GET /api/v1/behaviors")
    @on("GET /api/v1/device-assurances")
    @on("GET /api/v1/logStreams")
    def plain_list(self, asked: Asked) -> Any:
        return self.listed[asked.path.rpartition("/")[2]]

    @on("GET /api/v1/apps/{app}/users")
    def users_of_app(self, _: Asked, app: str) -> Any:
        return self.assigned.get(app, [])

    @on("GET /api/v1/threats/configuration")
    def threat_insight(self, _: Asked) -> Any:
        return self.threats

    # Administrators and tokens

    @on("GET /api/v1/iam/assignees/users")
    def assignees(self, _: Asked) -> Any:
        return {"value": [{"id": one} for one, roles in self.roles.items() if roles], "_links": {}}

    @on(f"GET {ROLES}")
    def list_roles(self, _: Asked, native_id: str) -> Any:
        return self.roles.get(native_id, [])

    @on(f"POST {ROLES}")
    def give_role(self, asked: Asked, native_id: str) -> Any:
        wanted = asked.json["type"]
        if any(one["type"] == wanted for one in self.roles.get(native_id, [])):
            raise Refused(CONFLICT, "The specified admin role has already been assigned to this user.")
        self.add_role(native_id, 0, type=wanted)
        return Answered(self.roles[native_id][-1], CREATED)

    @on(f"DELETE {ROLES}/{{role}}")
    def take_role(self, _: Asked, native_id: str, role: str) -> Any:
        kept = [one for one in self.roles.get(native_id, []) if one["id"] != role]
        if len(kept) == len(self.roles.get(native_id, [])):
            raise Refused(MISSING, f"Not found: Resource not found: {role} (RoleAssignment)")
        self.roles[native_id] = kept
        return DONE

    @on("GET /api/v1/api-tokens")
    def list_tokens(self, _: Asked) -> Any:
        return list(self.tokens.values())

    @on("DELETE /api/v1/api-tokens/{token}")
    def revoke(self, _: Asked, token: str) -> Any:
        if token not in self.tokens:
            raise Refused(MISSING, f"Not found: Resource not found: {token} (ApiToken)")
        del self.tokens[token]
        return DONE

    # Policies

    @on("GET /api/v1/policies")
    def list_policies(self, asked: Asked) -> Any:
        if self.is_classic and asked.query["type"] == ["ACCESS_POLICY"]:
            told = {"errorCode": "E0000001", "errorSummary": "Api validation failed: type"}
            return Answered(told, INVALID)
        return [one for one in self.policies.values() if one["type"] == asked.query["type"][0]]

    @on("PUT /api/v1/policies/{policy}")
    def set_policy(self, asked: Asked, policy: str) -> Any:
        self.policies[policy] = self._put(self.policies.get(policy), asked.json)
        return self.policies[policy]

    @on("GET /api/v1/policies/{policy}/rules")
    def list_rules(self, _: Asked, policy: str) -> Any:
        return list(self.rules[policy].values())

    @on("PUT /api/v1/policies/{policy}/rules/{rule}")
    def set_rule(self, asked: Asked, policy: str, rule: str) -> Any:
        self.rules[policy][rule] = self._put(self.rules[policy].get(rule), asked.json)
        return self.rules[policy][rule]

    def _put(self, before: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any]:
        """What a PUT leaves out is gone, but for what Okta fills in itself."""
        if before is None:
            raise Refused(MISSING, "Not found: Resource not found.")
        kept = {key: before[key] for key in READ_ONLY if key in before}
        taken = {key: value for key, value in given.items() if key not in READ_ONLY}
        return {**taken, **kept, "lastUpdated": stamp()}
