"""What is asked of people when they sign in, and for how long it holds."""

from collections.abc import Mapping
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.okta_policy import changed, found, is_active
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# The policy of the whole organization, and those of applications.
GLOBAL, APPLICATION = "OKTA_SIGN_ON", "ACCESS_POLICY"
SIGN_ON, APP_SIGN_ON = ("actions", "signon"), ("actions", "appSignOn")
SESSION = (*SIGN_ON, "session")
METHOD = (*APP_SIGN_ON, "verificationMethod")
IDLE, LIFETIME = "maxSessionIdleMinutes", "maxSessionLifetimeMinutes"
# Source: remediation catalogue: two hours and eighteen hours; a lifetime of 0 has no end.
MOST_IDLE, MOST_LIFETIME = 120, 1080
# What is set once something has to change: as much rest as control CW-IAM-04 allows, so that it need not change twice.
GOOD_IDLE = 60


def takes_one_factor(rule: Resource, _: RuleContext) -> Observation | None:
    """Fires on a rule that lets people in by one factor, for the organization or for an application."""
    changes = _second_factor(rule)
    if not changes:
        return None
    where = "the organization" if rule.config["policyType"] == GLOBAL else "an application"
    return Observation(
        reason=f"The rule {rule.name} lets people into {where} by one factor.",
        observed={"policyType": rule.config["policyType"], "actions": rule.config["actions"]},
    )


def _second_factor(rule: Resource) -> list[tuple[tuple[str, ...], Any]]:
    """What has to change for a second factor; nothing where there is one."""
    if is_active(rule, GLOBAL, "policyType"):
        sign_on = found(rule, *SIGN_ON) or {}
        if sign_on.get("access") == "ALLOW" and sign_on.get("requireFactor") is False:
            mode = sign_on.get("factorPromptMode") or "ALWAYS"
            return [((*SIGN_ON, "requireFactor"), True), ((*SIGN_ON, "factorPromptMode"), mode)]
    if is_active(rule, APPLICATION, "policyType"):
        is_one = found(rule, *METHOD, "factorMode") == "1FA"
        if found(rule, *APP_SIGN_ON, "access") == "ALLOW" and is_one:
            return [((*METHOD, "factorMode"), "2FA")]
    return []


