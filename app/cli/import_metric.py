"""`cloudwatcher import-metric`: points of a business metric from a CSV file into one organization."""

from pathlib import Path

from bson import ObjectId
from rich.console import Console

from app.cli.import_costs import scope_of_named
from app.settings import Settings
from app.wiring import open_backend
from documents.audit import Act, acting
from documents.base import utc_now
from documents.business_metric import BusinessMetric
from documents.metric_day import record_days
from documents.transaction import Transaction
from domain.costs.metric_points import CheckedPoints, points_of_csv
from domain.errors import Invalid, NotFound
from domain.facts.scope import Scope
from jobs.writer import Writer

ACTION = "business_metric.record"
SHOWN = 20


async def run_import_metric(
    settings: Settings, file: Path, *, organization: str | None, metric: str, unit: str | None
) -> int:
    """Load the points; 0 when all are in, 1 when some were refused."""
    async with open_backend(settings) as backend:
        scope = await scope_of_named(organization)
        return await import_points(Console(), scope, file, backend.writer, metric=metric, unit=unit)


async def import_points(
    console: Console, scope: Scope, file: Path, writer: Writer, *, metric: str, unit: str | None
) -> int:
    """Load the points into the one organization of the scope and tell what became of them; see `run_import_metric`."""
    found = points_of_csv(_text_of(file))

    async def change(tx: Transaction) -> None:
        await _record(tx, scope, found, metric, unit)

    with acting(Act(action=ACTION, actor=scope.actor)):
        await writer.commit(change)
    console.print(f"{len(found.points):,} points of {metric} are stored.", highlight=False, markup=False)
    for refused in found.refused[:SHOWN]:
        console.print(f"  line {refused.line}: {refused.reason}", highlight=False, markup=False, soft_wrap=True)
    if len(found.refused) > SHOWN:
        console.print(f"  and {len(found.refused) - SHOWN:,} more lines")
    return 1 if found.refused else 0


async def _record(tx: Transaction, scope: Scope, found: CheckedPoints, name: str, unit: str | None) -> None:
    stored = await BusinessMetric.find_in(scope, {"name": name}, session=tx.session)
    if stored is None:
        if unit is None:
            raise NotFound(f"There is no business metric called {name}: name its unit with --unit to make it.")
        stored = BusinessMetric(org_id=ObjectId(scope.only()), name=name, unit=unit)
        await stored.insert(session=tx.session)
    await record_days(stored, found.points, utc_now(), tx.session)
    told = {"recorded": len(found.points), "refused": len(found.refused)}
    tx.audit(stored.org_id, target=f"business_metric:{stored.id}", after=told)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFound(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is not UTF-8: save it as CSV in UTF-8.") from error
