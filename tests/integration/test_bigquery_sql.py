"""What BigQuery is asked, run by an engine: which rows a month has, and when it is asked for again."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.wiring import Backend
from connectors.guard import Guards
from domain.facts.cost_source import CostSourceKind
from tests.factories.cost_source import NOW, fetch, make_source, rows_of
from tests.factories.costs import total
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import google
from tests.fakes.bigquery import CAME, DETAILED, BigQuery

TABLE = {"project": "billing-project", "dataset": "billing", "table": "gcp_billing_export_resource_v1_010101"}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def at_once(_: float) -> None:
    """Nobody waits in a test."""


async def fetched(backend: Backend, source: Any) -> str:
    said, _ = await fetch(backend, source, now=lambda: NOW, guards=Guards(sleep=at_once))
    return str(said)


def add_export(table: BigQuery, month: str, cost: str, day: str, came: str | None = None, **more: Any) -> None:
    """A row of the detailed export; `came` is the day it was written, the one after its usage if left out."""
    after = f"{date.fromisoformat(day) + timedelta(days=1)}"
    row = {
        "billing_account_id": "010101-ABCDEF-020202",
        "invoice": {"month": month},
        "cost_type": "regular",
        "service": {"id": "6F81-5844-456A", "description": "Compute Engine"},
        "sku": {"id": "D973", "description": "N2 core"},
        "usage_start_time": f"{day} 00:00:00",
        "usage_end_time": f"{day} 01:00:00",
        "project": {"id": "shop", "name": "Shop", "number": "7"},
        "labels": [{"key": "team", "value": "web"}],
        "system_labels": [],
        "location": {"region": "europe-west1"},
        "export_time": f"{came or after} 08:00:00",
        "cost": cost,
        "cost_at_list": cost,
        "currency": "EUR",
        "currency_conversion_rate": 1.0,
        "usage": {"amount": 3600.0, "unit": "seconds", "amount_in_pricing_units": 1.0, "pricing_unit": "hour"},
        "credits": [],
        CAME: f"{came or after} 00:00:00",
    }
    table.add(**{**row, **more})


async def test_the_export_is_read_by_the_month_of_its_invoice(backend: Backend, tenant: Tenant) -> None:
    table = BigQuery(*TABLE.values(), columns=DETAILED)
    for cost, day in (("1.000000001", "2026-10-01"), ("2.5", "2026-10-30"), ("0.25", "2026-10-31")):
        add_export(table, "202610", cost, day)
    # Used in October, but told of so late that it is on the invoice of November; and the other way round: a day of
    # September on the invoice of October.
    add_export(table, "202611", "4", "2026-10-31", came="2026-11-05")
    add_export(table, "202610", "8", "2026-09-30", came="2026-10-01")

    with google.google(table.answers) as house:
        source = await make_source(backend, tenant, CostSourceKind.GCP_BIGQUERY, google.credentials(house.url), TABLE)
        first, again = await fetched(backend, source), await fetched(backend, source)
        before = await total(tenant)
        add_export(table, "202610", "-0.5", "2026-10-31", came="2026-11-20", cost_type="adjustment")
        late = await fetched(backend, source)

    assert (first, again, late) == ("2 months loaded", "0 months loaded", "1 months loaded")
    assert before == Decimal("15.750000001")
    assert await total(tenant) == Decimal("15.250000001")
    assert {text.count("SELECT") for text in table.ran} == {1}


async def test_credits_of_a_line_are_taken_off(backend: Backend, tenant: Tenant) -> None:
    table = BigQuery(*TABLE.values(), columns=DETAILED)
    credit = [{"name": "Committed use", "amount": "-0.75", "type": "COMMITTED_USAGE_DISCOUNT"}]
    add_export(table, "202611", "2", "2026-11-02", credits=credit)

    with google.google(table.answers) as house:
        source = await make_source(backend, tenant, CostSourceKind.GCP_BIGQUERY, google.credentials(house.url), TABLE)
        said = await fetched(backend, source)

    assert said == "1 months loaded"
    assert await total(tenant) == Decimal("1.25")


INSTANTS = ("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd")
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
FOCUS = (
    dict.fromkeys(rows_of("2026-11", "1")[0], "VARCHAR")
    | dict.fromkeys(INSTANTS, "TIMESTAMP")
    | dict.fromkeys(AMOUNTS, "DECIMAL(38, 9)")
)


def add_focus(table: BigQuery, month: str, cost: str, **more: str) -> None:
    """A row as the view has it: times are times, and what is not known is NULL."""
    (row,) = rows_of(month, cost)
    row |= more
    table.add(**{name: (value.rstrip("Z") if name in INSTANTS else value) or None for name, value in row.items()})


async def test_a_focus_view_is_read_by_the_period_it_bills(backend: Backend, tenant: Tenant) -> None:
    table = BigQuery(*TABLE.values(), columns=FOCUS)
    for month, cost in (("2026-10", "7.5"), ("2026-10", "0.000000001"), ("2026-11", "1.25")):
        add_focus(table, month, cost)
    # Of long ago.
    add_focus(
        table, "2026-10", "99", BillingPeriodStart="2019-01-01T00:00:00Z", BillingPeriodEnd="2019-02-01T00:00:00Z"
    )

    with google.google(table.answers) as house:
        source = await make_source(
            backend,
            tenant,
            CostSourceKind.GCP_BIGQUERY,
            google.credentials(house.url),
            {**TABLE, "layout": "FOCUS"},
        )
        first, again = await fetched(backend, source), await fetched(backend, source)
        # As many rows and the same newest one: only the sum tells.
        table.remove("BilledCost = 7.5")
        add_focus(table, "2026-10", "8.5")
        corrected = await fetched(backend, source)

    assert (first, again, corrected) == ("2 months loaded", "0 months loaded", "1 months loaded")
    assert await total(tenant) == Decimal("9.750000001")
