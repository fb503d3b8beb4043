"""A load that is killed leaves nothing that anybody sees, and nothing for good."""

import asyncio
import os
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.settings import Settings
from app.wiring import Backend
from documents import CostLine, CostLoad, CostLoadState
from documents.base import utc_now
from documents.cost_load import clear_costs
from tests.factories.costs import load, stored, total, visible_lines
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

PATIENCE_SECONDS = 120
ROWS = 30_000


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def environment(settings: Settings) -> dict[str, str]:
    """What tells a process of its own about the test's servers."""
    assert settings.mongodb_url is not None
    assert settings.redis_url is not None
    return os.environ | {
        "MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "CLOUDWATCHER_MONGODB_DATABASE": settings.mongodb_database,
        "CLOUDWATCHER_DATA_DIR": str(settings.data_dir),
    }


async def importing(settings: Settings, tenant: Tenant, path: Path) -> asyncio.subprocess.Process:
    """`cloudwatcher import-costs` as a process."""
    command = ("-c", "from app.cli.main import run; run()", "import-costs", str(path), "--organization", tenant.org_id)
    return await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment(settings), stdout=asyncio.subprocess.DEVNULL
    )


async def rows_of(tenant: Tenant) -> int:
    return await CostLine.rows().count_documents({"org_id": tenant.organization.id})


async def rows_arrive(tenant: Tenant, *, besides: int = 0) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await rows_of(tenant) <= besides:  # noqa: ASYNC110 - another process makes it come true
            await asyncio.sleep(0.02)


async def killed(process: asyncio.subprocess.Process, tenant: Tenant) -> None:
    """Kill the process, and wait until the server has done with what it had sent."""
    process.kill()
    await process.wait()
    counts = [-2, -1]
    while len(set(counts[-5:])) > 1:
        await asyncio.sleep(0.1)
        counts.append(await rows_of(tenant))


async def test_a_load_killed_half_way_is_unseen_and_cleared_away(backend, settings, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "before.csv", [focus_row(BilledCost="5")]))
    path = write_csv(tmp_path / "big.csv", [focus_row(ResourceId=f"i-{number}") for number in range(ROWS)])

    process = await importing(settings, tenant, path)
    await rows_arrive(tenant, besides=1)
    await killed(process, tenant)

    left = await stored(tenant)
    assert 1 < left["CostLine"] < ROWS
    assert (await visible_lines(tenant), await total(tenant)) == (1, Decimal(5))

    await clear_costs(dead_since=utc_now() + timedelta(seconds=1), retired_before=utc_now() - timedelta(minutes=10))

    assert await stored(tenant) == {
        "CostLine": 1,
        "CostDay": 1,
        "CostMonth": 1,
        "CostPeriod": 1,
        "CostLoad": 2,
        "Account": 2,
    }
    states = {entry.files[0].name: entry.state for entry in await CostLoad.list_in(tenant.scope, {})}
    assert states == {"before.csv": CostLoadState.ACTIVE, "big.csv": CostLoadState.FAILED}


async def test_a_load_that_was_killed_can_be_started_again_at_once(backend, settings, tenant, tmp_path):
    path = write_csv(tmp_path / "big.csv", [focus_row(ResourceId=f"i-{number}") for number in range(ROWS)])
    process = await importing(settings, tenant, path)
    await rows_arrive(tenant)
    await killed(process, tenant)

    await load(backend, tenant, path)

    assert await visible_lines(tenant) == ROWS
    assert await total(tenant) == Decimal("1.25") * ROWS


async def test_a_load_that_is_alive_is_left_alone(backend, tenant, tmp_path):
    path = write_csv(tmp_path / "a.csv", [focus_row(ResourceId=f"i-{number}") for number in range(5000)])
    task = asyncio.create_task(load(backend, tenant, path))
    await rows_arrive(tenant)

    # Everything in this test happens at the load's own clock, so nothing of it is a quarter of an hour old.
    await clear_costs(dead_since=utc_now() - timedelta(days=3650), retired_before=utc_now() - timedelta(days=3650))
    await task

    assert await visible_lines(tenant) == 5000
