"""Cost rows for the dashboard, with every roll-up as a load leaves it."""

import asyncio
import importlib
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from math import ceil

from app.demo.focus_rows import DemoBill
from app.wiring import Backend
from auth.scope import scope_of_operator
from bench.holdings import Tenant
from bench.stage import Stage
from documents.base import utc_now
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files

# With one copy the demo's bill of thirteen months has a little more than this many rows.
ROWS_A_COPY = 49_000
# Stores rows without reading files, where it is there.
FAST = "bench.seed"


def load_bills(stage: Stage, tenant: Tenant, rows: int) -> int:
    """At least so many rows of thirteen months up to today; returns how many were stored."""
    begun = time.perf_counter()
    print(f"  storing {rows:,} cost rows", flush=True)
    stored = asyncio.run(_stored(stage, tenant, rows))
    print(f"  stored {stored:,} in {time.perf_counter() - begun:.0f} s", flush=True)
    return stored


async def _stored(stage: Stage, tenant: Tenant, rows: int) -> int:
    async with stage.backend() as backend:
        if find_spec(FAST) is None:
            return await _imported(backend, stage, tenant, rows)
        await importlib.import_module(FAST).seed_costs(backend, str(tenant.org_id), rows)
        return rows


async def _imported(backend: Backend, stage: Stage, tenant: Tenant, rows: int) -> int:
    """The way customers load them."""
    path = stage.folder / "bill.csv"
    bill = DemoBill("Bench", datetime.now(UTC).date(), copies=ceil(rows / ROWS_A_COPY))
    written = bill.write(path)
    scope = scope_of_operator(str(tenant.org_id))
    await import_cost_files(scope, [path], ReadOptions(), writer=backend.writer, now=utc_now)
    path.unlink()
    return written
