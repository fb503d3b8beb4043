"""Days add up to exactly what the rows add up to, however often the sums are flushed."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs.rollup import DayRollup, DayTotals, MonthRollup
from tests.factories.focus import focus_row, lacking, parsed

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=12)
charges = st.tuples(st.sampled_from(["web", "db"]), st.integers(1, 3), amounts, amounts)


def charge(service: str, day: int, billed: Decimal, effective: Decimal) -> dict[str, str]:
    return focus_row(
        ServiceName=service,
        ChargePeriodStart=f"2026-09-0{day}",
        ChargePeriodEnd=f"2026-09-0{day + 1}",
        BilledCost=f"{billed:f}",
        EffectiveCost=f"{effective:f}",
    )


@given(st.lists(charges, min_size=1, max_size=40), st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_flushed_parts_add_up_to_the_rows(rows, most):
    rollup, by_day = DayRollup(most=most), DayTotals()
    totals = defaultdict(lambda: [Decimal(0), Decimal(0), 0])
    for chunk in (rows[start : start + 7] for start in range(0, len(rows), 7)):
        rollup.add(parsed(*(charge(*row) for row in chunk)))
        if rollup.is_full or chunk[-1] is rows[-1]:
            flushed = rollup.flush()
            by_day.add(flushed)
            for key, sums in flushed.items():
                total = totals[key.service_name, key.day.day]
                total[0] += sums.billed
                total[1] += sums.effective
                total[2] += sums.rows

    expected = defaultdict(lambda: [Decimal(0), Decimal(0), 0])
    for service, day, billed, effective in rows:
        expected[service, day][0] += billed
        expected[service, day][1] += effective
        expected[service, day][2] += 1
    assert totals == expected
    assert rollup.flush() == {}
    for day, total in by_day.of(0).items():
        parts = [sums for (_, number), sums in expected.items() if number == day.day]
        assert [total.billed, total.effective, total.rows] == [sum(column) for column in zip(*parts, strict=True)]
    assert list(by_day.of(0)) == sorted({date(2026, 9, number) for _, number in expected})


def test_months_add_up_days_that_differ_in_nothing_else():
    rollup, months = DayRollup(), MonthRollup(most=1)
    costs = {"EffectiveCost": "2", "ListCost": "4", "ContractedCost": "8"}
    rows = [
        focus_row(BilledCost=billed, ServiceName=name, ChargePeriodStart=day, ChargePeriodEnd="2026-12-01", **costs)
        for billed, name, day in [
            ("1", "web", "2026-09-02"),
            ("10", "web", "2026-09-30"),
            ("100", "web", "2026-10-01"),
            ("0.5", "db", "2026-09-02"),
        ]
    ]

    full = []
    for row in rows:
        rollup.add(parsed(row))
        months.add(rollup.flush())
        full.append(months.is_full)

    assert full == [False, False, True, True]
    assert {
        (key.service_name, key.day): (sums.billed, sums.effective, sums.listed, sums.contracted, sums.rows)
        for key, sums in months.flush().items()
    } == {
        ("web", date(2026, 9, 1)): (11, 4, 8, 16, 2),
        ("web", date(2026, 10, 1)): (100, 2, 4, 8, 1),
        ("db", date(2026, 9, 1)): (Decimal("0.5"), 2, 4, 8, 1),
    }
    assert months.flush() == {}


def test_a_sum_is_kept_for_every_dimension_that_can_be_asked_for():
    base = {"ServiceCategory": "Compute", "RegionId": "r1", "SubAccountId": "s1", "SubAccountName": "one"}
    base |= dict.fromkeys(("PricingCategory", "CommitmentDiscountId", "CommitmentDiscountStatus"), "")
    variants = [
        {"ServiceName": "other"},
        {"ServiceCategory": "Storage"},
        {"RegionId": ""},
        {"SubAccountId": "s2"},
        {"SubAccountName": "two"},
        {"ChargeCategory": "Credit"},
        {"ProviderName": "Oracle"},
        {"BillingAccountId": "9"},
        {"Tags": ""},
        {"Tags": '{"team": "db"}'},
        {"ChargePeriodStart": "2026-09-01"},
        {"PricingCategory": "Committed"},
        {"CommitmentDiscountId": "sp-1"},
        {"CommitmentDiscountStatus": "Unused"},
        {"PublisherName": "A vendor of the marketplace"},
    ]
    rollup = DayRollup()

    rollup.add(parsed(focus_row(**base), *(focus_row(**(base | variant)) for variant in variants)))

    assert len(rollup.flush()) == 1 + len(variants)


def test_tags_in_other_order_are_the_same_tags():
    rollup = DayRollup()

    rollup.add(parsed(focus_row(Tags='{"a": "1", "b": "2"}'), focus_row(Tags='{"b": "2", "a": "1"}')))

    (key,) = rollup.flush()
    assert key.tags == (("a", "1"), ("b", "2"))
    assert key.day == date(2026, 9, 2)


def test_costs_that_a_file_lacks_add_nothing():
    rollup = DayRollup()

    rollup.add(parsed(focus_row(ListCost="2", ContractedCost=""), focus_row(ListCost="", ContractedCost="3")))
    rollup.add(parsed(lacking(focus_row(), "ListCost", "ContractedCost")))

    (sums,) = rollup.flush().values()
    assert (sums.listed, sums.contracted, sums.rows) == (Decimal(2), Decimal(3), 3)


def test_every_slice_has_totals_of_its_own_with_all_four_costs():
    rollup, totals = DayRollup(), DayTotals()
    rows = [focus_row(BilledCost="1", EffectiveCost="2", ListCost="4", ContractedCost="8", RegionId=r) for r in "ab"]
    rollup.add(parsed(*rows, focus_row(BilledCost="16", BillingAccountId="9")))

    totals.add(rollup.flush())

    (first,), (second,) = totals.of(0).values(), totals.of(1).values()
    assert (first.billed, first.effective, first.listed, first.contracted, first.rows) == (2, 4, 8, 16, 2)
    assert (second.billed, second.rows) == (16, 1)
    assert totals.of(2) == {}
