"""Cost rows for the dashboard, loaded the way customers load them, so that every roll-up is what a real load leaves."""

import asyncio
import time
from datetime import UTC, datetime
from math import ceil

from app.demo.focus_rows import DemoBill
from auth.scope import scope_of_operator
from bench.holdings import Tenant
from bench.stage import Stage
from documents.base import utc_now
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files

# With one copy the demo's bill of thirteen months has a little more than this many rows.
ROWS_A_COPY = 49_000


def load_bills(stage: Stage, tenant: Tenant, rows: int) -> int:
    """At least so many rows of thirteen months up to today; returns how many were loaded."""
    path = stage.folder / "bill.csv"
    bill = DemoBill("Bench", datetime.now(UTC).date(), copies=ceil(rows / ROWS_A_COPY))
    written = bill.write(path)
    print(f"  loading {written:,} cost rows", flush=True)
    begun = time.perf_counter()
    asyncio.run(_load(stage, tenant))
    path.unlink()
    print(f"  loaded in {time.perf_counter() - begun:.0f} s", flush=True)
    return written


async def _load(stage: Stage, tenant: Tenant) -> None:
    async with stage.backend() as backend:
        await import_cost_files(
            scope_of_operator(str(tenant.org_id)),
            [stage.folder / "bill.csv"],
            ReadOptions(),
            writer=backend.writer,
            now=utc_now,
        )
