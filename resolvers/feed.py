"""How every live feed of a subscription runs: replay from a cursor, then live, re-authorised as it goes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from domain.errors import Forbidden
from domain.facts.event import LoggedEvent
from live.position import Position, Reset, ResetReason
from resolvers.context import Context
from schema.feed import StreamReset
from schema.scalars import Cursor

REASONS = {
    ResetReason.EXPIRED: "The cursor is older than what the event log keeps.",
    ResetReason.REPLACED: "The event log was made anew since the cursor was given out.",
    ResetReason.AHEAD: "The event log ends before the cursor: its newest part was lost, for example in a restore.",
}

Message = Callable[[LoggedEvent, Cursor], Any]


async def follow(
    context: Context,
    org_ids: frozenset[str],
    after: str | None,
    wants: Callable[[LoggedEvent], bool],
    message: Message,
) -> AsyncIterator[Any]:
    """A message for each wanted event of these organizations, with the cursor just behind it, or StreamReset.

    Raises BadCursor for a forged cursor and Forbidden once the viewer may no longer read one of the organizations.
    """
    ports = context.ports
    given = {} if after is None else ports.decode_cursor(after)
    start: Mapping[str, Position | None] = {org_id: given.get(org_id) for org_id in org_ids}
    async with ports.feed.follow(start, wants=wants) as follower:
        async for batch in follower:
            await still_allowed(context, org_ids)
            if isinstance(batch, Reset):
                yield StreamReset(cursor=Cursor(ports.encode_cursor(follower.positions)), reason=REASONS[batch.reason])
                continue
            for event in batch:
                yield message(event, Cursor(ports.encode_cursor(follower.positions_at(event))))


async def still_allowed(context: Context, org_ids: frozenset[str]) -> None:
    """Raises Forbidden when the viewer has lost one of the organizations since the feed was opened."""
    await context.reload_viewer()
    if not org_ids <= context.scope.org_ids:
        raise Forbidden("You may no longer read this feed.")


async def positions_now(context: Context, org_ids: frozenset[str]) -> dict[str, Position]:
    """Where the logs of these organizations end now."""
    bounds = await asyncio.gather(*(context.ports.log.bounds(org_id) for org_id in sorted(org_ids)))
    return {org_id: Position(bound.epoch, bound.last) for org_id, bound in zip(sorted(org_ids), bounds, strict=True)}
