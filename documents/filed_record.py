"""What people decide and file for compliance as controls look at it, as plain rows; None: nothing is recorded yet.

The rows of an operation have the fields that `domain/compliance/own_records.py` says. Times are aware.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.attestation import accepted_statements
from documents.compliance_settings import controls_in_force
from documents.control_owner import ControlOwner
from documents.policy import Policy, PolicyAcknowledgement, policies_in_force
from documents.user import Membership, Role, User
from domain.compliance.attested import rows_in_force
from domain.facts.governance import AttestationKind, OwnerRole
from domain.facts.scope import Scope

Rows = list[dict[str, Any]]


async def attested(kind: AttestationKind, scope: Scope, now: datetime) -> Rows | None:
    """What was stated about this and accepted, unless it has expired."""
    stated = await accepted_statements(ObjectId(scope.only()), kind, now)
    return None if stated is None else rows_in_force(kind, stated)


async def control_owners(scope: Scope, _: datetime) -> Rows | None:
    """Every control that somebody has a role for. Nothing that is assigned has a date yet, so nothing is overdue.

    Owners of checks stay while their bundle is off; they are not told of until it is on again.
    """
    judged = [control.id for control in await controls_in_force(ObjectId(scope.only()))]
    query = {**ControlOwner.within(scope), "control_id": {"$in": judged}}
    stored = await ControlOwner.rows().find(query).sort("control_id", 1).to_list()
    if not stored:
        return None
    by_control: dict[str, dict[str, ObjectId]] = {}
    for raw in stored:
        by_control.setdefault(raw["control_id"], {})[raw["role"]] = raw["user_id"]
    owners = {people[OwnerRole.OWNER] for people in by_control.values() if OwnerRole.OWNER in people}
    emails, active = await _people(scope, owners)
    return [_ownership(control_id, people, emails, active) for control_id, people in by_control.items()]


async def policies(scope: Scope, _: datetime) -> Rows | None:
    """Every policy that was not put away, in the version in force; `version` is 0 before one is."""
    stored = await Policy.rows().find({**Policy.within(scope), "archived_at": None}).sort("name", 1).to_list()
    return [
        {
            "policy": raw["name"],
            "is_required": raw["is_required"],
            "version": str(raw["in_force"] or 0),
            "approved_at": raw["approved_at"],
            "approved_by": _text(raw["approved_by"]),
            "next_review_at": raw["next_review_at"],
        }
        for raw in stored
    ] or None


async def policy_acknowledgements(scope: Scope, _: datetime) -> Rows | None:
    """How many of the members have acknowledged each policy in force. Auditors are no staff and owe nothing."""
    stored = await policies_in_force([ObjectId(scope.only())])
    if not stored:
        return None
    query = {**Membership.within(scope), "deactivated_at": None, "role": {"$ne": Role.AUDITOR.value}}
    everybody = [raw["user_id"] async for raw in Membership.rows().find(query, {"_id": 0, "user_id": 1})]
    emails, active = await _people(scope, everybody)
    return [
        {
            "policy": raw["name"],
            "version": str(raw["in_force"]),
            "acknowledged": await _acknowledged(raw, active),
            "required": len(active),
            "required_emails": sorted(emails[id] for id in active),
        }
        for raw in stored
    ]


async def _acknowledged(policy: dict[str, Any], people: Collection[ObjectId]) -> int:
    of = {"org_id": policy["org_id"], "policy_id": policy["_id"], "number": policy["in_force"]}
    return await PolicyAcknowledgement.rows().count_documents({**of, "user_id": {"$in": list(people)}})


def _ownership(
    control_id: str, people: dict[str, ObjectId], emails: dict[ObjectId, str], active: Collection[ObjectId]
) -> dict[str, Any]:
    owner, backup, tester = (people.get(role) for role in (OwnerRole.OWNER, OwnerRole.BACKUP, OwnerRole.TESTER))
    return {
        "control_id": control_id,
        "owner_user_id": _text(owner),
        "owner_email": None if owner is None else emails.get(owner),
        "owner_is_active": owner in active,
        "backup_user_id": _text(backup),
        "tester_user_id": _text(tester),
        "overdue_actions": 0,
    }


def _text(id: ObjectId | None) -> str | None:
    return None if id is None else str(id)


async def _people(scope: Scope, ids: Collection[ObjectId]) -> tuple[dict[ObjectId, str], set[ObjectId]]:
    """The addresses of these people who still have an account, and those of them who are members in force."""
    fields = {"email": 1, "deactivated_at": 1}
    people = await User.get_pymongo_collection().find({"_id": {"$in": list(ids)}}, fields).to_list()
    active = [raw["_id"] for raw in people if raw.get("deactivated_at") is None]
    query = {**Membership.within(scope), "user_id": {"$in": active}, "deactivated_at": None}
    members = {raw["user_id"] async for raw in Membership.rows().find(query, {"_id": 0, "user_id": 1})}
    return {raw["_id"]: raw["email"] for raw in people}, members
