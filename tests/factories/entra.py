"""Conditional access policies as Microsoft Graph answers with them."""

from typing import Any

ACCESS = "GRAPH GET /v1.0/identity/conditionalAccess/policies"
MFA = {"operator": "OR", "builtInControls": ["mfa"]}
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def access_policy(
    id: str, *, state: str = "enabled", users: Any = None, grant: Any = None, session: Any = None, **conditions: Any
) -> dict[str, Any]:
    """An enforced policy that asks everybody for a second factor in every app; a test names what differs."""
    return {
        "id": id,
        "displayName": id,
        "state": state,
        "conditions": {
            "applications": {"includeApplications": ["All"]},
            "users": users or {"includeUsers": ["All"], "includeRoles": [], "excludeRoles": []},
            "signInRiskLevels": [],
            "userRiskLevels": [],
            **conditions,
        },
        "grantControls": grant or MFA,
        "sessionControls": session,
    }
