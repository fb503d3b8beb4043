"""What is said now of one control in one organization: the worst of what its checks say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.check import statuses_of
from documents.transaction import Transaction
from domain.compliance.judging import roll_up
from domain.facts.compliance import CheckStatus

_BY_CONTROL = (("control_id", ASCENDING), ("_id", ASCENDING))


class ControlState(TenantDocument):
    """`checks` are the procedures that were judged, of which `assessed` could be assessed. `since` is when the status
    became what it is.
    """

    noun: ClassVar[str] = "control"

    control_id: str
    status: CheckStatus
    since: datetime
    assessed: int = 0
    checks: int = 0

    class Settings:
        name = "control_states"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("control_id", ASCENDING)], unique=True, name="natural"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), *_BY_CONTROL], name="org_control"),
            IndexModel([("org_id", ASCENDING), ("status", ASCENDING), *_BY_CONTROL], name="org_status_control"),
        ]


async def roll_up_controls(
    tx: Transaction, org_id: ObjectId, control_ids: Sequence[str], at: datetime
) -> Mapping[str, CheckStatus]:
    """Bring these controls to what their checks say now, as this transaction has them; returns it by control."""
    known = await _known(org_id, control_ids, tx.session)
    said = await statuses_of(org_id, control_ids, tx.session)
    for control_id, statuses in said.items():
        assessed = len([one for one in statuses if one is not CheckStatus.NOT_ASSESSED])
        now = {"status": roll_up(statuses).value, "assessed": assessed, "checks": len(statuses)}
        before = known.get(control_id, {})
        if now.items() <= before.items():
            continue
        since = before["since"] if before.get("status") == now["status"] else at
        await ControlState.rows().update_one(
            {"org_id": org_id, "control_id": control_id},
            {"$set": {**now, "since": since}, "$setOnInsert": {"created_at": at}},
            upsert=True,
            session=tx.session,
        )
    return {control_id: roll_up(statuses) for control_id, statuses in said.items()}


async def _known(
    org_id: ObjectId, control_ids: Sequence[str], session: AsyncClientSession
) -> dict[str, dict[str, Any]]:
    query = {"org_id": org_id, "control_id": {"$in": list(control_ids)}}
    return {raw["control_id"]: raw async for raw in ControlState.rows().find(query, session=session)}


async def forget_controls(org_id: ObjectId, control_ids: Sequence[str], session: AsyncClientSession) -> None:
    """Drop controls that there are no more."""
    await ControlState.rows().delete_many(
        {"org_id": org_id, "control_id": {"$nin": list(control_ids)}}, session=session
    )
