"""One change: what it writes, the events and audit entries that tell of it, the jobs it asks for; all or nothing."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from documents.audit import Outcome, current_act, drafted
from documents.audit_chain import append_entries
from documents.audit_key import AuditKey
from documents.base import utc_now
from documents.chain import Chain, append_links
from documents.event import EventCounter, append
from documents.idempotency import record_result
from documents.mail import new_mail, store_mails
from documents.outbox import DISPATCH_EVENTS, QUICK, SEND_MAIL, OutboxJob

T = TypeVar("T")
Announce = Callable[[str, int], Awaitable[None]]


class Transaction:
    """Handed to a change. Pass `session` to every read and write; what is announced is logged at the end."""

    def __init__(self, session: AsyncClientSession) -> None:
        self.session = session
        self._drafts: dict[ObjectId, list[dict[str, Any]]] = defaultdict(list)
        self._counts: dict[ObjectId, dict[str, int | Decimal]] = defaultdict(dict)
        self._jobs: list[dict[str, Any]] = []
        self._audits: dict[ObjectId, list[dict[str, Any]]] = defaultdict(list)
        self._links: dict[Chain, dict[ObjectId, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        self._mails: list[dict[str, Any]] = []

    @property
    def organizations(self) -> Collection[ObjectId]:
        """Those something is announced, audited or proven in."""
        linked = {org_id for drafts in self._links.values() for org_id in drafts}
        return self._drafts.keys() | self._audits.keys() | linked

    def announce(self, org_id: PydanticObjectId, topic: str, type: str, payload: dict[str, Any]) -> None:
        """Add one event to the organization's log. `payload` holds JSON types, datetimes and decimals."""
        self._drafts[org_id].append({"topic": topic, "type": type, "payload": payload})

    def count(self, org_id: PydanticObjectId, changes: Mapping[str, int | Decimal]) -> None:
        """Change the organization's tally by this much, place by place; see `documents.tally`."""
        counts = self._counts[org_id]
        for place, change in changes.items():
            counts[place] = counts.get(place, 0) + change

    def enqueue(self, function: str, *, queue: str, key: str, args: dict[str, Any]) -> None:
        """Ask for a background job. `key` makes the job id: a second ask with the same key is the same job."""
        self._jobs.append(
            {"_id": f"{function}:{key}", "function": function, "queue": queue, "args": args, "created_at": utc_now()}
        )

    def mail(self, to: str, template: str, values: Mapping[str, str] | None = None) -> None:
        """Send a letter of `connectors/channels/letters` once this is committed. `values` are single lines of text.

        A value named `token` is the id of a one-time token: the letter gets its `link`, its `code` and `valid_for`.
        """
        row = new_mail(to, template, values or {})
        self._mails.append(row)
        self.enqueue(SEND_MAIL, queue=QUICK, key=str(row["_id"]), args={"mail_id": str(row["_id"])})

    def audit(
        self,
        org_id: ObjectId | None,
        *,
        target: str,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        outcome: Outcome = Outcome.DONE,
        reason: str | None = None,
    ) -> None:
        """Add one entry of the current act to the organization's audit log.

        `target` is what it was done to, as noun:id. `before` and `after` may hold anything but secrets: only digests
        and the names of the fields that differ are kept. Raises RuntimeError when nobody is acting, or when the
        organization is not stored yet and therefore has no id.
        """
        if org_id is None:
            raise RuntimeError(f"{target} is audited in an organization that is not stored yet.")
        self._audits[ObjectId(org_id)].append(drafted(org_id, target, before, after, outcome, reason))

    def link(self, chain: Chain, org_id: ObjectId, drafts: Iterable[dict[str, Any]]) -> None:
        """Hang these onto another chain of the organization than its audit log, in their order."""
        self._links[chain][ObjectId(org_id)] += drafts

    async def flush(self, audit_key: AuditKey | None = None) -> dict[str, int]:
        """Write events, tallies, jobs and audit entries; returns the newest sequence per organization.

        Last, so that counters lock briefly. Raises RuntimeError for a tally that changes without an event (whoever
        keeps an answer until the next event would keep a wrong one), and for an act that nothing is audited of.
        """
        if unannounced := self._counts.keys() - self._drafts.keys():
            raise RuntimeError(f"The tally of {unannounced} changes, and nothing is announced.")
        await store_mails(self._mails, self.session)
        await self._flush_audits(audit_key)
        await self._flush_links(audit_key)
        for org_id in sorted(self._drafts):
            # Whoever makes something of events finds them by this; asks that come together become one.
            self.enqueue(DISPATCH_EVENTS, queue=QUICK, key=str(org_id), args={"org_id": str(org_id)})
        for job in self._jobs:
            await OutboxJob.get_pymongo_collection().replace_one(
                {"_id": job["_id"]}, job, upsert=True, session=self.session
            )
        return {
            str(org_id): await append(drafts, org_id, self.session, self._counts[org_id])
            for org_id, drafts in sorted(self._drafts.items())
        }

    async def _flush_audits(self, key: AuditKey | None) -> None:
        act = current_act.get()
        if act is not None and not self._audits:
            raise RuntimeError(f"{act.action} changes something, and nothing is audited: call tx.audit.")
        if not self._audits:
            return
        if key is None:
            raise RuntimeError("Something is audited, and there is no key to sign the chain with.")
        for org_id, drafts in sorted(self._audits.items()):
            await append_entries(drafts, org_id, self.session, key)

    async def _flush_links(self, key: AuditKey | None) -> None:
        for chain, by_organization in self._links.items():
            for org_id, drafts in sorted(by_organization.items()):
                if key is None:
                    raise RuntimeError("Something is proven, and there is no key to sign the chain with.")
                if drafts:
                    await append_links(chain, drafts, org_id, self.session, key)


