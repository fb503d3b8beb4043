"""How far an import of costs is, as it is told of in the event log."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from app.worker import options
from documents import CostLoad, CostLoadState
from documents.base import utc_now
from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile
from jobs.cost_import import import_cost_files
from jobs.tasks.clear_costs import clear_replaced_costs
from tests.factories.costs import NOW, load
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

ROWS = 3000


@pytest.fixture
def job(backend: Backend) -> dict[str, Any]:
    return {**options(backend)["ctx"], "job_try": 1}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def slow_clock() -> Callable[[], datetime]:
    """Ten seconds go by between one look and the next."""
    at = [NOW]

    def now() -> datetime:
        at[0] += timedelta(seconds=10)
        return at[0]

    return now


async def slowly(backend: Backend, tenant: Tenant, path: Path) -> None:
    await import_cost_files(tenant.scope, [path], ReadOptions(), writer=backend.writer, now=slow_clock())


async def told(backend: Backend, tenant: Tenant) -> list[dict[str, Any]]:
    jobs = {"org_id": tenant.organization.id, "type": "JobProgressed"}
    return [row["payload"] async for row in backend.database["events"].find(jobs, sort=[("seq", 1)])]


async def test_a_quick_import_is_told_of_when_it_is_done(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [focus_row()])

    report = await load(backend, tenant, path)

    (step,) = await told(backend, tenant)
    size = path.stat().st_size
    assert (step["kind"], step["state"], step["done"], step["total"]) == ("COST_IMPORT", "SUCCEEDED", size, size)
    assert (step["id"], step["subject"]) == (str(report.load_id), f"Organization:{tenant.org_id}")
    assert (step["problem"], step["started_at"], step["ended_at"]) == (None, NOW, NOW)


async def test_a_long_import_is_told_of_as_it_goes(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [focus_row(ResourceId=f"i-{number}") for number in range(ROWS)])

    await slowly(backend, tenant, path)

    steps = await told(backend, tenant)
    assert [step["state"] for step in steps] == ["RUNNING"] * (len(steps) - 1) + ["SUCCEEDED"]
    assert len(steps) > 2
    done = [step["done"] for step in steps]
    assert done == sorted(done)
    assert done[-1] == path.stat().st_size
    assert [step["ended_at"] is None for step in steps] == [True] * (len(steps) - 1) + [False]


async def test_one_that_held_nothing_new_comes_to_an_end_too(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    rows = [focus_row(ResourceId=f"i-{number}") for number in range(ROWS)]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    same = write_csv(tmp_path / "b.csv", rows)
    same.write_bytes(
        same.read_bytes().replace(b"\r\n", b"\n") if b"\r\n" in same.read_bytes() else same.read_bytes() + b"\n"
    )

    await slowly(backend, tenant, same)

    _, *steps = await told(backend, tenant)
    assert [step["state"] for step in steps][-1] == "SUCCEEDED"
    assert len(steps) > 1


async def test_one_that_breaks_says_why(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    rows = [focus_row(ResourceId=f"i-{number}") for number in range(ROWS)]
    path = write_csv(tmp_path / "a.csv", [*rows, focus_row(BilledCost="much")])

    with pytest.raises(BadCostFile):
        await slowly(backend, tenant, path)

    last = (await told(backend, tenant))[-1]
    assert last["state"] == "FAILED"
    assert "BilledCost" in last["problem"]


async def test_one_that_died_is_told_of_when_it_is_given_up(
    backend: Backend, tenant: Tenant, job: dict[str, Any]
) -> None:
    before = utc_now() - timedelta(hours=1)
    ledger = CostLoad(
        org_id=tenant.organization.id,
        state=CostLoadState.STAGING,
        content="c",
        files=[],
        actor="operator",
        started_at=before,
        seen_at=before,
    )
    await ledger.insert()

    await clear_replaced_costs(job)
    await clear_replaced_costs(job)

    (step,) = await told(backend, tenant)
    assert (step["id"], step["state"]) == (str(ledger.id), "FAILED")
    assert step["problem"] == "The import stopped without a word. Load the files again."
