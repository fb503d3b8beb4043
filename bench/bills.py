"""Cost rows for the dashboard, with every roll-up as a load leaves it."""

import asyncio
import time

from bench.holdings import Tenant
from bench.seed import seed_costs
from bench.stage import Stage


def load_bills(stage: Stage, tenant: Tenant, rows: int) -> int:
    """So many rows of thirteen months up to today; returns how many were stored."""
    begun = time.perf_counter()
    print(f"  storing {rows:,} cost rows", flush=True)
    asyncio.run(_stored(stage, tenant, rows))
    print(f"  stored {rows:,} in {time.perf_counter() - begun:.0f} s", flush=True)
    return rows


async def _stored(stage: Stage, tenant: Tenant, rows: int) -> None:
    async with stage.backend() as backend:
        await seed_costs(backend, str(tenant.org_id), rows)
