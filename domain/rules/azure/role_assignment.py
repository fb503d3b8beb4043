"""Owners of a subscription: too many of them, or from outside."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import is_same, kept, on, own, subscription_of
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

ASSIGNMENT = "Microsoft.Authorization/roleAssignments/{roleAssignmentName}"
# Source: "Azure built-in roles", Owner.
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
# What of an assignment can be given. Source: Role Assignments - Create.
GIVEN = (
    *("principalId", "principalType", "roleDefinitionId", "description", "condition", "conditionVersion"),
    "delegatedManagedIdentityResourceId",
)


def is_one_too_many(assignment: Resource, context: RuleContext) -> Observation | None:
    """Fires on guests who are owners, and on the owners above `max_owners` that were made last."""
    if not _is_owner(assignment):
        return None
    owners = _owners(context)
    who, is_guest = _called(assignment, context), _is_guest(assignment, context)
    if not is_guest and assignment.native_id not in [
        one.native_id for one in owners[context.parameters["max_owners"] :]
    ]:
        return None
    why = "a guest from another directory" if is_guest else f"one of {len(owners)} owners"
    return Observation(
        reason=f"{who} owns the subscription by the assignment {assignment.name}, and is {why}.",
        observed={"principalId": own(assignment).get("principalId"), "owners": len(owners), "is_guest": is_guest},
    )


def take_away(assignment: Resource, context: RuleContext) -> tuple[Step, ...]:
    """That one assignment goes. Somebody always stays."""
    others = [one for one in _owners(context) if one.native_id != assignment.native_id]
    if not any(not _is_guest(one, context) for one in others):
        raise NoPlan("Nobody else of your directory owns the subscription: make another owner first.")
    who = _called(assignment, context)
    again = Step(
        name="assign",
        says=f"Make {who} an owner again.",
        call=on(f"PUT {ASSIGNMENT}", assignment.native_id, properties=kept(own(assignment), GIVEN)),
        gone=("RoleAssignmentExists",),
    )
    return (
        Step(
            name="take-away",
            says=f"Take the role Owner of the subscription away from {who}.",
            call=on(f"DELETE {ASSIGNMENT}", assignment.native_id),
            gone=("RoleAssignmentNotFound",),
            undo=(again,),
        ),
    )


def _is_owner(assignment: Resource) -> bool:
    """Of the subscription as a whole: owners of what is below it or above it are no concern here."""
    role = str(own(assignment).get("roleDefinitionId") or "")
    scope = str(own(assignment).get("scope") or "")
    return role.lower().endswith(OWNER) and is_same(scope, subscription_of(assignment.native_id))


def _owners(context: RuleContext) -> list[Resource]:
    """Those made first stand first, guests last."""
    found = [one for one in context.every(ResourceKind.AZURE_ROLE_ASSIGNMENT) if _is_owner(one)]
    return sorted(found, key=lambda one: (_is_guest(one, context), str(own(one).get("createdOn")), one.native_id))


def _person(assignment: Resource, context: RuleContext) -> Resource | None:
    return context.find(ResourceKind.ENTRA_USER, str(own(assignment).get("principalId")))


def _is_guest(assignment: Resource, context: RuleContext) -> bool:
    person = _person(assignment, context)
    return person is not None and person.config.get("userType") == "Guest"


def _called(assignment: Resource, context: RuleContext) -> str:
    """The name of the person, else what kind of thing it is and its id."""
    person = _person(assignment, context)
    told = own(assignment)
    return person.name if person else f"{told.get('principalType') or 'The principal'} {told.get('principalId')}"


def _assignment(name: str, scope: str = "/subscriptions/s1", role: str = OWNER) -> Resource:
    """For the examples; the principal has the name of the assignment, and a later name was made later."""
    roles = "/subscriptions/s1/providers/Microsoft.Authorization/roleDefinitions"
    properties: dict[str, Any] = {
        "principalId": name,
        "principalType": "User",
        "roleDefinitionId": f"{roles}/{role}",
        "scope": scope,
        "createdOn": f"2026-01-01T00:00:00.{name}Z",
    }
    return Resource(
        kind=ResourceKind.AZURE_ROLE_ASSIGNMENT,
        native_id=f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        name=name,
        config={"properties": properties},
    )


def _user(name: str, kind: str = "Member") -> Resource:
    config = {"userType": kind}
    return Resource(kind=ResourceKind.ENTRA_USER, native_id=name, name=f"{name}@example.com", config=config)


_THREE = {"max_owners": 3}
_FOUR = tuple(_assignment(name) for name in ("1", "2", "3", "4"))

OWNER_SPRAWL = Rule(
    id="azure-owner-sprawl",
    title="Subscription has too many owners, or a guest as one",
    description="Every owner can do everything, and make others owners. Each more is one more way in.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_ROLE_ASSIGNMENT,
    permissions=("Microsoft.Authorization/roleAssignments/read", "User.Read.All"),
    source="CIS Azure Foundations and Defender for Cloud, at most three owners, no guests; Role Assignments - List",
    blind_spots="A group counts as one owner, whoever is in it. Owners by management groups are not counted, and "
    "rights that are only eligible are not seen. Which owners can go is for you to say: those made last are named.",
    parameters=(Parameter(name="max_owners", default=3, meaning="Owners a subscription may have.", least=1),),
    needs=("properties",),
    also_reads=(ResourceKind.ENTRA_USER, ResourceKind.AZURE_ROLE_ASSIGNMENT),
    check=is_one_too_many,
    group="identity",
    remedy=Remedy(
        says="Takes the role away from that owner.",
        plan=take_away,
        reversible=Reversible.YES,
        permissions=("Microsoft.Authorization/roleAssignments/delete", "Microsoft.Authorization/roleAssignments/write"),
    ),
    examples=(
        fires(_FOUR[3], *_FOUR[:3], parameters=_THREE),
        fires(_FOUR[0], _FOUR[1], _user("1", "Guest"), _user("2"), parameters=_THREE),
        fires(_FOUR[0], _user("1", "Guest"), parameters=_THREE),
        quiet(_FOUR[0], *_FOUR[1:], parameters=_THREE),
        # A guest is the one too many.
        quiet(_FOUR[3], *_FOUR[:3], _user("2", "Guest"), parameters=_THREE),
        quiet(_assignment("9", role="b24988ac-6180-42a0-ab88-20f7382dd24c"), *_FOUR, parameters=_THREE),
        quiet(_assignment("9", scope="/subscriptions/s1/resourceGroups/rg1"), *_FOUR, parameters=_THREE),
    ),
)
