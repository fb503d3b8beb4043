"""Questions are bounded, and sums line up with their periods."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs.series import (
    MOST_GROUPS,
    MOST_PERIODS,
    CostQuestion,
    Grain,
    GroupSums,
    Metric,
    SeriesBuilder,
    TagKey,
    period_of,
)
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter

FIRST = date(2026, 9, 1)


def question(**changes) -> CostQuestion:
    return CostQuestion(**({"first": FIRST, "until": FIRST + timedelta(days=3)} | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"until": FIRST}, "first must come before until"),
        ({"first": date(1999, 12, 31)}, "in this century"),
        ({"until": date(2101, 1, 1)}, "in this century"),
        ({"until": FIRST + timedelta(days=MOST_PERIODS + 1)}, "more than 1100 periods"),
        ({"group_by": (Dimension.SERVICE, Dimension.SERVICE)}, "at most 3 different things"),
        ({"group_by": tuple(TagKey(key) for key in "abcd")}, "at most 3 different things"),
        ({"metrics": ()}, "one or more different metrics"),
        ({"metrics": (Metric.BILLED, Metric.BILLED)}, "one or more different metrics"),
        ({"top": 0}, "top must lie between"),
        ({"top": MOST_GROUPS + 1}, "top must lie between"),
    ],
)
def test_a_question_that_is_too_wide_or_makes_no_sense_is_refused(changes, reason):
    with pytest.raises(Invalid, match=reason):
        question(**changes)


@pytest.mark.parametrize(
    ("grain", "first", "until", "periods"),
    [
        (Grain.DAY, date(2026, 2, 27), date(2026, 3, 2), ["2026-02-27", "2026-02-28", "2026-03-01"]),
        (Grain.WEEK, date(2026, 9, 2), date(2026, 9, 15), ["2026-08-31", "2026-09-07", "2026-09-14"]),
        (Grain.WEEK, date(2026, 9, 7), date(2026, 9, 14), ["2026-09-07"]),
        (Grain.MONTH, date(2025, 12, 31), date(2026, 2, 2), ["2025-12-01", "2026-01-01", "2026-02-01"]),
        (Grain.MONTH, date(2026, 1, 1), date(2026, 2, 1), ["2026-01-01"]),
    ],
)
def test_every_period_the_days_touch_is_listed_by_its_first_day(grain, first, until, periods):
    assert [f"{period}" for period in question(grain=grain, first=first, until=until).periods()] == periods


@given(st.dates(date(2000, 1, 1), date(2096, 1, 1)), st.integers(1, MOST_PERIODS), st.sampled_from(Grain))
@settings(deadline=None)
def test_every_day_lies_in_a_listed_period(first, days, grain):
    asked = question(first=first, until=first + timedelta(days=days), grain=grain)

    periods = asked.periods()

    assert {period_of(first + timedelta(days=day), grain) for day in range(days)} == set(periods)
    assert periods == sorted(periods)


def test_the_widest_question_may_be_asked():
    assert len(question(until=FIRST + timedelta(days=MOST_PERIODS)).periods()) == MOST_PERIODS


def test_groups_line_up_and_the_others_are_added_up():
    asked = question(group_by=(Dimension.SERVICE,), metrics=(Metric.BILLED, Metric.EFFECTIVE), top=1)
    builder = SeriesBuilder(asked, "USD")

    builder.add(sums("web", [(FIRST, "5", "4"), (FIRST + timedelta(days=2), "1", "1")]))
    builder.add(sums("db", [(FIRST, "0.1", "0")]))
    builder.add(sums(None, [(FIRST, "0.2", "0"), (FIRST + timedelta(days=1), "-3", "2")]))
    series = builder.built()

    assert series.currency == "USD"
    assert series.periods == [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=2)]
    (web,) = series.groups
    assert (web.values, web.label) == (("web",), "label of web")
    assert web.amounts == {
        Metric.BILLED: [Decimal(5), Decimal(0), Decimal(1)],
        Metric.EFFECTIVE: [Decimal(4), Decimal(0), Decimal(1)],
    }
    assert series.rest is not None
    assert series.rest_count == 2
    assert series.rest.amounts[Metric.BILLED] == [Decimal("0.3"), Decimal(-3), Decimal(0)]
    assert series.all.amounts[Metric.BILLED] == [Decimal("5.3"), Decimal(-3), Decimal(1)]
    assert series.all.totals == {Metric.BILLED: Decimal("3.3"), Metric.EFFECTIVE: Decimal(7)}


def sums(name: str | None, points: list[tuple[date, str, str]]) -> GroupSums:
    return GroupSums((name,), f"label of {name}", [(day, [Decimal(a), Decimal(b)]) for day, a, b in points])


def test_without_rows_the_columns_are_zero_and_there_is_no_currency():
    series = SeriesBuilder(question(), None).built()

    assert (series.currency, series.groups, series.rest) == (None, [], None)
    assert series.all.amounts == {Metric.BILLED: [Decimal(0)] * 3}


@pytest.mark.parametrize(
    ("changes", "is_coarse"),
    [
        ({}, True),
        ({"group_by": (Dimension.BILLING_ACCOUNT,), "metrics": tuple(Metric), "grain": Grain.WEEK}, True),
        ({"where": CostFilter.of({Dimension.BILLING_ACCOUNT: ["1"]})}, True),
        ({"group_by": (Dimension.BILLING_ACCOUNT, Dimension.PROVIDER)}, False),
        ({"group_by": (TagKey("team"),)}, False),
        ({"where": CostFilter.of({Dimension.REGION: [None]})}, False),
        ({"where": CostFilter.of(tags={"team": ["a"]})}, False),
    ],
)
def test_a_coarse_question_asks_for_no_more_than_days_and_billing_accounts(changes, is_coarse):
    assert question(**changes).is_coarse is is_coarse
