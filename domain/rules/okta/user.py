"""People whom nobody misses, and accounts that may be in strange hands."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

LIFECYCLE = "POST /api/v1/users/{id}/lifecycle"


def is_inactive(user: Resource, context: RuleContext) -> Observation | None:
    """Fires on an active user whose last sign-in is longer ago than `unused_days`."""
    last = user.config.get("lastLogin")
    if user.config.get("status") != "ACTIVE" or not last:
        return None
    since = datetime.fromisoformat(last)
    if context.now - since <= context.days("unused_days"):
        return None
    return Observation(
        reason=f"{user.name} has not signed in since {since:%Y-%m-%d} and may still do so.",
        observed={"status": "ACTIVE", "lastLogin": last},
    )


def suspend(user: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Suspended, with groups and apps kept. Raises NoPlan for the owner of API tokens, which would stop too."""
    tokens = context.every(ResourceKind.OKTA_API_TOKEN)
    owned = [one.name for one in tokens if one.config.get("userId") == user.native_id]
    if owned:
        raise NoPlan(f"The API tokens {', '.join(owned)} of {user.name} would stop working: give them away first.")
    back = _moved(user, "unsuspend", f"Let {user.name} sign in again.", "ACTIVE")
    says = f"Suspend {user.name}: no more sign-ins, while groups and apps stay."
    return (_moved(user, "suspend", says, "SUSPENDED", (back,)),)


def _moved(user: Resource, verb: str, says: str, status: str, undo: tuple[Step, ...] = ()) -> Step:
    """A step of the user's life. The status it leads to shows that it was made."""
    who = {"id": user.native_id}
    return Step(
        name=verb.replace("_", "-"),
        says=says,
        call=Call(operation=f"{LIFECYCLE}/{verb}", arguments=who),
        found=Look(call=Call(operation="GET /api/v1/users/{id}", arguments=who), path=f"status={status}.id"),
        undo=undo,
    )


def is_suspected(user: Resource, _: RuleContext) -> Observation | None:
    """Fires on an active user of whom something was reported since the password was last changed."""
    reported = sorted(user.config.get("suspicions") or [], key=lambda one: str(one["published"]))
    if user.config.get("status") != "ACTIVE" or not reported:
        return None
    newest, changed = reported[-1], user.config.get("passwordChanged")
    at = datetime.fromisoformat(newest["published"])
    if changed and datetime.fromisoformat(changed) > at:
        return None
    return Observation(
        reason=f"The account of {user.name} may be in strange hands: {newest['eventType']} on {at:%Y-%m-%d}.",
        observed={"suspicions": reported, "passwordChanged": changed},
    )


def shut_out(user: Resource, _: RuleContext) -> tuple[Step, ...]:
    """All sessions end, and a new password is due. Undone by a letter that lets the user set one."""
    back = _moved(user, "reset_password", f"Send {user.name} a letter to set a new password with.", "RECOVERY")
    ended = Step(
        name="end-sessions",
        says=f"End every session of {user.name} and revoke the tokens given out in them.",
        call=Call(operation="DELETE /api/v1/users/{userId}/sessions", arguments={"userId": user.native_id}),
    )
    says = f"Let the password of {user.name} expire: a new one is due at the next sign-in."
    return (ended, _moved(user, "expire_password", says, "PASSWORD_EXPIRED", (back,)))


def _user(days: int | None = 1, **config: Any) -> Resource:
    """An active user for the examples, who signed in so many days ago."""
    last = None if days is None else _ago(days)
    plain: dict[str, Any] = {
        "id": "00u1",
        "status": "ACTIVE",
        "lastLogin": last,
        "passwordChanged": _ago(100),
        "suspicions": [],
    }
    whole = {**plain, **config}
    return Resource(kind=ResourceKind.OKTA_USER, native_id="00u1", name="ann@example.com", config=whole)


def _ago(days: int) -> str:
    return (EXAMPLE_NOW - timedelta(days=days)).isoformat()


def _token(owner: str) -> Resource:
    return Resource(kind=ResourceKind.OKTA_API_TOKEN, native_id="00T1", name="ci", config={"userId": owner})


def _suspicion(days: int) -> dict[str, str]:
    event = "user.account.report_suspicious_activity_by_enduser"
    return {"uuid": f"event-{days}", "eventType": event, "published": _ago(days)}


USER_INACTIVE = Rule(
    id="okta-user-inactive",
    title="User has not signed in for long",
    description="An account that nobody uses is one that nobody watches.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.OKTA_USER,
    permissions=("okta.apiTokens.read", "okta.users.read"),
    source="Okta Management API, lastLogin of a user",
    blind_spots="Who never signed in has no such time and is left alone. Sessions on devices go on without a sign-in.",
    parameters=(Parameter(name="unused_days", default=90, meaning="Days a user may stay away."),),
    needs=("status", "lastLogin"),
    also_reads=(ResourceKind.OKTA_API_TOKEN,),
    check=is_inactive,
    group="identity",
    remedy=Remedy(
        says="Suspends the user.",
        plan=suspend,
        reversible=Reversible.YES,
        permissions=("okta.users.manage",),
    ),
    examples=(
        fires(_user(91), _token("00u2"), parameters={"unused_days": 90}),
        fires(_user(91), _token("00u1"), parameters={"unused_days": 90}),
        quiet(_user(90), parameters={"unused_days": 90}),
        quiet(_user(None), parameters={"unused_days": 90}),
        quiet(_user(91, status="SUSPENDED"), parameters={"unused_days": 90}),
    ),
)

COMPROMISED_USER = Rule(
    id="okta-compromised-user",
    title="Account may be in strange hands",
    description="Somebody reported activity that is not theirs, or Okta saw a threat. Sessions have to end at once.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.OKTA_USER,
    permissions=("okta.logs.read", "okta.users.read"),
    source="Okta System Log, user.account.report_suspicious_activity_by_enduser and security.threat.detected",
    blind_spots="Only what the System Log says of the user in the last 30 days: travel that is impossible is told by "
    "detectors of anomalies, not here. A threat without a named user is nobody's. The password of a user of another "
    "directory cannot expire here.",
    needs=("suspicions", "status"),
    check=is_suspected,
    group="response",
    remedy=Remedy(
        says="Ends the user's sessions and lets the password expire.",
        plan=shut_out,
        reversible=Reversible.PARTLY,
        loses="Sessions and tokens that were ended stay so, and the old password is gone: the user sets a new one.",
        permissions=("okta.users.manage",),
    ),
    examples=(
        fires(_user(suspicions=[_suspicion(3), _suspicion(9)])),
        fires(_user(suspicions=[_suspicion(3)], passwordChanged=None)),
        quiet(_user(suspicions=[_suspicion(3)], passwordChanged=_ago(2))),
        quiet(_user(suspicions=[_suspicion(3)], status="PASSWORD_EXPIRED")),
        quiet(_user()),
    ),
)
