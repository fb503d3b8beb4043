"""What people have to enrol, and how good their passwords have to be."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.okta_policy import Path, changed, found, is_active
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# What a stolen password opens too is no second factor.
WEAK = frozenset({"okta_email", "okta_password"})
# What is asked for first where several could be: an app that everybody can have comes before a key that costs money.
PREFERRED = ("okta_verify", "okta_push", "okta_otp", "webauthn", "fido_webauthn", "google_otp")
REQUIRED, OPTIONAL = "REQUIRED", "OPTIONAL"
PASSWORD = ("settings", "password")
LENGTH: tuple[str, ...] = (*PASSWORD, "complexity", "minLength")
ATTEMPTS: tuple[str, ...] = (*PASSWORD, "lockout", "maxAttempts")
LEAST_LENGTH, MOST_ATTEMPTS = 12, 10
# What is asked for once something has to change: as much as control CW-IAM-04 does, so that it need not change again.
GOOD_LENGTH = 14


def asks_for_no_factor(policy: Resource, _: RuleContext) -> Observation | None:
    """Fires on a policy of enrolment that requires nothing but a password and an address."""
    choices = _choices(policy)
    if not is_active(policy, "MFA_ENROLL") or not choices or REQUIRED in [own for own, _ in choices.values()]:
        return None
    return Observation(
        reason=f"The policy {policy.name} requires nobody to enrol a second factor.",
        observed={key: own for key, (own, _) in choices.items()},
    )


def _choices(policy: Resource) -> dict[str, tuple[str | None, Path]]:
    """What people may enrol besides, by name: whether they must, and where that stands.

    Identity Engine has a list of authenticators, the classic engine and policies that were moved have factors by name.
    """
    listed = found(policy, "settings", "authenticators") or []
    stand: dict[str, tuple[Any, Path]] = {
        one["key"]: (one, ("settings", "authenticators", number)) for number, one in enumerate(listed)
    }
    for key, one in (found(policy, "settings", "factors") or {}).items():
        stand[key] = (one, ("settings", "factors", key))
    return {
        key: ((one.get("enroll") or {}).get("self"), (*path, "enroll", "self"))
        for key, (one, path) in stand.items()
        if key not in WEAK
    }


def require_factor(policy: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One of those that people may enrol becomes one that they must. Raises NoPlan where they may enrol none."""
    offered = {key: path for key, (own, path) in _choices(policy).items() if own == OPTIONAL}
    if not offered:
        raise NoPlan(f"The policy {policy.name} offers no second factor: decide first which one people shall have.")
    chosen = next((key for key in PREFERRED if key in offered), min(offered))
    says = f"Require everybody under the policy {policy.name} to enrol {chosen} at the next sign-in."
    return changed(policy, says, (offered[chosen], REQUIRED))


def has_weak_passwords(policy: Resource, _: RuleContext) -> Observation | None:
    """Fires on a policy that takes short passwords or lets them be tried without end."""
    if not is_active(policy, "PASSWORD"):
        return None
    stronger = _stronger(policy, LEAST_LENGTH)
    if not stronger:
        return None
    why = {LENGTH: "takes passwords that are too short", ATTEMPTS: "lets passwords be tried too often"}
    return Observation(
        reason=f"The policy {policy.name} {' and '.join(why[path] for path in stronger)}.",
        observed={path[-1]: found(policy, *path) for path in (LENGTH, ATTEMPTS)},
    )


def _stronger(policy: Resource, least: int) -> dict[tuple[str, ...], int]:
    """What has to change for passwords of at least so many letters, and a lock."""
    length, attempts = found(policy, *LENGTH), found(policy, *ATTEMPTS)
    is_short = length is not None and length < least
    is_endless = attempts is not None and (attempts == 0 or attempts > MOST_ATTEMPTS)
    return {**({LENGTH: least} if is_short else {}), **({ATTEMPTS: MOST_ATTEMPTS} if is_endless else {})}