def ask_second_factor(rule: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The rule asks for two factors and stays as it is otherwise."""
    return changed(rule, f"Ask for a second factor by the rule {rule.name}.", *_second_factor(rule))


def lasts_too_long(rule: Resource, _: RuleContext) -> Observation | None:
    """Fires when sessions may rest for more than two hours, or live for more than eighteen."""
    shorter = _shorter(rule, MOST_IDLE)
    if not shorter:
        return None
    session = found(rule, *SESSION)
    spans = {"may rest": session.get(IDLE), "live": session.get(LIFETIME)}
    told = " and ".join(f"{what} {minutes or 'without end'}" for what, minutes in spans.items())
    return Observation(
        reason=f"Sessions by the rule {rule.name} {told} (in minutes), which is longer than they should.",
        observed={name: session.get(name) for name in (IDLE, LIFETIME)},
    )


def _shorter(rule: Resource, most_idle: int) -> dict[str, int]:
    """What has to change for sessions that rest no longer than that, and end."""
    session = found(rule, *SESSION)
    is_allowing = found(rule, *SIGN_ON, "access") == "ALLOW"
    if not is_active(rule, GLOBAL, "policyType") or not is_allowing or not isinstance(session, Mapping):
        return {}
    idle, lifetime = session.get(IDLE), session.get(LIFETIME)
    found_idle = {IDLE: most_idle} if idle is not None and idle > most_idle else {}
    is_long = lifetime is not None and (lifetime == 0 or lifetime > MOST_LIFETIME)
    return {**found_idle, **({LIFETIME: MOST_LIFETIME} if is_long else {})}


def shorten(rule: Resource, _: RuleContext) -> tuple[Step, ...]:
    """What is longer than it should be becomes as short."""
    shorter = _shorter(rule, GOOD_IDLE)
    words = {IDLE: f"{GOOD_IDLE} minutes of rest", LIFETIME: f"{MOST_LIFETIME} minutes in all"}
    says = f"End sessions by the rule {rule.name} after at most {' and '.join(words[name] for name in shorter)}."
    return changed(rule, says, *(((*SESSION, name), minutes) for name, minutes in shorter.items()))


def _rule(policy: str = GLOBAL, status: str = "ACTIVE", **actions: Any) -> Resource:
    return Resource(
        kind=ResourceKind.OKTA_POLICY_RULE,
        native_id="rule-1",
        name="Everybody",
        config={
            "id": "rule-1",
            "name": "Everybody",
            "status": status,
            "type": "SIGN_ON" if policy == GLOBAL else policy,
            "actions": actions,
            "policyId": "policy-1",
            "policyType": policy,
        },
    )


def _global(is_asked: bool = True, idle: int | None = 120, lifetime: int | None = 1080, **more: Any) -> dict[str, Any]:
    """What a rule of the organization does, for the examples: two factors and short sessions unless said otherwise."""
    session = {IDLE: idle, LIFETIME: lifetime, "usePersistentCookie": False}
    return {"access": "ALLOW", "requireFactor": is_asked, "session": session, **more}


def _application(mode: str, access: str = "ALLOW") -> dict[str, Any]:
    return {"access": access, "verificationMethod": {"type": "ASSURANCE", "factorMode": mode, "constraints": []}}


SIGNON_MFA = Rule(
    id="okta-signon-mfa",
    title="People sign in by one factor",
    description="A stolen password is enough to get in. A second factor stops that.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.OKTA_POLICY_RULE,
    permissions=("okta.policies.read",),
    source="Okta Management API, rules of policies OKTA_SIGN_ON and ACCESS_POLICY",
    blind_spots="Where the organization's rule asks for one factor, those of applications may ask for two; each is "
    "judged alone. Chains of methods are left alone. Who is outside of a rule's conditions is not looked at.",
    needs=("actions", "policyType"),
    check=takes_one_factor,
    group="mfa",
    remedy=Remedy(
        says="Makes the rule ask for a second factor.",
        plan=ask_second_factor,
        reversible=Reversible.YES,
        permissions=("okta.policies.manage",),
    ),
    examples=(
        fires(_rule(signon=_global(is_asked=False))),
        fires(_rule(signon=_global(is_asked=False, factorPromptMode="SESSION"))),
        fires(_rule(APPLICATION, appSignOn=_application("1FA"))),
        quiet(_rule(signon=_global())),
        quiet(_rule(signon=_global(is_asked=False), status="INACTIVE")),
        quiet(_rule(signon={"access": "DENY", "requireFactor": False})),
        quiet(_rule(APPLICATION, appSignOn=_application("2FA"))),
        quiet(_rule(APPLICATION, appSignOn=_application("1FA", access="DENY"))),
        quiet(_rule(APPLICATION, appSignOn=None)),
    ),
)

SESSION_LIFETIME = Rule(
    id="okta-session-lifetime",
    title="Sessions last too long",
    description="A session that was left open, or stolen, opens everything for as long as it lives.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.OKTA_POLICY_RULE,
    permissions=("okta.policies.read",),
    source="Okta Management API, sessions of rules of policies OKTA_SIGN_ON",
    blind_spots="Sessions that applications keep for themselves are not seen.",
    needs=("actions", "policyType"),
    check=lasts_too_long,
    group="identity",
    remedy=Remedy(
        says="Ends sessions after one hour of rest and eighteen hours in all.",
        plan=shorten,
        reversible=Reversible.YES,
        permissions=("okta.policies.manage",),
    ),
    examples=(
        fires(_rule(signon=_global(idle=720))),
        fires(_rule(signon=_global(lifetime=0))),
        fires(_rule(signon=_global(lifetime=1081))),
        quiet(_rule(signon=_global())),
        quiet(_rule(signon=_global(idle=None, lifetime=None))),
        quiet(_rule(signon=_global(idle=720), status="INACTIVE")),
        quiet(_rule(signon=_global(idle=720, access="DENY"))),
        quiet(_rule(signon={"access": "ALLOW"})),
        quiet(_rule(APPLICATION, appSignOn=_application("2FA"))),
    ),
)
