"""Reads what the checks say of controls: of an organization, and of one account. It changes nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from documents.organization import Organization
from domain.compliance.score import rolled_up
from domain.facts.compliance import CheckStatus, Integration
from domain.facts.governance import OwnerRole

# Of one bundle at most sixteen checks are told of; the same problem often is that of many accounts.
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What one procedure says; `account_id` is None where it judges our own records or those of people."""

    control_id: str
    integration: Integration
    account_id: ObjectId | None
    status: CheckStatus
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ControlRow:
    """What all procedures of a control say, and since when. `owner` is the id of the person who answers for it."""

    control_id: str
    status: CheckStatus
    since: datetime
    owner: str | None


def _collection(name: str) -> AsyncCollection[Mapping[str, Any]]:
    return Organization.get_pymongo_collection().database[name]


async def check_rows(
    org_id: ObjectId,
    *,
    account_id: ObjectId | None = None,
    control_id: str | None = None,
    session: AsyncClientSession | None = None,
) -> list[CheckRow]:
    """What each procedure says in an organization, of this account or this control alone where one is named."""
    query: dict[str, Any] = {"org_id": org_id}
    query |= {} if account_id is None else {"account_id": account_id}
    query |= {} if control_id is None else {"control_id": control_id}
    fields = {"_id": 0, "control_id": 1, "integration": 1, "account_id": 1, "status": 1, "changed_at": 1}
    return [_check(raw) async for raw in _collection("checks").find(query, fields, session=session)]


async def control_rows(org_id: ObjectId, session: AsyncClientSession | None = None) -> dict[str, ControlRow]:
    """What is said of each control of an organization, by its id; nothing of those that were never judged."""
    owned = _collection("control_owners").find({"org_id": org_id, "role": OwnerRole.OWNER.value}, session=session)
    owners = {raw["control_id"]: str(raw["user_id"]) async for raw in owned}
    fields = {"_id": 0, "control_id": 1, "status": 1, "since": 1}
    found = _collection("control_states").find({"org_id": org_id}, fields, session=session)
    return {raw["control_id"]: _control(raw, owners.get(raw["control_id"])) async for raw in found}


async def problems_of(org_id: ObjectId, control_ids: Collection[str]) -> dict[str, list[str]]:
    """Why procedures of these controls could not be assessed, by control; nothing of those that could."""
    query = {"org_id": org_id, "control_id": {"$in": sorted(control_ids)}, "problem": {"$ne": None}}
    found: dict[str, list[str]] = {}
    rows = _collection("checks").find(query, {"control_id": 1, "problem": 1}).sort("control_id", ASCENDING)
    async for raw in rows.limit(MOST_PROBLEMS):
        found.setdefault(raw["control_id"], []).append(raw["problem"])
    return found


async def statuses_in(
    org_id: ObjectId, account_id: ObjectId | None = None, session: AsyncClientSession | None = None
) -> dict[str, CheckStatus]:
    """The status of each control: of the organization, or of what is judged in one account."""
    if account_id is None:
        return {id: row.status for id, row in (await control_rows(org_id, session)).items()}
    rows = await check_rows(org_id, account_id=account_id, session=session)
    return rolled_up((row.control_id, row.status) for row in rows)


def _check(raw: Mapping[str, Any]) -> CheckRow:
    kinds = {"integration": Integration(raw["integration"]), "status": CheckStatus(raw["status"])}
    return CheckRow(**{**raw, **kinds})


def _control(raw: Mapping[str, Any], owner: str | None) -> ControlRow:
    return ControlRow(raw["control_id"], CheckStatus(raw["status"]), raw["since"], owner)
