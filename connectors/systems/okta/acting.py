"""Calls to Okta that change something, and what is looked at while they do.

Scopes are those that Okta's description names for each call. A service app asks for them only when it makes the call,
so that an app which was granted less goes on with what it may do.
"""

from typing import Any

from connectors.reading.listing import Operation
from connectors.systems.okta import source, tables

POLICIES, USERS, ROLES = "okta.policies.manage", "okta.users.manage", "okta.roles.manage"


def act(name: str, service: str, *scopes: str, **more: Any) -> Operation:
    """A call with a token for these scopes."""
    return Operation(name=name, service=service, permissions=scopes, options={source.ACTS: True}, **more)


LOOKS = (
    tables.operation("GET /api/v1/users/{id}", "users", "okta.users.read", hidden=tables.without_answers),
    tables.operation("GET /api/v1/users/{userId}/roles", "users", "okta.roles.read"),
)
ACTIONS = (
    *LOOKS,
    act("PUT /api/v1/policies/{policyId}", "policies", POLICIES),
    act("PUT /api/v1/policies/{policyId}/rules/{ruleId}", "policies", POLICIES),
    act("POST /api/v1/users/{id}/lifecycle/suspend", "users", USERS),
    act("POST /api/v1/users/{id}/lifecycle/unsuspend", "users", USERS),
    # It answers with the whole user.
    act("POST /api/v1/users/{id}/lifecycle/expire_password", "users", USERS, hidden=tables.without_answers),
    act(
        "POST /api/v1/users/{id}/lifecycle/reset_password",
        "users",
        USERS,
        # Without the letter nobody could set a new password.
        request="POST /api/v1/users/{id}/lifecycle/reset_password?sendEmail=true",
    ),
    act(
        "DELETE /api/v1/users/{userId}/sessions",
        "users",
        USERS,
        # A stolen session may have fetched tokens, which outlive it.
        request="DELETE /api/v1/users/{userId}/sessions?oauthTokens=true",
    ),
    act("POST /api/v1/users/{userId}/roles", "users", ROLES),
    act("DELETE /api/v1/users/{userId}/roles/{roleAssignmentId}", "users", ROLES),
    act("DELETE /api/v1/api-tokens/{apiTokenId}", "api-tokens", "okta.apiTokens.manage"),
)