class _Contended(Exception):
    """Another transaction was faster."""


# One for each organization that changes wait for; gone when nobody does.
_turns: WeakValueDictionary[ObjectId, asyncio.Lock] = WeakValueDictionary()


def _is_awaited(org_ids: Collection[ObjectId]) -> bool:
    turns = (_turns.get(org_id) for org_id in org_ids)
    return any(turn is not None and turn.locked() for turn in turns)


@asynccontextmanager
async def _in_turn(org_ids: Collection[ObjectId]) -> AsyncIterator[None]:
    """Within, no other change of this process that has met a conflict is made in these organizations."""
    async with AsyncExitStack() as stack:
        for org_id in sorted(org_ids):
            turn = _turns.get(org_id)
            if turn is None:
                turn = _turns[org_id] = asyncio.Lock()
            await stack.enter_async_context(turn)
        yield


async def commit(
    change: Callable[[Transaction], Awaitable[T]], *, announce: Announce, audit_key: AuditKey | None = None
) -> T:
    """Run `change` in one transaction and, once it is committed, wake the readers of what it announced.

    `audit_key` signs the audit log; a change that audits nothing needs none.

    `change` may run several times (conflicts are retried), so it must not keep state outside. Changes of one
    organization that meet take turns from then on: left to themselves they would go on to abort each other.
    A wake-up that is lost here is repaired by the readers' tick; a job whose relay is lost, by the outbox sweep.
    """
    client = EventCounter.get_pymongo_collection().database.client
    woken: dict[str, int] = {}
    changed: set[ObjectId] = set()

    async def run(session: AsyncClientSession, *, is_queued: bool = True) -> T:
        transaction = Transaction(session)
        try:
            result = await change(transaction)
        finally:
            changed.update(transaction.organizations)
        if not is_queued and _is_awaited(changed):
            raise _Contended  # behind those who wait already, not past them
        await record_result(result, session)
        woken.clear()
        woken.update(await transaction.flush(audit_key))
        return result

    async def at_once(session: AsyncClientSession) -> T:
        try:
            return await run(session, is_queued=False)
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise _Contended from error
            raise

    async with client.start_session() as session:
        try:
            result = await session.with_transaction(at_once)
        except _Contended:
            async with _in_turn(changed):
                result = await session.with_transaction(run)
    for org_id, seq in woken.items():
        await announce(org_id, seq)
    return result
