"""Entra's conditional access policies, as controls read them.

Source: Microsoft Graph, conditionalAccessPolicy and authenticationStrengthPolicy.
"""

from collections.abc import Callable
from typing import Any

from domain.compliance.answers import Answers

OPERATION = "GRAPH GET /v1.0/identity/conditionalAccess/policies"
# Source: "Microsoft Entra built-in roles", template id.
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
# What the built-in strength "Phishing-resistant MFA" allows.
RESISTANT = frozenset({"windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor"})
REPORT_ONLY = "enabledForReportingButNotEnforced"
ADMIN_PORTALS = "MicrosoftAdminPortals"


def policies(answers: Answers) -> list[Any]:
    """Every policy; none where the plan has no conditional access, for nothing can be enforced then. Raises Unread."""
    return [] if answers.is_off(OPERATION) else list(answers.items(OPERATION, "value"))


def is_enforced(policy: Any) -> bool:
    return bool(policy["state"] == "enabled")


def covers_everyone(policy: Any) -> bool:
    """Whether it holds for all people in all apps, whatever the risk. Those it excludes are not counted."""
    conditions = policy["conditions"]
    everywhere = "All" in conditions["applications"]["includeApplications"]
    return "All" in conditions["users"]["includeUsers"] and everywhere and not _hangs_on_risk(conditions)


def covers_admins(policy: Any) -> bool:
    """Whether it holds for global administrators in all apps, or in the portals of administrators."""
    conditions = policy["conditions"]
    users, apps = conditions["users"], conditions["applications"]["includeApplications"]
    # Null and absent are documented to exclude nobody.
    if GLOBAL_ADMINISTRATOR in (users.get("excludeRoles") or []) or _hangs_on_risk(conditions):
        return False
    named = GLOBAL_ADMINISTRATOR in (users.get("includeRoles") or []) or "All" in users["includeUsers"]
    return named and ("All" in apps or ADMIN_PORTALS in apps)


def demands_second_factor(policy: Any) -> bool:
    """Whether nobody gets in without a second factor, or a strength of authentication."""
    return _demands(policy, {"mfa"}, lambda _: True)


def demands_resistance(policy: Any) -> bool:
    """Whether nobody gets in without a factor that cannot be relayed."""
    return _demands(policy, set(), lambda strength: set(strength["allowedCombinations"]) <= RESISTANT)


def _demands(policy: Any, controls: set[str], is_strong: Callable[[Any], bool]) -> bool:
    """Of alternatives all must be good, of what is demanded together one."""
    grant = policy.get("grantControls") or {}
    met = [one in controls for one in grant.get("builtInControls") or []]
    for name in ("customAuthenticationFactors", "termsOfUse"):
        met += [False for _ in grant.get(name) or []]
    if grant.get("authenticationStrength"):
        met.append(is_strong(grant["authenticationStrength"]))
    return any(met) if grant.get("operator") == "AND" else bool(met) and all(met)


def _hangs_on_risk(conditions: Any) -> bool:
    """Null and empty are documented to mean that the condition is not configured."""
    return any(conditions.get(name) for name in ("signInRiskLevels", "userRiskLevels"))
