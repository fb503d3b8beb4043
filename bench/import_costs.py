"""Rows a second and peak memory of a cost import, next to a bare insert_many of the same documents in the same run.

Then whether its roll-ups equal the sums of the rows, and how long costs by month and team take.
"""

import argparse
import asyncio
import gc
import resource
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import bson
from bson import ObjectId
from pydantic import SecretStr
from pymongo import IndexModel, MongoClient
from pymongo.collection import Collection

from app.demo.focus_rows import DemoBill
from app.embedded.servers import EmbeddedServers
from app.settings import Settings
from app.wiring import Backend, open_backend
from auth.scope import scope_of_operator
from bench.cost_sums import by_team, check_sums
from documents import CostLine, OrganizationKind
from documents.base import utc_now
from documents.cost_day import cost_series
from documents.database import migrate
from documents.organization import open_organization
from domain.costs.header import ReadOptions
from domain.costs.series import CostQuestion
from domain.facts.scope import Scope
from jobs.cost_import import LoadProgress, import_cost_files
from jobs.cost_reading import CostReader

TODAY = date(2026, 11, 22)
# The demo's bill, whole.
EVER = (TODAY - timedelta(days=800)).replace(day=1), date(2027, 1, 1)
# With one copy the demo's bill has about this many rows.
ROWS_A_COPY = 45_000
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Measure:
    """`cpu` is this process's own share of the seconds: on a busy machine it tells more than the clock."""

    rows: int
    seconds: float
    cpu: float

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows in {self.seconds:.1f} s, {self.rows / self.seconds:,.0f} rows/s "
            f"({self.cpu:.1f} s of processor time here)"
        )


class Watch:
    """Adds up the time spent inside `with`."""

    def __init__(self) -> None:
        self.seconds = self.cpu = 0.0

    def __enter__(self) -> None:
        self._begun = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun[0]
        self.cpu += time.process_time() - self._begun[1]

    def measure(self, rows: int) -> Measure:
        return Measure(rows, self.seconds, self.cpu)


def peak() -> float:
    """The most memory this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make_bill(path: Path, rows: int) -> int:
    bill = DemoBill("Bench", TODAY, copies=rows // ROWS_A_COPY + 1)
    return bill.write(path, most=rows)


def read_only(path: Path) -> Measure:
    """How fast files become documents, with nothing stored."""
    reader = CostReader([path], ReadOptions(), ObjectId(), TODAY)
    with (watch := Watch()):
        rows = sum(len(staged.lines) for staged in reader.staged())
    return watch.measure(rows)


async def imported(backend: Backend, scope: Scope, path: Path) -> Measure:
    """The import as `cloudwatcher import-costs` does it."""
    told = 0

    def show(progress: LoadProgress) -> None:
        nonlocal told
        if progress.rows >= told + 100_000:
            told = progress.rows
            print(f"  {progress.rows:,} rows, peak {peak():.0f} MiB", flush=True)

    with (watch := Watch()):
        report = await import_cost_files(
            scope,
            [path],
            ReadOptions(),
            writer=backend.writer,
            now=utc_now,
            on_progress=show,
        )
    return watch.measure(report.rows)


def bare(url: str, path: Path, *, indexes: list[IndexModel]) -> Measure:
    """insert_many of the same documents as dicts in the same portions; only the time inside insert_many counts."""
    with MongoClient[dict[str, Any]](url, w="majority") as client:
        collection: Collection[dict[str, Any]] = client["bench_bare"][f"lines_{len(indexes)}"]
        if indexes:
            collection.create_indexes(indexes)
        rows, watch = 0, Watch()
        for lines in _portions(path):
            with watch:
                collection.insert_many(lines, ordered=False)
            rows += len(lines)
        collection.drop()
    return watch.measure(rows)


def _portions(path: Path) -> Iterator[list[dict[str, Any]]]:
    reader = CostReader([path], ReadOptions(), ObjectId(), TODAY)
    return ([bson.decode(line.raw) for line in staged.lines] for staged in reader.staged() if staged.lines)


@asynccontextmanager
async def backend_of(servers: EmbeddedServers, folder: Path) -> AsyncIterator[Backend]:
    urls = servers.urls
    assert urls.mongodb_url is not None
    assert urls.redis_url is not None
    changes = {"data_dir": folder, "mongodb_url": SecretStr(urls.mongodb_url), "redis_url": SecretStr(urls.redis_url)}
    settings = Settings().model_copy(update=changes)
    async with open_backend(settings) as backend:
        await migrate(backend.client, settings.mongodb_database)
        yield backend


async def measured(servers: EmbeddedServers, folder: Path, path: Path) -> Measure:
    async with backend_of(servers, folder) as backend:
        organization = await backend.writer.commit(
            lambda tx: open_organization("Bench", OrganizationKind.COMPANY, msp_id=None, session=tx.session)
        )
        scope = scope_of_operator(str(organization.id))
        ours = await imported(backend, scope, path)
        print(f"import: {ours}; peak memory {peak():.0f} MiB", flush=True)
        print(await check_sums(scope, *EVER), flush=True)
        seconds = await timed(scope, by_team(*EVER), 40)
        print(f"by month and team: p50 {statistics.median(seconds) * 1000:.0f} ms, p95 {p95(seconds) * 1000:.0f} ms")
        return ours


async def timed(scope: Scope, question: CostQuestion, times: int) -> list[float]:
    """Seconds of each of so many answers, none of them kept, after one to warm up."""
    await cost_series(scope, question)
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        await cost_series(scope, question)
        seconds.append(time.perf_counter() - begun)
    return seconds


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "bill.csv"
        written = make_bill(path, rows)
        print(f"made {written:,} rows, {path.stat().st_size / MEGABYTE:,.0f} MiB of CSV; peak {peak():.0f} MiB")
        with EmbeddedServers(folder / "servers") as servers:
            ours = asyncio.run(measured(servers, folder, path))
            gc.collect()
            url = servers.urls.mongodb_url or ""
            print(f"reading alone: {read_only(path)}")
            settings = CostLine.get_settings()
            plain = bare(url, path, indexes=[])
            print(f"bare insert_many, no indexes: {plain}")
            indexed = bare(url, path, indexes=[field.index for field in settings.indexes or []])
            print(f"bare insert_many, the same indexes: {indexed}")
            print(f"the import takes {ours.seconds / indexed.seconds:.2f} times as long as the second")


if __name__ == "__main__":
    main()
