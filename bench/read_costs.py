"""How long `costs` takes as a bill grows: by month and service, by month and team, and by resource from billed rows."""

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from app.embedded.servers import EmbeddedServers
from app.wiring import Backend
from auth.scope import scope_of_operator
from bench.cost_sums import check_sums
from bench.import_costs import TODAY, backend_of, p95, peak, timed
from bench.seed_costs import MONTHS, store_costs
from documents import OrganizationKind
from documents.organization import open_organization
from domain.costs.series import CostQuestion, Grain, Metric, TagKey
from domain.facts.cost_dimension import Dimension

# The year and the month up to the day of the seed.
FIRST, UNTIL = (TODAY - timedelta(days=31 * MONTHS)).replace(day=1), TODAY + timedelta(days=1)


def questions() -> dict[str, CostQuestion]:
    """What is asked, by what it is called in the report."""
    year = {"first": FIRST, "until": UNTIL, "grain": Grain.MONTH}
    both = (Metric.BILLED, Metric.EFFECTIVE)
    return {
        "by month, all together": CostQuestion(**year),
        "by month and service": CostQuestion(**year, group_by=(Dimension.SERVICE,), metrics=both),
        "by month and team": CostQuestion(**year, group_by=(TagKey("team"),), metrics=both),
        "by month, account and service": CostQuestion(**year, group_by=(Dimension.SUB_ACCOUNT, Dimension.SERVICE)),
        "by day and team, one month": CostQuestion(
            TODAY.replace(day=1), UNTIL, group_by=(TagKey("team"),), metrics=both
        ),
        "by resource, two days of rows": CostQuestion(
            TODAY - timedelta(days=1), UNTIL, group_by=(Dimension.RESOURCE,), metrics=both
        ),
    }


async def measured(servers: EmbeddedServers, folder: Path, rows: int, times: int) -> None:
    async with backend_of(servers, folder) as backend:
        scope = scope_of_operator(await seeded(backend, rows, TODAY))
        print(await check_sums(scope, FIRST, UNTIL), flush=True)
        for name, question in questions().items():
            seconds = await timed(scope, question, times)
            print(
                f"{name}: p50 {statistics.median(seconds) * 1000:.0f} ms, p95 {p95(seconds) * 1000:.0f} ms", flush=True
            )


async def seeded(backend: Backend, rows: int, today: date) -> str:
    """The id of a new organization with so many billed rows."""
    organization = await backend.writer.commit(
        lambda tx: open_organization("Bench", OrganizationKind.COMPANY, msp_id=None, session=tx.session)
    )
    begun = time.perf_counter()
    await store_costs(backend, str(organization.id), rows, today)
    print(f"seeded {rows:,} rows in {time.perf_counter() - begun:.0f} s; peak {peak():.0f} MiB", flush=True)
    return str(organization.id)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40, help="how often each question is asked")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedServers(folder / "servers") as servers:
            asyncio.run(measured(servers, folder, options.rows, options.times))


if __name__ == "__main__":
    main()
