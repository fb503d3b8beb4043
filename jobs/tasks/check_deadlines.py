"""Looks every half hour what ends or is owed soon, and has controls judged by what has just ended.

An alert tells of each thing until it is renewed, done or over. Run twice, the second run changes nothing.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId

from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts, standing_alerts
from documents.check import is_judged_before
from documents.transaction import Transaction
from jobs.context import JobContext
from jobs.deadlines import PREFIX, Deadline, deadlines
from jobs.queue import ask_checks_of

Told = dict[PydanticObjectId, dict[str, Deadline]]


async def check_deadlines(ctx: dict[str, Any]) -> int:
    """Raise and end the alerts, and ask for judgements; returns how many alerts were raised."""
    context: JobContext = ctx["context"]
    at = context.now()
    told: Told = defaultdict(dict)
    over: dict[PydanticObjectId, set[str]] = defaultdict(set)
    async for one in deadlines(at):
        if one.is_told(at):
            told[one.org_id][one.fingerprint] = one
        over[one.org_id] |= await _outdated(one, at)
    raised = await _tell(context, told, at)
    for org_id, control_ids in over.items():
        if control_ids:
            await context.writer.commit(_asking(org_id, sorted(control_ids)))
    return raised


async def _outdated(one: Deadline, at: datetime) -> set[str]:
    """The controls that were not judged since it was due."""
    if at < one.due_at:
        return set()
    return {id for id in one.control_ids if await is_judged_before(one.org_id, id, one.due_at)}


def _asking(org_id: PydanticObjectId, control_ids: list[str]) -> Any:
    async def change(tx: Transaction) -> None:
        ask_checks_of(tx, org_id, control_ids)

    return change


async def _tell(context: JobContext, told: Told, at: datetime) -> int:
    standing = await standing_alerts(PREFIX)
    raised = 0
    for org_id in {*told, *standing}:
        current = told.get(org_id, {})
        raised += await context.writer.commit(_telling(org_id, current, standing.get(org_id, set()), at))
    return raised


def _telling(org_id: PydanticObjectId, told: Mapping[str, Deadline], standing: set[str], at: datetime) -> Any:
    async def change(tx: Transaction) -> int:
        await resolve_alerts(tx, org_id, sorted(standing - told.keys()), at)
        return sum([await raise_alert(tx, org_id, _cause(one), at) for one in told.values()])

    return change


def _cause(one: Deadline) -> Cause:
    return Cause(
        fingerprint=one.fingerprint,
        source=AlertSource.CHECK,
        severity=one.severity,
        category=AlertCategory.COMPLIANCE,
        title=one.title,
        message=one.message,
        account_id=one.account_id,
        is_once=True,
    )