def strengthen(policy: Resource, _: RuleContext) -> tuple[Step, ...]:
    """What is weaker than it should be becomes as strong."""
    wanted = _stronger(policy, GOOD_LENGTH)
    words = {LENGTH: f"passwords of {GOOD_LENGTH} letters", ATTEMPTS: f"a lock after {MOST_ATTEMPTS} wrong ones"}
    says = f"Ask for {' and '.join(words[path] for path in wanted)} by the policy {policy.name}."
    return changed(policy, says, *wanted.items())


def _policy(type: str, status: str, settings: dict[str, Any]) -> Resource:
    config = {"id": "policy-1", "name": "Staff", "status": status, "type": type, "settings": settings}
    return Resource(kind=ResourceKind.OKTA_POLICY, native_id="policy-1", name="Staff", config=config)


def _enrolment(status: str = "ACTIVE", **chosen: str) -> Resource:
    found = [{"key": key, "enroll": {"self": own}} for key, own in chosen.items()]
    return _policy("MFA_ENROLL", status, {"type": "AUTHENTICATORS", "authenticators": found})


def _passwords(length: int | None, attempts: int | None, status: str = "ACTIVE", type: str = "PASSWORD") -> Resource:
    password = {"complexity": {"minLength": length, "minNumber": 1}, "lockout": {"maxAttempts": attempts}}
    return _policy(type, status, {"password": password})


MFA_ENROLL = Rule(
    id="okta-mfa-enroll",
    title="Nobody has to enrol a second factor",
    description="Where people need not enrol a second factor, no policy can ask them for one.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.OKTA_POLICY,
    permissions=("okta.policies.read",),
    source="Okta Management API, policies MFA_ENROLL (enroll.self of authenticators)",
    blind_spots="A security question that is required counts as much as a key. Whom the policy is for is not seen.",
    needs=("settings", "type"),
    check=asks_for_no_factor,
    group="mfa",
    remedy=Remedy(
        says="Requires one of the factors that people may enrol already.",
        plan=require_factor,
        reversible=Reversible.YES,
        permissions=("okta.policies.manage",),
    ),
    examples=(
        fires(_enrolment(okta_email="REQUIRED", webauthn="OPTIONAL", okta_verify="OPTIONAL")),
        fires(_enrolment(okta_email="REQUIRED", phone_number="OPTIONAL")),
        fires(_enrolment(okta_verify="NOT_ALLOWED")),
        fires(_policy("MFA_ENROLL", "ACTIVE", {"factors": {"okta_otp": {"enroll": {"self": "OPTIONAL"}}}})),
        quiet(_enrolment(okta_verify="REQUIRED")),
        quiet(_enrolment("INACTIVE", okta_verify="OPTIONAL")),
        quiet(_enrolment()),
    ),
)

PASSWORD_POLICY = Rule(
    id="okta-password-policy",
    title="Passwords may be weak",
    description="Short passwords are guessed, and any password is where it may be tried for ever.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.OKTA_POLICY,
    permissions=("okta.policies.read",),
    source="Okta Management API, policies PASSWORD (minLength, maxAttempts); NIST SP 800-63B",
    blind_spots="Passwords kept by another directory follow that one's rules. Those in use stay as they are.",
    needs=("settings", "type"),
    check=has_weak_passwords,
    group="identity",
    remedy=Remedy(
        says="Asks for longer passwords, and locks after ten wrong ones.",
        plan=strengthen,
        reversible=Reversible.YES,
        permissions=("okta.policies.manage",),
    ),
    examples=(
        fires(_passwords(8, 10)),
        fires(_passwords(12, 0)),
        fires(_passwords(8, 11)),
        quiet(_passwords(12, 10)),
        quiet(_passwords(None, None)),
        quiet(_passwords(8, 0, status="INACTIVE")),
        quiet(_passwords(8, 0, type="MFA_ENROLL")),
    ),
)
