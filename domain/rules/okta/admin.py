"""Rights over everything that too many have, and tokens that nobody uses."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

SUPER = "SUPER_ADMIN"
ROLES = "/api/v1/users/{userId}/roles"


def is_one_too_many(admin: Resource, context: RuleContext) -> Observation | None:
    """Fires on the super administrators of whom there are too many: those who got the role last."""
    found = {one.native_id: role for one in context.every(ResourceKind.OKTA_ADMIN) if (role := _super_role(one))}
    most = context.parameters["max_admins"]
    by_age = sorted(found, key=lambda native_id: (str(found[native_id].get("created")), native_id))
    if admin.native_id not in by_age[most:]:
        return None
    return Observation(
        reason=f"{_who(admin)} is one of {len(found)} super administrators, where {most} are enough.",
        observed={"super_admins": len(found), "since": found[admin.native_id].get("created")},
    )


def _super_role(admin: Resource) -> dict[str, Any] | None:
    roles = admin.config.get("roles") or []
    return next(
        (role for role in roles if role.get("type") == SUPER and role.get("status", "ACTIVE") == "ACTIVE"), None
    )


def _who(admin: Resource) -> str:
    profile = (admin.config.get("user") or {}).get("profile") or {}
    return f"{profile.get('login', 'Somebody')} ({admin.native_id})"


def take_role(admin: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The role goes. Raises NoPlan for one that comes with a group."""
    role = _super_role(admin) or {}
    if role.get("assignmentType") == "GROUP":
        raise NoPlan(f"{_who(admin)} has the role through a group: change the group, or who is in it.")
    who = {"userId": admin.native_id}
    back = Step(
        name="give",
        says=f"Make {_who(admin)} a super administrator again.",
        call=Call(operation=f"POST {ROLES}", arguments={**who, "type": SUPER}),
        found=Look(call=Call(operation=f"GET {ROLES}", arguments=who), path=f"type={SUPER}"),
    )
    return (
        Step(
            name="take",
            says=f"Take the role of a super administrator from {_who(admin)}.",
            call=Call(
                operation=f"DELETE {ROLES}/{{roleAssignmentId}}", arguments={**who, "roleAssignmentId": role["id"]}
            ),
            gone=("404",),
            undo=(back,),
        ),
    )


def is_unused(token: Resource, context: RuleContext) -> Observation | None:
    """Fires on a token that was last renewed, which each use does, longer ago than `unused_days`."""
    last = token.config.get("lastUpdated")
    if not last:
        return None
    since = datetime.fromisoformat(last)
    if context.now - since <= context.days("unused_days"):
        return None
    return Observation(
        reason=f"The API token {token.name} has not been used since {since:%Y-%m-%d} and is still good.",
        observed={"lastUpdated": last, "userId": token.config.get("userId")},
    )


def revoke(token: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The token goes for good."""
    call = Call(operation="DELETE /api/v1/api-tokens/{apiTokenId}", arguments={"apiTokenId": token.native_id})
    says = f"Revoke the API token {token.name} ({token.native_id}) for good."
    return (Step(name="revoke", says=says, call=call, gone=("404",)),)


def _admin(number: int, *, assigned: str = "USER", type: str = SUPER, **config: Any) -> Resource:
    """An administrator for the examples who has had the role for so many days less than the first one."""
    since = (EXAMPLE_NOW - timedelta(days=100 - number)).isoformat()
    role = {"id": f"role-{number}", "type": type, "status": "ACTIVE", "assignmentType": assigned, "created": since}
    person = {"profile": {"login": f"admin-{number}@example.com"}}
    native_id = f"00u{number}"
    plain = {"id": native_id, "user": person, "roles": [role]}
    return Resource(kind=ResourceKind.OKTA_ADMIN, native_id=native_id, name=native_id, config={**plain, **config})


def _token(days: int) -> Resource:
    last = (EXAMPLE_NOW - timedelta(days=days)).isoformat()
    config = {"lastUpdated": last, "userId": "00u1"}
    return Resource(kind=ResourceKind.OKTA_API_TOKEN, native_id="00T1", name="ci", config=config)


FOUR = tuple(_admin(number) for number in range(1, 5))
MOST = {"max_admins": 4}

ADMIN_SPRAWL = Rule(
    id="okta-admin-sprawl",
    title="Too many super administrators",
    description="Each account that may do everything is one more way to lose everything.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.OKTA_ADMIN,
    permissions=("okta.roles.read", "okta.users.read"),
    source="Okta Management API, roles of users",
    blind_spots="Who needs the role is not known: those who got it last are named. Custom roles that come near it, and "
    "service apps with it, do not count. If CloudWatcher's own token is that of the user, its rights go too.",
    parameters=(Parameter(name="max_admins", default=4, least=1, meaning="Super administrators that are enough."),),
    needs=("roles",),
    also_reads=(ResourceKind.OKTA_ADMIN,),
    check=is_one_too_many,
    group="identity",
    remedy=Remedy(
        says="Takes the role from the one who got it last.",
        plan=take_role,
        reversible=Reversible.YES,
        permissions=("okta.roles.manage",),
    ),
    examples=(
        fires(_admin(5), *FOUR, parameters=MOST),
        fires(_admin(5, assigned="GROUP", user=None), *FOUR, parameters=MOST),
        quiet(FOUR[0], *FOUR[1:], _admin(5), parameters=MOST),
        quiet(FOUR[3], *FOUR, _admin(5, type="HELP_DESK_ADMIN"), parameters=MOST),
    ),
)

API_TOKEN_UNUSED = Rule(
    id="okta-api-token-unused",
    title="API token is not used",
    description="A token does whatever its owner may do, for whoever holds a copy.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.OKTA_API_TOKEN,
    permissions=("okta.apiTokens.read",),
    source="Okta Management API, lastUpdated of API tokens",
    blind_spots="A token that is used once a year looks unused. Who holds it is not known.",
    parameters=(Parameter(name="unused_days", default=90, meaning="Days a token may go unused."),),
    needs=("lastUpdated",),
    check=is_unused,
    group="identity",
    remedy=Remedy(
        says="Revokes the token.",
        plan=revoke,
        reversible=Reversible.NO,
        loses="The token is gone for good.",
        permissions=("okta.apiTokens.manage",),
    ),
    examples=(
        fires(_token(91), parameters={"unused_days": 90}),
        quiet(_token(90), parameters={"unused_days": 90}),
        quiet(_token(91).model_copy(update={"config": {"lastUpdated": None}}), parameters={"unused_days": 90}),
    ),
)
