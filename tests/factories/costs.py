"""Loads of billing files and what they leave in the store."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from app.wiring import Backend
from documents import Account, CostDay, CostLine, CostLoad, CostMonth, CostPeriod
from documents.cost_day import cost_series
from domain.costs.header import ReadOptions
from domain.costs.series import CostQuestion, Grain, Metric
from jobs.cost_import import LoadProgress, LoadReport, import_cost_files
from tests.factories.tenant import Tenant

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OCTOBER = {
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-02T00:00:00Z",
    "ChargePeriodEnd": "2026-10-03T00:00:00Z",
}


async def load(
    backend: Backend,
    tenant: Tenant,
    *paths: Path,
    options: ReadOptions | None = None,
    on_progress: Callable[[LoadProgress], None] | None = None,
) -> LoadReport:
    """Load files for a tenant, at NOW."""
    return await import_cost_files(
        tenant.scope,
        paths,
        options or ReadOptions(),
        writer=backend.writer,
        now=lambda: NOW,
        on_progress=on_progress,
    )


async def total(tenant: Tenant, metric: Metric = Metric.BILLED) -> Decimal:
    """Everything the tenant was ever billed, as dashboards see it."""
    question = CostQuestion(date(2000, 1, 1), date(2040, 1, 1), grain=Grain.MONTH, metrics=(metric,))
    return (await cost_series(tenant.scope, question)).all.totals[metric]


async def visible_lines(tenant: Tenant) -> int:
    """How many lines the tenant sees."""
    return await CostLine.count_in(tenant.scope, {}, cap=100_000)


async def stored(tenant: Tenant) -> dict[str, int]:
    """Documents of the tenant by kind, seen or not."""
    query = {"org_id": tenant.organization.id}
    kinds = (CostLine, CostDay, CostMonth, CostPeriod, CostLoad, Account)
    return {kind.__name__: await kind.rows().count_documents(query) for kind in kinds}
