"""`python -m bench operations`: how long each operation of the demo takes when 50 clients ask for it at once.

Signing in and registering are left out: they are slow on purpose, so that guessing passwords is dear. So is connecting
an account, which asks a cloud.
"""

import argparse
import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bson import ObjectId

from app.demo.seed import seed as seed_demo
from app.demo.state import CLIENTS, DemoState
from app.wiring import open_backend
from bench.asking import WrongAnswer, run_load
from bench.holdings import Tenant, add_alerts, add_things, settle
from bench.machine import described
from bench.peers.catalogue import OURS
from bench.people import token_for
from bench.results import save
from bench.stage import Stage, staged
from bench.workloads import ACKNOWLEDGE, DASHBOARD, LIST, NESTED, ask, global_id
from documents.organization import find_organizations
from documents.user import find_user

CLIENTS_AT_ONCE = 50
ALERTS, FINDINGS, ACCOUNTS = 5_000, 500, 10
# What a client that reads what it gets leaves between two questions.
PAUSE = 1.0
SLOWEST_MS = 200


BUDGET = (
    'mutation New($name: String!) { createBudget(input: {name: $name, amount: "100", currency: "USD"}) {'
    " ... on CreateBudgetSuccess { budget { id } } } }"
)
BUDGETS = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS_AT_ONCE)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--quick", action="store_true", help="a second each")
    arguments = parser.parse_args()
    seconds = 1.0 if arguments.quick else arguments.seconds
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage:
        admin, alert_ids = asyncio.run(_seed(stage))
        queries = {name: ask(query, admin.token) for name, query in reads(admin, alert_ids[-1]).items()}
        results: dict[str, Any] = {"machine": described(stage), "clients": arguments.clients, "pause": PAUSE}
        with OURS.start(stage, {}) as child:
            operations = _one_by_one(child.port or 0, queries, arguments.clients, seconds)
            operations |= _changes(child.port or 0, admin.token, alert_ids[:-1], arguments.clients, seconds)
            results["operations"] = operations
            mixed = _mixed(child.port or 0, queries, arguments.clients, seconds * 5)
        for name, late in zip(queries, mixed["p95_by_request"], strict=True):
            operations[name]["p95_mixed"] = late
            verdict = "" if late < SLOWEST_MS else f"  above {SLOWEST_MS} ms"
            print(f"  {name:34} p95 in the mix {late:7.1f} ms{verdict}", flush=True)
        save("operations", results)


def _one_by_one(port: int, queries: dict[str, bytes], clients: int, seconds: float) -> dict[str, dict[str, Any]]:
    """Every client asks for the same operation without a pause; then the next operation."""
    operations = {}
    for name, request in queries.items():
        for length in (min(1.0, seconds), seconds):  # the first warms up
            figures = run_load(port, [request], seconds=length, connections=clients, mark='"data":')
        operations[name] = figures
        print(f"  {name:34} {figures['rate']:>8,.0f}/s  p95 {figures['p95']:7.1f} ms", flush=True)
    return operations


def _changes(
    port: int, token: str, alert_ids: list[ObjectId], clients: int, seconds: float
) -> dict[str, dict[str, Any]]:
    """Changes that nobody outside hears of; each request is made once."""
    taken = [ask(ACKNOWLEDGE, token, {"id": global_id("Alert", id)}) for id in alert_ids]
    made = [ask(BUDGET, token, {"name": f"Bench {number}"}) for number in range(BUDGETS)]
    options: dict[str, Any] = {"seconds": seconds, "connections": clients, "is_once": True}
    return {
        "acknowledge an alert": run_load(port, taken, mark='"ACKNOWLEDGED"', **options),
        "create a budget": run_load(port, made, mark='"budget"', **options),
    }


def _mixed(port: int, queries: dict[str, bytes], clients: int, seconds: float) -> dict[str, Any]:
    """Every client asks for one operation after the other, and looks at each answer for a while."""
    return run_load(port, list(queries.values()), seconds=seconds, connections=clients, mark='"data":', pause=PAUSE)


def reads(tenant: Tenant, alert_id: ObjectId) -> dict[str, str]:
    """The queries of the demo and of its pages, by name."""
    today = datetime.now(UTC).date()
    span = f'first: "{today - timedelta(days=90)}", until: "{today}"'
    page = "pageInfo { hasNextPage endCursor } nodes"
    ids = ", ".join([f'"{global_id("Alert", alert_id)}"'] * 10)
    found = {
        "viewer": "{ viewer { __typename } }",
        "accounts": f"{{ accounts {{ {page} {{ id name provider state }} }} }}",
        "alerts, 25": f"{{ alerts {{ {page} {{ id title severity state raisedAt }} }} }}",
        "alerts, 100 × 10": LIST,
        "alerts with account and finding": NESTED,
        "alerts, counted": "{ alerts(first: 25) { totalCount nodes { id } } }",
        "alerts, open and high": "{ alerts(filter: {states: [OPEN], severities: [HIGH]}) { nodes { id title } } }",
        "budgets": f"{{ budgets {{ {page} {{ id name }} }} }}",
        "cost lines": f"{{ costLines {{ {page} {{ id }} }} }}",
        "costs by month and provider": f"{{ costs(input: {{{span}, grain: MONTH, groupBy: [{{dimension: PROVIDER}}]}})"
        " { currency periods groups { values columns { amounts total } } } }",
        "costs by day and service": f"{{ costs(input: {{{span}, groupBy: [{{dimension: SERVICE}}]}})"
        " { periods groups { values columns { amounts } } } }",
        "findings": "{ findings(first: 25, filter: {state: OPEN}) { totalCount nodes { severity title reason"
        " monthlySaving { amount currency } resource { name kind } } } }",
        "resources": f"{{ resources {{ {page} {{ id name kind region }} }} }}",
        "syncs": f"{{ syncs {{ {page} {{ id }} }} }}",
        "live cursor": "{ liveCursor }",
        "node": f'{{ node(id: "{global_id("Alert", alert_id)}") {{ id ... on Alert {{ title }} }} }}',
        "nodes": f"{{ nodes(ids: [{ids}]) {{ id }} }}",
    }
    return found | {"dashboard": DASHBOARD, "version": "{ version }"}


async def _seed(stage: Stage) -> tuple[Tenant, list[ObjectId]]:
    """The demo's store, and alerts of its first client. The administrator of that client asks."""
    async with stage.backend():
        pass
    await seed_demo(stage.settings(), DemoState(stage.folder / "demo.json", passwords=_Passwords()))
    async with open_backend(stage.settings()) as backend:
        (organization,) = await find_organizations(CLIENTS[0])
        user = await find_user("admin@example.com")
        if user is None or organization.id is None:
            raise WrongAnswer("The demo's people are missing.")
        org_id = ObjectId(organization.id)
        things = await add_things(org_id, accounts=ACCOUNTS, findings=FINDINGS)
        await add_alerts(org_id, things, ALERTS)
        await settle(backend)
        rows = backend.database["alerts"].find({"org_id": org_id}, {"_id": 1}, sort=[("raised_at", 1)])
        return Tenant(org_id, await token_for(backend, ObjectId(user.id)), ObjectId(user.id)), [
            row["_id"] async for row in rows
        ]


class _Passwords(dict[str, str]):
    """Nobody signs in here."""

    def __missing__(self, email: str) -> str:
        return f"nobody signs in as {email}"
