"""Bills as advice on commitments reads them: the same sums as plain ones, through indexes, within bounds."""

from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import CostLine, CostUsageDay, commitment_bill
from documents.commitment_bill import (
    bills_of_late,
    commitments_pipeline,
    days_pipeline,
    hours_pipeline,
    words_pipeline,
)
from documents.commitment_context import commitment_evidence, savings_pipeline
from domain.commitments.bill import spending_of, untold
from tests.factories.commitment_rows import FIRST, TODAY, hours, steady, used
from tests.factories.costs import load
from tests.factories.focus import write_csv
from tests.factories.tenant import Tenant, make_tenant


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.mark.parametrize("is_hourly", [True, False], ids=["by hour", "by day"])
async def test_spend_that_is_gathered_is_the_plain_sum_of_the_rows(
    backend: Backend, tenant: Tenant, tmp_path: Path, is_hourly: bool
) -> None:
    random, length = Random(is_hourly), 1 if is_hourly else 24
    meters = {"BoxUsage:m5.large": "m5", "BoxUsage:c5.xlarge": "c5", "NatGateway-Hours": None}
    others: list[dict[str, str]] = [{}, {"PricingCategory": "Dynamic"}, {"ChargeClass": "Correction"}]
    others += [{"ServiceName": "Amazon Virtual Private Cloud"}, {"ChargeCategory": "Tax", "PricingCategory": ""}]
    rows, truth = [], defaultdict[tuple[str, str, datetime], Fraction](Fraction)
    for at in hours():
        for _ in range(random.choice([0, 1, 2])):
            begin = at if is_hourly else at.replace(hour=0)
            meter, region = random.choice(list(meters)), random.choice(["us-east-1", "eu-west-1"])
            columns = random.choice(others) if random.random() < 0.4 else {}
            cost = f"{random.randrange(100_000) / 10_000:.4f}"
            rows.append(used(begin, length, cost, SkuId=meter, SkuMeter=meter, RegionId=region, **columns))
            family = meters[meter]
            is_seen = FIRST < begin.date() < TODAY - timedelta(days=1)
            if family and not columns and is_seen:
                truth[family, region, begin] += Fraction(cost)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))

    (days,) = await bills_of_late(tenant.scope, TODAY)
    bill = await commitment_bill.commitment_bill(tenant.scope, days)

    assert bill.is_hourly is is_hourly
    begins = [at for at in hours(31)[24:] if is_hourly or at.hour == 0]
    found = {
        (one.family, one.region, at): Fraction(cost)
        for one in spending_of(bill)["aws-compute"].series
        for at, cost in zip(begins, one.costs, strict=True)
        if cost
    }
    assert found == {key: cost for key, cost in truth.items() if cost}


async def test_everything_is_read_through_indexes(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [used(at, 1, "1") for at in hours()]))
    (bill,) = await bills_of_late(tenant.scope, TODAY)
    scope = tenant.scope
    asked: list[tuple[Any, list[dict[str, Any]], str]] = [
        (CostUsageDay, days_pipeline(scope, bill), "org_day"),
        (CostUsageDay, commitments_pipeline(scope, bill), "org_day"),
        (CostLine, hours_pipeline(scope, bill), "org_newest"),
        (CostLine, words_pipeline(scope, bill, bill.first), "org_newest"),
        (documents.Finding, savings_pipeline(scope, ["a"]), "org_state"),
    ]

    for document, pipeline, index in asked:
        command = {"aggregate": document.get_settings().name, "pipeline": pipeline, "cursor": {}}
        if document is CostLine:
            command["hint"] = "org_newest"
        plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))
        assert f"'indexName': '{index}" in plan
        assert "COLLSCAN" not in plan


async def test_bounds_take_hours_first_and_then_words(
    backend: Backend, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 days of 24 rows are looked at: with one row less allowed, days are; with none of a day, no SKU is known."""
    await load(backend, tenant, write_csv(tmp_path / "a.csv", steady("10")))
    (days,) = await bills_of_late(tenant.scope, TODAY)

    found = []
    for bound, most in (("MOST_HOURLY_ROWS", 719), ("MOST_WORDY_ROWS", 23), ("MOST_ROWS_OF_A_DAY", 23)):
        monkeypatch.setattr(commitment_bill, bound, most)
        found.append(await commitment_bill.commitment_bill(tenant.scope, days))

    by_day, words_of_a_day, no_words = found
    assert (by_day.is_hourly, len(by_day.charges)) == (False, 30)
    assert spending_of(by_day)["aws-compute"].total == 7200
    assert words_of_a_day.words == by_day.words
    assert (no_words.words, untold(no_words)) == ({}, 7200)


async def test_days_are_counted_where_totals_are_not_made(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", steady("10")))
    (before,) = await bills_of_late(tenant.scope, TODAY)

    await documents.CostPeriod.rows().update_many(
        documents.CostPeriod.within(tenant.scope), {"$unset": {"totalled_id": 1}}
    )

    (after,) = await bills_of_late(tenant.scope, TODAY)
    assert after.days == before.days


async def test_smaller_bills_beyond_the_most_are_told(
    backend: Backend, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*steady("10"), *(row | {"BillingAccountId": "100000000009"} for row in steady("10")[:240])]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    monkeypatch.setattr("documents.commitment_context.MOST_BILLS", 1)

    found = await commitment_evidence(tenant.scope, TODAY, ())

    assert [bill.billing_account_id for bill in found.bills] == ["100000000001"]
    assert found.bills_left_out == 1
