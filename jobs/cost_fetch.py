"""Fetches the bills of one source: what is new, month by month, each loaded in one step. Killed anywhere, the next
fetch does what is left: a month counts as fetched only once it is loaded, and the same month again changes nothing.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog
from bson import ObjectId

from connectors import registry
from connectors.billing.feed import Feed, Fetched, Offer, Vanished
from connectors.billing.opening import open_feed
from connectors.reading.source import Reach
from documents.account import Account
from documents.alert import resolve_alerts
from documents.cost_freshness import newest_charge_of
from documents.cost_period import midnight
from documents.cost_source import CostSource, FetchedMonth, named_objects, record_ended, record_month
from documents.transaction import Transaction
from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile
from domain.errors import Conflict, Invalid
from domain.facts.cost_source_settings import SETTINGS_OF
from domain.facts.job import JobState
from domain.facts.scope import Scope
from jobs import cost_import
from jobs.context import JobContext
from jobs.cost_fetch_telling import FetchTelling
from jobs.opened_secret import opened_secret

log = structlog.get_logger()

# A month that is being written is looked at again before the cadence says.
LOOK_AGAIN = timedelta(minutes=30)


class FetchLost(Exception):
    """Another worker is on it by now, or the source was paused, changed or removed."""


class FetchFailed(Exception):
    """Some months could not be loaded; the others are. The message is for people."""


@dataclass(slots=True)
class FetchReport:
    """How a fetch ended: months loaded, months that were the same as before, and those waited for."""

    loaded: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class CostFetch:
    """One fetch by the worker `fetcher`, which holds the source."""

    def __init__(self, context: JobContext, scope: Scope, source: CostSource, account: Account, fetcher: str) -> None:
        self._context, self._scope, self._source, self._account = context, scope, source, account
        self._id, self._fetcher = ObjectId(str(source.id)), fetcher
        self.report = FetchReport()
        self.telling = FetchTelling(context, source, fetcher)

    async def run(self) -> FetchReport:
        """Raises ProviderError, Invalid or FetchFailed when it cannot be fetched, FetchLost when it is not ours."""
        await self.telling.tell("Looking for what is new")
        async with self._opened() as feed, self._folder() as folder:
            offers = await feed.offers(self._source.marks(), self._context.now().date())
            for number, offer in enumerate(offers):
                await self.telling.tell(f"Fetching {offer.month:%Y-%m}", number, len(offers))
                await self._month(feed, offer, folder)
        if self.report.failed:
            raise FetchFailed(" ".join(f"{month}: {problem}" for month, problem in self.report.failed.items()))
        await self._end()
        return self.report

    async def _month(self, feed: Feed, offer: Offer, folder: Path) -> None:
        """One month, whole or not at all. A month that cannot be loaded does not keep the others from it."""
        if offer.waits_for is not None:
            return await self._wait(offer, offer.waits_for)
        own = folder / f"{offer.month:%Y-%m}"
        own.mkdir()
        try:
            await self._load(offer, await feed.fetch(offer, own))
        except Vanished as error:
            await self._wait(offer, error.message)
        except BadCostFile as error:
            self.report.failed[_name(offer)] = _shown(error)
        finally:
            await asyncio.to_thread(shutil.rmtree, own, ignore_errors=True)

    async def _load(self, offer: Offer, fetched: Fetched) -> None:
        loaded = None
        if fetched.files:
            loaded = await cost_import.import_cost_files(
                self._scope,
                fetched.files,
                ReadOptions(source=self._source.label),
                writer=self._context.writer,
                now=self._context.now,
            )
        before = self._before(offer)
        is_new = loaded is not None and not loaded.is_unchanged
        (self.report.loaded if is_new else self.report.unchanged).append(_name(offer))
        await self._note(
            FetchedMonth(
                month=_name(offer),
                mark=offer.mark,
                object_count=len(fetched.objects),
                objects=list(named_objects(fetched.objects)),
                size=fetched.size,
                line_count=loaded.rows if loaded and loaded.rows else before.line_count,
                fetched_at=self._context.now(),
                load_id=loaded.load_id if loaded and loaded.load_id else before.load_id,
            )
        )

    async def _wait(self, offer: Offer, reason: str) -> None:
        self.report.waiting[_name(offer)] = reason
        await self._note(self._before(offer).model_copy(update={"waits_for": reason}))

    def _before(self, offer: Offer) -> FetchedMonth:
        found = (one for one in self._source.months if one.month == _name(offer))
        return next(found, FetchedMonth(month=_name(offer)))

    async def _note(self, month: FetchedMonth) -> None:
        if not await record_month(self._id, self._fetcher, month):
            raise FetchLost

    async def _end(self) -> None:
        at = self._context.now()
        newest = await newest_charge_of(self._scope, self._source.label)
        changes: dict[str, Any] = {"last_fetched_at": at, "problem": None, "tries": 0}
        if newest is not None and midnight(newest) != self._source.newest_charge_on:
            changes |= {"newest_charge_on": midnight(newest), "newest_charge_at": at}
        if self.report.waiting:
            changes["next_fetch_at"] = sooner(self._source.next_fetch_at, at + LOOK_AGAIN)

        async def change(tx: Transaction) -> None:
            if not await record_ended(self._id, self._fetcher, changes, tx.session):
                raise FetchLost
            await resolve_alerts(tx, self._source.org_id, [self._source.alert], at)
            self.telling.announce(tx, JobState.SUCCEEDED, "Done")

        await self._context.writer.commit(change)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Feed]:
        kind, context = self._source.kind, self._context
        registration = await asyncio.to_thread(registry.registration_of, kind.provider)
        if registration is None:
            raise Invalid(f"CloudWatcher has no connector for {kind.provider.value}.")
        secret = await opened_secret(context.vault, self._account.credentials or b"")
        credentials = registration.credentials.model_validate(orjson.loads(secret))
        settings = SETTINGS_OF[kind].model_validate(self._source.settings)
        guard = context.guards.of(kind.provider, str(self._account.id))
        reach = Reach(guard=guard, allow_private_endpoint=context.allow_private_endpoints, now=context.now)
        async with open_feed(kind, settings, credentials, reach, context.cost_fetch_bytes) as feed:
            yield feed

    @asynccontextmanager
    async def _folder(self) -> AsyncIterator[Path]:
        """An empty folder of this fetch; those that a killed one of this source has left go first."""
        within = self._context.cost_fetch_directory or Path(tempfile.gettempdir())
        prefix = f"cloudwatcher-costs-{self._id}-"
        for left in within.glob(f"{prefix}*"):
            await asyncio.to_thread(shutil.rmtree, left, ignore_errors=True)
        made = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=prefix, dir=within))
        try:
            yield made
        finally:
            await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)


def sooner(planned: datetime | None, at: datetime) -> datetime | None:
    """The earlier of the two; None, which is never, stays."""
    return None if planned is None else min(planned, at)


def _name(offer: Offer) -> str:
    return f"{offer.month:%Y-%m}"


def _shown(error: BadCostFile) -> str:
    problems: Sequence[Any] = error.problems[:3]
    return f"{error.file} cannot be loaded: {' '.join(str(problem) for problem in problems)}"


def check_account(source: CostSource, account: Account | None) -> Account:
    """The account, when it can be asked. Raises Conflict."""
    if account is None or not account.is_connected or account.credentials is None:
        raise Conflict("The account of this cost source is not connected: connect it first.")
    return account
