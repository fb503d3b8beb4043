"""One stored thing of every kind about costs for a tenant, so that a stranger has something to look for."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from beanie import PydanticObjectId

import documents
from documents.base import TenantDocument, utc_now
from documents.cost_export import CostFileFormat
from domain.costs.view import RelativePeriod, ViewQuestion
from domain.facts.cost_source import CostSourceKind
from domain.facts.job import JobState
from domain.facts.statement import StatementAmounts, StatementKind, StatementLine, StatementState
from domain.forecasting.band import Unrest
from domain.forecasting.models import ForecastModel
from domain.forecasting.tree import ForecastLevel
from tests.factories.allocation import make_allocation
from tests.factories.anomalies import anomaly
from tests.factories.tenant import Tenant


async def make_costs(tenant: Tenant, account: documents.Account) -> dict[str, TenantDocument]:
    """The stored things by the name of their GraphQL type."""
    org_id, now = tenant.organization.id, utc_now()
    budget = documents.Budget(org_id=org_id, name="secret-budget", amount=Decimal(1), currency="USD", thresholds=[50])
    await budget.insert()
    metric = documents.BusinessMetric(org_id=org_id, name="secret-metric", unit="secret-unit")
    await metric.insert()
    term = documents.CommitmentTerm(org_id=org_id, native_id="secret-commitment", ends_on=now)
    await term.insert()
    record = make_budget_record(budget)
    await record.insert()
    odd = anomaly(org_id)
    await odd.insert()
    line = await make_cost_line(tenant)
    bills = documents.CostSource(
        org_id=org_id,
        account_id=account.id,
        kind=CostSourceKind.AWS_DATA_EXPORT,
        name="secret-bills",
        settings={"bucket": "secret-bucket", "prefix": "secret-prefix"},
        place="s3://secret-bucket/secret-prefix",
        fetch_every=timedelta(hours=6),
    )
    await bills.insert()
    return {
        **await make_allocation(tenant),
        "Budget": budget,
        "BudgetRecord": record,
        "BusinessMetric": metric,
        "CommitmentTerm": term,
        "CostAnomaly": odd,
        "CostLine": line,
        "CostSource": bills,
        "ForecastEvent": await make_forecast(tenant),
        **await make_cost_papers(tenant),
        **await make_papers(tenant),
    }


def make_budget_record(budget: documents.Budget) -> documents.BudgetRecord:
    """A period of a budget."""
    now = utc_now()
    return documents.BudgetRecord(
        org_id=budget.org_id,
        budget_id=PydanticObjectId(str(budget.id)),
        name="secret-period",
        first_at=now,
        until_at=now + timedelta(days=1),
        amount=Decimal(1),
        spent=Decimal(1),
        currency="USD",
        checked_at=now,
    )


async def make_forecast(tenant: Tenant) -> documents.ForecastEvent:
    """A forecast that is shown, and something that is known of costs to come."""
    org_id, now, edition_id = tenant.organization.id, utc_now(), PydanticObjectId()
    await documents.ForecastRun(org_id=org_id, edition_id=edition_id, made_at=now, read_at=now).insert()
    for service in (None, "secret-service"):
        await documents.CostForecast(
            org_id=org_id,
            edition_id=edition_id,
            level=ForecastLevel.TOTAL if service is None else ForecastLevel.SERVICE,
            currency="USD",
            service_name=service,
            first=now.replace(hour=0, minute=0, second=0, microsecond=0),
            ahead=[10_000] * 366,
            unrest=Unrest(offset=1.0, volatility=0.1, roughness=0.1),
            model=ForecastModel.FLAT,
            days_known=5,
            month_spent=Decimal(1),
            year_spent=Decimal(1),
        ).insert()
    await documents.AnomalyRun(org_id=org_id, at=now, series_count=1).insert()
    event = documents.ForecastEvent(org_id=org_id, name="secret-event", first=now, service_name="secret-service")
    await event.insert()
    return event


async def make_cost_papers(tenant: Tenant) -> dict[str, TenantDocument]:
    """The period of the cost line, a load, a shared view and a rate."""
    org_id, now = tenant.organization.id, utc_now()
    (period,) = await documents.CostPeriod.list_in(tenant.scope, {"billing_account_id": "secret-payer"})
    load = documents.CostLoad(
        org_id=org_id,
        state=documents.CostLoadState.RETIRED,
        content="secret-content",
        files=[],
        actor="user:secret-actor",
        started_at=now,
        seen_at=now,
    )
    rate = documents.ExchangeRate(
        org_id=org_id, base="XTS", quote="XXX", day=now, rate=Decimal(1), note="secret-rate", set_by="user:secret-actor"
    )
    for document in (load, rate):
        await document.insert()
    view = await make_cost_view(tenant)
    return {"CostPeriod": period, "CostLoad": load, "CostView": view, "ExchangeRate": rate}


async def make_cost_view(tenant: Tenant) -> documents.CostView:
    """A view of costs that is shared."""
    view = documents.CostView(
        org_id=tenant.organization.id,
        name="secret-view",
        owner="user:secret-actor",
        is_shared=True,
        question=ViewQuestion(period=RelativePeriod.LAST_MONTH, currency="XTS"),
    )
    return await view.add()


async def make_papers(tenant: Tenant) -> dict[str, TenantDocument]:
    """A failed export of costs, and a statement that was closed."""
    now = utc_now()
    export = documents.CostExport(
        org_id=tenant.organization.id,
        format=CostFileFormat.FINANCE_CSV,
        first=now,
        until=now,
        state=JobState.FAILED,
        problem="secret-problem",
        requested_by="user:secret-actor",
        expires_at=now + timedelta(days=7),
    )
    await export.insert()
    line = StatementLine(
        target="secret-target", name="secret-team", currency="USD", billed=Decimal(1), effective=Decimal(1)
    )
    amounts = StatementAmounts(lines=(line,), adjustments=(), totals=(), basis="secret-basis")
    closed = documents.ClosedVersion(
        number=1,
        kind=StatementKind.SHOWBACK,
        amounts=amounts,
        closed_by="user:secret-actor",
        closed_at=now,
        hash="secret-hash",
    )
    statement = documents.Statement(
        org_id=tenant.organization.id,
        month=datetime(2001, 1, 1, tzinfo=UTC),
        state=StatementState.CLOSED,
        versions=[closed],
    )
    await statement.insert()
    return {"CostExport": export, "Statement": statement}


async def make_cost_line(tenant: Tenant) -> documents.CostLine:
    """A billed row and the period that makes it visible."""
    org_id, edition_id = tenant.organization.id, PydanticObjectId()
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    await documents.CostPeriod(
        org_id=org_id,
        source="",
        provider="AWS",
        billing_account_id="secret-payer",
        period_start=start,
        period_end=end,
        currency="USD",
        billed=Decimal(1),
        line_count=1,
        fingerprint="secret",
        first_on=start,
        last_on=start,
        edition_id=edition_id,
        load_id=PydanticObjectId(),
        loaded_at=start,
    ).insert()
    line = documents.CostLine(
        org_id=org_id,
        edition_id=edition_id,
        file=0,
        row=1,
        provider="AWS",
        billed_cost=Decimal(1),
        billing_account_id="secret-payer",
        billing_currency="USD",
        billing_period_start=start,
        billing_period_end=end,
        charge_category="Usage",
        charge_period_start=start,
        charge_period_end=end,
        effective_cost=Decimal(1),
        service_name="secret-service",
    )
    await line.insert()
    return line
