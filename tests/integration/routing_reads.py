"""What telling people of alerts reads and writes, for explaining."""

from datetime import timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.escalation import claim_escalation, due_escalations, stop_escalations
from documents.hold import cancel_holds, channels_with_due_holds, due_holds, fold, hold_on, is_asked, move_window_holds
from documents.noise_meter import take_room
from documents.routing import load_routing, told_channels
from documents.routing_rule import change_rule, move_rule
from documents.transaction import Transaction
from domain.alerting.quiet import USUAL_LIMIT
from domain.alerting.route import HoldReason
from tests.factories.crowd import START


async def read_all(client: Any, org_id: ObjectId, rule: Any) -> None:
    """Each of them once; nothing of it is kept."""
    async with client.start_session() as session:
        await session.start_transaction()
        await _told(session, org_id)
        await _held(session, org_id)
        await move_rule(rule, 0, None, session)
        await change_rule(rule, {"position": 5}, rule.version + 1, session)
        await session.abort_transaction()


async def _told(session: AsyncClientSession, org_id: ObjectId) -> None:
    await load_routing(org_id, START, session)
    await told_channels(org_id, "alert:1", [ObjectId(), ObjectId()], START, session)
    await is_asked(org_id, "key", session)
    await take_room(org_id, ObjectId(), USUAL_LIMIT, START, session)
    (step,) = await due_escalations(START + timedelta(days=9), limit=1)
    await claim_escalation(step, START, session)
    await stop_escalations(org_id, step["alert_id"], session)


async def _held(session: AsyncClientSession, org_id: ObjectId) -> None:
    tx, later = Transaction(session), START + timedelta(days=9)
    due = [one for one in await channels_with_due_holds(later) if one[0] == org_id]
    holds = await due_holds(*due[0], later, session)
    await hold_on(tx, holds[0], HoldReason.NOISE, later)
    await cancel_holds(tx, org_id, holds[0]["subject"], tuple(HoldReason), "over")
    await fold(tx, holds, ObjectId())
    await move_window_holds(org_id, ObjectId(), later, session)
