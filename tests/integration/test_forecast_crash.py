"""A worker that is killed while it forecasts leaves nothing half-shown, and no process behind."""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import documents
from app.settings import Settings
from app.wiring import Backend
from app.worker import options
from documents.base import utc_now
from documents.forecast_run import ForecastRun
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files
from jobs.tasks import forecast_costs as job_module
from jobs.tasks.forecast_costs import forecast_costs
from tests.factories.focus import write_csv
from tests.factories.tenant import make_tenant
from tests.integration.test_cost_crash import environment
from tests.integration.test_forecast import rows

PATIENCE_SECONDS = 60
# The job as a worker runs it, held up where its first rows are staged and its processes still live.
SCRIPT = """
import asyncio, sys
from app.settings import Settings
from app.wiring import open_backend
from app.worker import options
from jobs.tasks import forecast_costs as job

async def forever(*_):
    await asyncio.sleep(600)

async def main():
    job.show_edition = forever
    async with open_backend(Settings()) as backend:
        context = options(backend)["ctx"]
        async with context["context"].pool.opened():
            await job.forecast_costs({**context, "job_try": 1}, org_id=sys.argv[1])

if __name__ == "__main__":
    asyncio.run(main())
"""


def children(pid: int) -> list[int]:
    """Processes that were started by it."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes where Linux lists them")
async def test_a_worker_killed_while_it_forecasts_is_followed_by_the_next(
    backend: Backend, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await make_tenant(backend)
    path = write_csv(tmp_path / "costs.csv", rows(8, ("Compute", "10.00")))
    await import_cost_files(tenant.scope, [path], ReadOptions(), writer=backend.writer, now=utc_now)
    script = tmp_path / "killed.py"
    script.write_text(SCRIPT)
    monkeypatch.setenv("PYTHONPATH", str(Path(job_module.__file__).parents[2]))
    mine = {"org_id": tenant.organization.id}

    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), tenant.org_id, env=environment(settings)
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await documents.CostForecast.rows().count_documents(mine) < 4:
            assert process.returncode is None
            await asyncio.sleep(0.1)
    pool = children(process.pid)
    process.kill()
    await process.wait()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(Path(f"/proc/{pid}/exe").exists() for pid in pool):  # noqa: ASYNC110, ASYNC240 - nobody tells of it
            await asyncio.sleep(0.1)
    left = await ForecastRun.find_in(tenant.scope, {})

    context = options(backend)["ctx"]
    early = await forecast_costs({**context, "job_try": 1}, org_id=tenant.org_id)
    later = utc_now() + timedelta(minutes=21)
    job = {"context": replace(context["context"], now=lambda: later)}
    made = await forecast_costs(job, org_id=tenant.org_id)
    shown = await ForecastRun.find_in(tenant.scope, {})

    # Two processes of the pool at least; the claim of the dead holds for twenty minutes, and nothing was shown.
    assert len(pool) >= 2
    assert left is not None
    assert left.edition_id is None
    assert (early, made) == (0, 4)
    assert shown is not None
    assert shown.edition_id is not None
    # What the dead one staged is gone.
    assert await documents.CostForecast.rows().count_documents(mine) == 4
