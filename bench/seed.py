"""Fills a store for measurements: tenants with people and tokens, millions of billed rows, millions of alerts.

All three expect a migrated store in which nothing else is going on, and may be called one after the other:

    tenants = await seed_tenants(backend, 10)
    await seed_costs(backend, tenants[0].org_id, 10_000_000)
    await seed_alerts(backend, [tenant.org_id for tenant in tenants], 1_000_000)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.asynchronous.collection import AsyncCollection

from app.wiring import Backend
from bench.bulk import BATCH, Ids, in_processes, place_of, quick
from bench.people import tokens_for
from bench.seed_costs import store_costs
from bench.seed_findings import AlertsJob, Holder, store_alerts
from documents import Account, Alert, Finding, Membership, Organization, Resource, Role, User
from documents.base import utc_now
from documents.event import EventCounter, new_counter
from domain.facts.provider import Provider

ACCOUNTS_AT_MOST = 10
JOBS = 16
TOKEN_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeededTenant:
    """An organization with one administrator; `token` is good for a day. Ids in 24 hex digits."""

    org_id: str
    user_id: str
    token: str


async def seed_tenants(backend: Backend, count: int) -> list[SeededTenant]:
    """Organizations with an empty event log, each with a person who may do everything there."""
    now = utc_now()
    pairs = [(ObjectId(), ObjectId()) for _ in range(count)]
    rows: dict[type[Organization] | type[EventCounter] | type[User] | type[Membership], list[dict[str, Any]]] = {
        Organization: [
            {"_id": org, "name": f"Company {org}", "kind": "COMPANY", "msp_id": None, "created_at": now}
            for org, _ in pairs
        ],
        EventCounter: [{"_id": org, **new_counter(), "last": 0, "is_tallied": True, "tally": {}} for org, _ in pairs],
        User: [
            # Nobody signs in with a password that has no hash.
            {"_id": user, "email": f"{user}@example.com", "name": "Admin", "password_hash": "none", "created_at": now}
            for _, user in pairs
        ],
        Membership: [
            {"user_id": user, "org_id": org, "role": Role.ADMIN.value, "created_at": now} for org, user in pairs
        ],
    }
    for document, documents in rows.items():
        await _insert(document.get_pymongo_collection(), documents)
    tokens = await tokens_for(backend, [user for _, user in pairs], TOKEN_LIFETIME)
    return [SeededTenant(str(org), str(user), token) for (org, user), token in zip(pairs, tokens, strict=True)]


async def seed_costs(backend: Backend, org_id: str, rows: int) -> None:
    """`rows` billed rows of thirteen months up to today in one organization without costs, with sums and periods.

    Three providers, thirty accounts, 39 services; about 154,000 daily sums when there are as many rows. In US dollars.
    """
    await store_costs(backend, org_id, rows, utc_now().date())


async def seed_alerts(backend: Backend, org_ids: Sequence[str], alerts: int) -> None:
    """`alerts` in all, spread evenly, each of a finding on a resource in an account; four findings to a resource.

    Eight of ten are open, alert and finding alike, the others resolved. Tallies grow with them; no events are written.
    """
    now, url, database = utc_now(), *place_of(backend)
    holders = await _holders(org_ids, alerts)
    resources, findings, ids = Ids(), Ids(), Ids()
    parts = [holders[number::JOBS] for number in range(min(JOBS, len(holders)))]
    jobs = [AlertsJob(url, database, part, resources, findings, ids, now) for part in parts]
    async with quick(backend, Resource, Finding, Alert):
        async for _, tallies in in_processes(store_alerts, jobs):
            await _count(tallies)


async def _holders(org_ids: Sequence[str], alerts: int) -> list[Holder]:
    """Cuts at multiples of four, so that no resource lies in two organizations; makes the accounts."""
    cuts = [alerts * number // len(org_ids) // 4 * 4 for number in range(len(org_ids))] + [alerts]
    holders, accounts = [], []
    for org_id, first, last in zip(map(ObjectId, org_ids), cuts, cuts[1:], strict=False):
        made = [ObjectId() for _ in range(max(1, min(ACCOUNTS_AT_MOST, (last - first) // 100)))]
        holders.append(Holder(org_id, made, last - first, first))
        accounts += [_account(org_id, account_id) for account_id in made]
    await _insert(Account.rows(), accounts)
    return holders


def _account(org_id: ObjectId, account_id: ObjectId) -> dict[str, object]:
    now = utc_now()
    return {
        "_id": account_id,
        "org_id": org_id,
        "provider": Provider.AWS.value,
        "native_id": str(account_id),
        "name": f"account {account_id}",
        "state": "CONNECTED",
        "role_arn": None,
        "endpoint_url": None,
        "regions": ["us-east-1"],
        "credentials": None,
        "sync_every": timedelta(hours=1).total_seconds(),
        "last_synced_at": now,
        "problem": None,
        "created_at": now,
    }


async def _insert(collection: AsyncCollection[Any], documents: list[dict[str, Any]]) -> None:
    for start in range(0, len(documents), BATCH):
        await collection.insert_many(documents[start : start + BATCH], ordered=False)


async def _count(tallies: Mapping[ObjectId, Mapping[str, int]]) -> None:
    writes = []
    for org_id, tally in tallies.items():
        changes = {
            f"tally.{place}": Decimal(count) / 100 if place.startswith("saving") else count
            for place, count in tally.items()
        }
        if changes:
            writes.append(UpdateOne({"_id": org_id}, {"$inc": changes}))
    if writes:
        await EventCounter.get_pymongo_collection().bulk_write(writes, ordered=False)
