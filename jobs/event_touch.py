"""Asks for the sync that changes in an account call for: of what they touch, or of everything where that is unknown."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from connectors import registry
from connectors.reading.touching import services_in
from documents.account import Account
from documents.nudge import bring_forward, nudge
from documents.sync_run import SyncState
from documents.touch import touch
from documents.transaction import Transaction
from domain.facts.provider import Provider
from domain.facts.provider_event import ProviderEvent
from jobs.event_change import touch_of
from jobs.queue import request_narrow_sync, request_sync


async def ask_for_changes(tx: Transaction, account: Account, changes: Sequence[ProviderEvent], at: datetime) -> None:
    """Have an account read that these events say has changed. Storms of them ask once."""
    services = await asyncio.to_thread(_services, account.provider)
    touches = {one if one and one.partition("@")[0] in services else None for one in map(touch_of, changes)}
    if None in touches:
        await _ask_whole(tx, account, at)
    known = [one for one in touches if one is not None]
    if known and await touch(tx, account, known, at):
        await request_narrow_sync(tx, account)


async def _ask_whole(tx: Transaction, account: Account, at: datetime) -> None:
    if not await nudge(tx, account, at):
        return
    run = await request_sync(tx, account)
    if run.state is not SyncState.QUEUED:
        # It may have read already what has changed just now.
        await bring_forward(tx, account)


def _services(provider: Provider) -> frozenset[str]:
    """Those that are read. In a thread, because the libraries of all vendors are imported the first time."""
    known = registry.registrations().get(provider)
    return frozenset() if known is None else services_in(known.listings)
