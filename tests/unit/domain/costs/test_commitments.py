"""Commitments: utilisation, coverage and the effective savings rate, worked out by hand; and when they end."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.costs.commitments import (
    CommitmentUse,
    Covered,
    commitment_key,
    commitments_of,
    coverage_by_service,
    coverage_of,
    eligible_of,
    end_in,
    savings_of,
    threshold_of,
)

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
PERIODS = [JANUARY, FEBRUARY]


def use(period: date = JANUARY, **fields: Any) -> CommitmentUse:
    amounts = {name: Decimal(fields[name]) for name in ("billed", "effective", "listed", "quantity") if name in fields}
    return CommitmentUse(period=period, **{"provider": "AWS", "service": "EC2", "unit": "Hours"} | fields | amounts)


def covered(period: date = JANUARY, id: str = "sp-1", **fields: Any) -> CommitmentUse:
    return use(period, **{"commitment_id": id, "status": "Used", "pricing_category": "Committed"} | fields)


def on_demand(period: date = JANUARY, **fields: Any) -> CommitmentUse:
    return use(period, **{"pricing_category": "Standard"} | fields)


# January: 60 used of what lists at 100, 20 unused; 50 on demand. February: 40 used of 80, nothing unused or on demand.
ROWS = [
    covered(effective="60", listed="100", quantity="6", name="Plan", region="eu"),
    covered(status="Unused", effective="20", quantity="2", unit=None),
    covered(FEBRUARY, effective="30", listed="60", quantity="3", region="us"),
    covered(FEBRUARY, effective="10", listed="20", service="Lambda", unit="Seconds"),
    covered(charge_category="Purchase", billed="200", status=None, commitment_unit="USD"),
    on_demand(effective="45", listed="50"),
    # None of these is eligible: another unit, another service, spot, and what is no usage.
    on_demand(effective="7", listed="7", unit="GB"),
    on_demand(effective="7", listed="7", service="S3"),
    use(pricing_category="Dynamic", effective="7", listed="7"),
    use(charge_category="Purchase", pricing_category="Standard", effective="7", listed="7"),
    covered(id="ri-2", effective="1", listed="0", unlisted=3, service="S4"),
]


def test_a_commitment_is_used_and_unused_by_period() -> None:
    plan, reserved = commitments_of(ROWS, PERIODS)

    assert (plan.id, plan.name, plan.unit, plan.provider) == ("sp-1", "Plan", "USD", "AWS")
    assert (plan.used, plan.unused, plan.billed) == ([60, 40], [20, 0], [200, 0])
    assert (plan.used_quantity, plan.unused_quantity) == ([6, 3], [2, 0])
    assert plan.utilizations == [Decimal("0.75"), 1]  # 60 of 80; 40 of 40
    assert (plan.cost, plan.utilization) == (120, Decimal("0.833333333333"))  # 100 of 120
    assert plan.covers == [
        Covered("EC2", "eu", Decimal(100), Decimal(60)),
        Covered("EC2", "us", Decimal(60), Decimal(30)),
        Covered("Lambda", None, Decimal(20), Decimal(10)),
    ]
    assert (reserved.id, reserved.utilizations) == ("ri-2", [1, None])


def test_coverage_is_what_is_covered_of_what_could_be() -> None:
    eligible = eligible_of(ROWS)

    found = coverage_of(eligible, PERIODS)

    assert (found.covered, found.on_demand) == ([100, 80], [50, 0])
    assert found.ratios == [Decimal("0.666666666667"), 1]
    assert found.ratio == Decimal("0.782608695652")  # 180 of 230
    assert eligible.unlisted == 3
    by_service = coverage_by_service(eligible, PERIODS)
    assert list(by_service) == ["EC2", "Lambda", "S4"]
    assert by_service["EC2"].ratio == Decimal("0.761904761905")  # 160 of 210
    assert by_service["S4"].ratio is None


def test_named_services_are_eligible_in_every_unit() -> None:
    found = coverage_of(eligible_of(ROWS, ["EC2", "S3"]), PERIODS)

    # Lambda is not among them any more; EC2's gigabytes and S3 are.
    assert (found.covered, found.on_demand) == ([100, 60], [50 + 7 + 7, 0])


def test_the_savings_rate_counts_what_is_unused_as_paid() -> None:
    found = savings_of(eligible_of(ROWS), PERIODS)

    assert (found.listed, found.unused) == ([150, 80], [20, 0])
    assert found.paid == [60 + 45 + 1 + 20, 40]
    assert found.rates == [Decimal("0.16"), Decimal("0.5")]  # 1 - 126 / 150; 1 - 40 / 80
    assert found.rate == Decimal("0.278260869565")  # 1 - 166 / 230


def test_without_usage_there_is_no_rate_and_with_waste_a_negative_one() -> None:
    assert savings_of(eligible_of([]), PERIODS).rates == [None, None]
    wasted = savings_of(
        eligible_of([covered(effective="5", listed="10"), covered(status="Unused", effective="15")]), PERIODS
    )
    assert wasted.rate == -1  # 1 - 20 / 10


def test_ids_of_bills_and_of_the_provider_are_one() -> None:
    assert commitment_key("arn:aws:ec2:us-east-1:1:reserved-instances/AB-1") == commitment_key("ab-1")


@pytest.mark.parametrize(
    ("left", "threshold"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-1, None)]
)
def test_the_nearest_threshold_that_is_reached_counts(left: int, threshold: int | None) -> None:
    assert threshold_of(left) == threshold


@pytest.mark.parametrize(
    ("config", "end"),
    [
        ({"End": "2027-03-01T00:00:00+00:00"}, date(2027, 3, 1)),
        ({"end": "2027-03-02T10:00:00.000Z"}, date(2027, 3, 2)),
        ({"properties": {"expiryDate": "2027-03-03"}}, date(2027, 3, 3)),
        ({"endTimestamp": "2027-03-04T00:00:00.000-08:00"}, date(2027, 3, 4)),
        ({"end": "never", "endTimestamp": "2027-03-05"}, date(2027, 3, 5)),
        ({"end": 7, "properties": "none"}, None),
    ],
)
def test_the_end_is_read_where_each_provider_says_it(config: dict[str, object], end: date | None) -> None:
    assert end_in(config) == end
