"""What every minute tells: held messages whose time has come, digests, summaries, and alerts nobody acknowledges."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from bson import ObjectId

from documents.alert import AlertState
from documents.delivery import add_delivery
from documents.escalation import alert_of, claim_escalation, due_escalations, stop_escalations
from documents.hold import AT_ONCE, channels_with_due_holds, due_holds, fold, give_up, hold_on, release
from documents.noise_meter import take_room
from documents.routing import alert_facts, load_routing
from documents.transaction import Transaction
from domain.alerting.quiet import limit_of, quiet_until
from domain.alerting.route import HoldReason, KnownChannel, tell_again
from domain.facts.notice import NoticeKind
from domain.facts.severity import Severity
from jobs.context import JobContext
from jobs.notices import teller_of
from jobs.telling import key_of, tell

log = structlog.get_logger()
Due = tuple[ObjectId, ObjectId, HoldReason]
Holds = Sequence[Mapping[str, Any]]
# What is told one by one when its time has come; the rest is told of in one message.
_ONE_BY_ONE = (HoldReason.DELAY, HoldReason.QUIET)


async def tell_later(ctx: dict[str, Any]) -> int:
    """All that is due now; returns how many held messages and steps were worked on. Serves all tenants.

    Several workers may do this at once: what one has claimed the others do not find. What fails for one channel does
    not keep the others from being told; it is tried again in a minute.
    """
    context: JobContext = ctx["context"]
    done = 0
    for due in await channels_with_due_holds(context.now()):
        done += await _tried(partial(_end_waiting, context, due), channel_id=str(due[1]))
    for step in await due_escalations(context.now()):
        done += await _tried(partial(_escalate, context, step), alert_id=str(step["alert_id"]))
    return done


async def _tried(work: Callable[[], Awaitable[int]], **about: str) -> int:
    try:
        return await work()
    except Exception:  # one tenant's trouble must not become another's silence
        log.exception("telling_failed", **about)
        return 0


async def _end_waiting(context: JobContext, due: Due) -> int:
    org_id, channel_id, reason = due
    now, done = context.now(), 0

    async def change(tx: Transaction) -> int:
        holds = await due_holds(org_id, channel_id, reason, now, tx.session)
        if holds:
            channel = (await load_routing(org_id, now, tx.session)).channels.get(str(channel_id))
            if channel is None or not channel.is_usable:
                await give_up(tx, holds, "The channel cannot be used any more.")
            elif reason in _ONE_BY_ONE:
                await _tell_each(tx, context, channel, holds)
            else:
                await _tell_together(tx, context, channel, reason, holds)
        return len(holds)

    while taken := await context.writer.commit(change):
        done += taken
        if taken < AT_ONCE:
            break
    return done


async def _tell_each(tx: Transaction, context: JobContext, channel: KnownChannel, holds: Holds) -> None:
    """The worst first, as long as the channel takes them; the rest comes in a summary."""
    now = context.now()
    for hold in sorted(holds, key=lambda hold: Severity(hold["severity"]).rank):
        if end := quiet_until(channel.quiet, now, Severity(hold["severity"])):
            await hold_on(tx, hold, HoldReason.QUIET, end)
        elif full := await take_room(hold["org_id"], hold["channel_id"], limit_of(channel.quiet), now, tx.session):
            await hold_on(tx, hold, HoldReason.NOISE, full)
        else:
            await release(tx, hold, now)


async def _tell_together(
    tx: Transaction, context: JobContext, channel: KnownChannel, reason: HoldReason, holds: Holds
) -> None:
    now, org_id = context.now(), holds[0]["org_id"]
    worst = min((Severity(hold["severity"]) for hold in holds), key=lambda severity: severity.rank)
    is_digest = reason is HoldReason.DIGEST
    if end := quiet_until(channel.quiet, now, None if is_digest else worst):
        for hold in holds:
            await hold_on(tx, hold, reason, end)
        return
    kind = NoticeKind.DIGEST if is_digest else NoticeKind.SUMMARY
    notice = (await teller_of(context, org_id)).gathered(kind, reason, holds, now)
    # The first of them stands in no other digest, so this key names this one.
    told = await add_delivery(tx, org_id, ObjectId(channel.id), f"{notice.subject}:{channel.id}", notice)
    if told is not None:
        await fold(tx, holds, told)


async def _escalate(context: JobContext, step: dict[str, Any]) -> int:
    now, org_id = context.now(), step["org_id"]

    async def change(tx: Transaction) -> int:
        if not await claim_escalation(step, now, tx.session):
            return 0
        raw = await alert_of(step, tx.session)
        if raw is None or raw["state"] != AlertState.OPEN:
            await stop_escalations(org_id, step["alert_id"], tx.session)
            return 0
        routing, facts = await load_routing(org_id, now, tx.session), alert_facts(raw, now)
        notice = (await teller_of(context, org_id, [raw])).alert(NoticeKind.ESCALATED, raw, now)
        for channel in (routing.channels[str(id)] for id in step["channel_ids"] if str(id) in routing.channels):
            if channel.is_usable:
                telling = tell_again(facts, channel, routing.windows, now)
                key = key_of(raw, channel.id, f"escalated-{step['_id']}-{step['told']}")
                await tell(tx, org_id, channel, key, notice, now, telling)
        return 1

    return await context.writer.commit(change)
