"""Partners' webhooks: each event of a topic that a webhook wants becomes a message with the webhook's next number."""

from collections.abc import Sequence
from datetime import timedelta

from bson import ObjectId

from documents.channel import Channel
from documents.channel_change import next_sequence, webhooks_of
from documents.delivery import add_delivery
from documents.transaction import Transaction
from domain.facts.event import LoggedEvent
from domain.facts.notice import Notice, NoticeKind
from jobs.consumer import Consumer
from jobs.context import JobContext
from jobs.webhook_payload import TOPICS, public_data, topic_of

# What is older was not heard of in time: after an outage of ours nobody wants last week's news.
TOLD_FOR = timedelta(hours=24)


def wants(event: LoggedEvent) -> bool:
    """Whether some webhook may want it."""
    return topic_of(event) in TOPICS


async def take(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
    """Number the events for each webhook, in their order, and ask for their deliveries."""
    channels = await webhooks_of(tx, org_id)
    if not channels:
        return
    fresh = [event for event in events if context.now() - event.at < TOLD_FOR]
    for channel in channels:
        for event in fresh:
            if topic_of(event) in channel.topics:
                await _add(tx, channel, event)


async def _add(tx: Transaction, channel: Channel, event: LoggedEvent) -> None:
    assert channel.id is not None  # noqa: S101 - it was just read; this tells the type checker
    sequence = await next_sequence(tx, channel)
    # The number makes the key, not the place in the log: a log that was made anew begins at one again.
    key = f"webhook:{channel.id}:{sequence}"
    await add_delivery(tx, ObjectId(event.org_id), channel.id, key, _notice(event), sequence=sequence)


def _notice(event: LoggedEvent) -> Notice:
    return Notice(
        kind=NoticeKind.EVENT,
        # Each for itself: receivers sort by number, and one that is refused must not hold up the others.
        subject=f"event:{event.seq}",
        title=event.type,
        message="",
        organization="",
        at=event.at,
        payload={"type": event.type, "data": public_data(event)},
    )


CONSUMER = Consumer(name="webhooks", order=30, wants=wants, take=take)
