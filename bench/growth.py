"""`python -m bench growth`: the same queries over more and more alerts, and over more and more tenants."""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from bson import ObjectId

from app.wiring import Backend
from bench.asking import WrongAnswer, once
from bench.holdings import Tenant, add_alerts, add_things, make_tenant, settle
from bench.machine import described
from bench.peers.catalogue import OURS
from bench.people import token_for
from bench.results import save
from bench.stage import Stage, staged
from bench.workloads import DASHBOARD, LIST, NESTED, ask, global_id
from documents import OrganizationKind
from documents.base import utc_now

ALERTS = (10_000, 1_000_000, 10_000_000)
TENANTS = (1, 100, 10_000)
MIDDLE_ALERTS, MIDDLE_TENANTS = ALERTS[1], TENANTS[1]
TIMES = 30
# A query that takes longer than this is given up.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """One store: so many alerts over so many tenants. `provider` reaches all tenants."""

    company: Tenant
    company_alert: ObjectId
    provider: Tenant


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the alerts and tenants")
    parser.add_argument("--times", type=int, default=TIMES, help="how often each query is asked")
    parser.add_argument("--cache", type=float, default=4.0, help="memory for MongoDB in GiB")
    arguments = parser.parse_args()
    places = sorted({(alerts, MIDDLE_TENANTS) for alerts in ALERTS} | {(MIDDLE_ALERTS, tenants) for tenants in TENANTS})
    if arguments.quick:
        places = sorted({(alerts // 100, max(1, tenants // 100)) for alerts, tenants in places})
    found: list[dict[str, Any]] = []
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        staged(Path(name), cache_gigabytes=arguments.cache) as stage,
    ):
        results = {"machine": described(stage), "places": found, "queries": list(queries(ObjectId()))}
        for alerts, tenants in places:
            found.extend(
                _measured(replace(stage, database=f"growth_{alerts}_{tenants}"), alerts, tenants, arguments.times)
            )
            save("growth", results)


def queries(alert_id: ObjectId) -> dict[str, str]:
    """What is asked, by name."""
    asked = {
        "100 alerts": LIST,
        "nested": NESTED,
        "open and high": LIST.replace("first: 100", "first: 100, filter: {states: [OPEN], severities: [HIGH]}"),
        "count": "{ alerts(first: 1) { totalCount nodes { id } } }",
        "one": f'{{ node(id: "{global_id("Alert", alert_id)}") {{ ... on Alert {{ id title state }} }} }}',
        "findings": "{ findings(first: 50) { nodes { id title severity } } }",
    }
    return asked | {"dashboard": DASHBOARD}


def _measured(stage: Stage, alerts: int, tenants: int, times: int) -> list[dict[str, Any]]:
    begun = time.perf_counter()
    place = asyncio.run(_seed(stage, alerts, tenants))
    print(f"  {alerts:,} alerts of {tenants:,} tenants, seeded in {time.perf_counter() - begun:.0f} s", flush=True)
    rows = []
    with OURS.start(stage, {}) as child:
        for viewer, tenant in (("a company", place.company), ("its provider", place.provider)):
            asked = queries(place.company_alert)
            medians = {name: _median(child.port or 0, ask(query, tenant.token), times) for name, query in asked.items()}
            print(f"    {viewer:13} {medians}", flush=True)
            rows.append({"alerts": alerts, "tenants": tenants, "viewer": viewer, "median_ms": medians})
    with stage.mongodb() as client:
        client.drop_database(stage.database)
    return rows


def _median(port: int, request: bytes, times: int) -> float | None:
    """Milliseconds; None when an answer is refused or takes too long."""
    taken: list[float] = []
    for _ in range(times + 1):
        begun = time.perf_counter()
        try:
            once(port, request)
        except (OSError, WrongAnswer) as error:
            print(f"      {str(error)[:300]}", flush=True)
            return None
        taken.append(time.perf_counter() - begun)
        if sum(taken) > PATIENCE:
            break
    # The first one warms up, unless it is the only one there was time for.
    return 1000 * median(taken[1:] or taken)


async def _seed(stage: Stage, alerts: int, tenants: int) -> Place:
    async with stage.backend() as backend:
        provider = await make_tenant(backend, "Provider", kind=OrganizationKind.MSP)
        for org_ids in _portions([ObjectId() for _ in range(tenants)], 500):
            await _open_companies(backend, org_ids, provider)
        company_id: ObjectId | None = None
        share = alerts // tenants
        async for row in backend.database["organizations"].find({"msp_id": provider.org_id}, {"_id": 1}):
            things = await add_things(row["_id"], accounts=5, findings=20)
            await add_alerts(row["_id"], things, share)
            company_id = company_id or row["_id"]
        assert company_id is not None
        await settle(backend)
        newest = await backend.database["alerts"].find_one({"org_id": company_id}, {"_id": 1}, sort=[("raised_at", -1)])
        assert newest is not None
        return Place(await _member(backend, company_id), newest["_id"], provider)


async def _open_companies(backend: Backend, org_ids: list[ObjectId], provider: Tenant) -> None:
    """Companies of the provider with their logs, many at once."""
    rows = [
        {"_id": id, "name": f"Company {id}", "kind": "COMPANY", "msp_id": provider.org_id, "created_at": utc_now()}
        for id in org_ids
    ]
    await backend.database["organizations"].insert_many(rows)
    counters = [{"_id": id, "epoch": "00000000", "first": 1, "last": 0} for id in org_ids]
    await backend.database["event_counters"].insert_many(counters)


async def _member(backend: Backend, org_id: ObjectId) -> Tenant:
    user_id = ObjectId()
    user = {"_id": user_id, "email": f"{user_id}@example.com", "name": "Member", "password_hash": "v1$nobody"}
    await backend.database["users"].insert_one({**user, "created_at": utc_now()})
    membership = {"user_id": user_id, "org_id": org_id, "role": "ADMIN", "created_at": utc_now()}
    await backend.database["memberships"].insert_one(membership)
    return Tenant(org_id, await token_for(backend, user_id), user_id)


def _portions(ids: list[ObjectId], size: int) -> list[list[ObjectId]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
