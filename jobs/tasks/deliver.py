"""Sends one message to one channel, at least once: one that is sent again after a crash has the same key outside."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from bson import ObjectId

from connectors.channels.channel import Sent
from connectors.guarding.patience import Resting
from documents.channel import Channel
from documents.channel_change import find_channel, found_failing, found_working
from documents.delivery import DELIVER, USABLE, Delivery, ask_delivery
from documents.delivery_run import claim_delivery, due_deliveries, end_delivery, is_given_up, put_off
from documents.outbox import asked_jobs
from documents.transaction import Transaction
from domain.errors import ProviderError, Throttled
from domain.facts.channel import ChannelState, DeliveryState
from domain.facts.notice import NoticeKind
from jobs.channel_sending import send_message
from jobs.context import JobContext

log = structlog.get_logger()

# 10 s, 20 s, 40 s, up to an hour: about thirty tries in a day.
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
UNVERIFIED_PAUSE = timedelta(minutes=1)
# Whoever waits for a test wants to know now.
TEST_TRIES = 2
NOTHING = "NOTHING_DUE"
# Asks of one transaction: larger ones meet those of others, and begin anew.
ASKED_AT_ONCE = 50
_sweeping = asyncio.Lock()


async def deliver(ctx: dict[str, Any], *, org_id: str, delivery_id: str) -> str:
    """Try it once, when it is due; returns what became of it. What is to be tried again the sweep asks for."""
    context: JobContext = ctx["context"]
    delivery = await claim_delivery(ObjectId(org_id), ObjectId(delivery_id), context.now())
    if delivery is None:
        return NOTHING
    channel = await find_channel(delivery.org_id, delivery.channel_id)
    if channel is None or channel.state is ChannelState.DISABLED:
        problem = "The channel was deleted." if channel is None else "The channel is disabled."
        return await _end(context, delivery, DeliveryState.FAILED, problem=problem)
    if is_given_up(delivery, context.now() - LONGEST_PAUSE):
        return await _end(context, delivery, DeliveryState.EXPIRED, problem=delivery.problem)
    if channel.state not in USABLE and delivery.kind is not NoticeKind.TEST:
        return await _later(context, delivery, "Waits until a test message has reached the channel.", UNVERIFIED_PAUSE)
    try:
        sent, note = await send_message(context, delivery, channel)
    except ProviderError as error:
        return await _refused(context, delivery, channel, error)
    return await _sent(context, delivery, channel, sent, note)


async def _sent(context: JobContext, delivery: Delivery, channel: Channel, sent: Sent, note: str | None) -> str:
    at = context.now()
    fields = {"answer": sent.answer[:500], "reference": sent.reference, "problem": note, "sent_at": at}

    async def change(tx: Transaction) -> None:
        if await end_delivery(tx, delivery, DeliveryState.SENT, **fields):
            await found_working(tx, channel, at, is_test=delivery.kind is NoticeKind.TEST)

    await context.writer.commit(change)
    return DeliveryState.SENT.value


async def _refused(context: JobContext, delivery: Delivery, channel: Channel, error: ProviderError) -> str:
    """A refusal that is final ends it, and so does the end of the day it is tried for."""
    at, problem = context.now(), error.message[:500]
    is_over = not error.is_retryable or is_given_up(delivery, at) or _is_impatient(delivery)
    log.warning("delivery_refused", delivery_id=str(delivery.id), problem=problem, tries=delivery.tries)

    async def change(tx: Transaction) -> None:
        if is_over:
            state = DeliveryState.EXPIRED if error.is_retryable else DeliveryState.FAILED
            await end_delivery(tx, delivery, state, problem=problem)
        # A channel that is asked too much works; one that is left alone was found failing before.
        if not isinstance(error, Throttled | Resting):
            await found_failing(tx, channel, problem, at, is_final=not error.is_retryable)

    await context.writer.commit(change)
    if is_over:
        return (DeliveryState.EXPIRED if error.is_retryable else DeliveryState.FAILED).value
    return await _later(context, delivery, problem, max(pause_after(delivery.tries), error.retry_after or timedelta()))


def _is_impatient(delivery: Delivery) -> bool:
    return delivery.kind is NoticeKind.TEST and delivery.tries >= TEST_TRIES


def pause_after(tries: int) -> timedelta:
    """Until the next try: it doubles, with half of it up to chance."""
    most: timedelta = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    return most * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret


async def _later(context: JobContext, delivery: Delivery, problem: str, pause: timedelta) -> str:
    await put_off(delivery, context.now() + pause, problem)
    return DeliveryState.WAITING.value


async def _end(context: JobContext, delivery: Delivery, state: DeliveryState, problem: str | None) -> str:
    async def change(tx: Transaction) -> None:
        await end_delivery(tx, delivery, state, problem=problem)

    await context.writer.commit(change)
    return state.value


async def deliver_due(ctx: dict[str, Any]) -> int:
    """Ask for what is due: to be tried again, or left by a job that was lost; returns how many.

    What was asked for already is left alone, and one sweep of a process waits for no other: a long queue is no reason
    to ask more.
    """
    context: JobContext = ctx["context"]
    if _sweeping.locked():
        return 0
    async with _sweeping:
        due = await due_deliveries(context.now())
        asked = await asked_jobs([f"{DELIVER}:{delivery_id}" for _, delivery_id in due])
        left = [pair for pair in due if f"{DELIVER}:{pair[1]}" not in asked]
        for start in range(0, len(left), ASKED_AT_ONCE):
            await context.writer.commit(partial(_ask, left[start : start + ASKED_AT_ONCE]))
        return len(left)


async def _ask(due: Sequence[tuple[ObjectId, ObjectId]], tx: Transaction) -> None:
    for org_id, delivery_id in due:
        ask_delivery(tx, org_id, delivery_id)
