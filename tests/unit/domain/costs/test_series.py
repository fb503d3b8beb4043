"""Questions are bounded, and sums line up with their periods."""

from datetime import UTC, date, datetime, timedelta
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
    daily,
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
        ({"grain": Grain.HOUR, "until": FIRST + timedelta(days=15)}, "By the hour ask for at most 14 days"),
        (
            {"grain": Grain.MONTH, "until": FIRST + timedelta(days=3_701), "convert_to": "EUR"},
            "at most 3700 days",
        ),
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
        (Grain.QUARTER, date(2025, 11, 30), date(2026, 4, 2), ["2025-10-01", "2026-01-01", "2026-04-01"]),
        (Grain.YEAR, date(2024, 12, 31), date(2026, 1, 2), ["2024-01-01", "2025-01-01", "2026-01-01"]),
    ],
)
def test_every_period_the_days_touch_is_listed_by_its_first_day(grain, first, until, periods):
    assert [f"{period}" for period in question(grain=grain, first=first, until=until).periods()] == periods


DAILY = [grain for grain in Grain if grain is not Grain.HOUR]


@given(st.dates(date(2000, 1, 1), date(2096, 1, 1)), st.integers(1, MOST_PERIODS), st.sampled_from(DAILY))
@settings(deadline=None)
def test_every_day_lies_in_a_listed_period(first, days, grain):
    asked = question(first=first, until=first + timedelta(days=days), grain=grain)

    periods = asked.periods()

    assert {period_of(first + timedelta(days=day), grain) for day in range(days)} == set(periods)
    assert periods == sorted(periods)


def test_hours_are_listed_by_the_instant_they_begin():
    periods = question(grain=Grain.HOUR, until=FIRST + timedelta(days=1)).periods()

    assert periods == [datetime(2026, 9, 1, hour, tzinfo=UTC) for hour in range(24)]


@pytest.mark.parametrize(
    ("changes", "needs"),
    [
        ({}, False),
        ({"group_by": (Dimension.SERVICE, TagKey("team"))}, False),
        ({"group_by": (Dimension.SERVICE, Dimension.SKU)}, True),
        ({"where": CostFilter.of({Dimension.RESOURCE: ["i-1"]})}, True),
        ({"where": CostFilter.of({Dimension.REGION: ["r1"]}, {"team": ["a"]})}, False),
        ({"grain": Grain.HOUR}, True),
    ],
)
def test_billed_rows_are_needed_for_what_daily_sums_do_not_tell(changes, needs):
    assert question(**changes).needs_lines is needs


def test_converted_groups_keep_what_was_billed_by_currency():
    builder = SeriesBuilder(question(top=1, convert_to="EUR"), "EUR")
    builder.add(
        GroupSums(
            ("a",),
            None,
            [(FIRST, [Decimal(3)]), (FIRST, [Decimal(4)])],
            [("USD", FIRST, [Decimal(6)]), ("EUR", FIRST, [Decimal(4)])],
        )
    )
    builder.add(GroupSums(("b",), None, [(FIRST, [Decimal(1)])], [("USD", FIRST, [Decimal(2)])]))

    series = builder.built()

    (first,) = series.groups
    assert first.amounts[Metric.BILLED] == [7, 0, 0]
    assert {currency: one[Metric.BILLED][0] for currency, one in first.original.items()} == {"USD": 6, "EUR": 4}
    assert series.rest is not None
    assert series.rest.original["USD"][Metric.BILLED] == [2, 0, 0]
    assert {currency: one[Metric.BILLED][0] for currency, one in series.all.original.items()} == {"USD": 8, "EUR": 4}


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


@pytest.mark.parametrize(
    ("changes", "is_monthly"),
    [
        ({"grain": Grain.MONTH}, True),
        ({"grain": Grain.QUARTER, "group_by": (Dimension.REGION, TagKey("team"))}, True),
        ({"grain": Grain.YEAR, "where": CostFilter.of({Dimension.SERVICE: ["web"]}, {"team": ["a"]})}, True),
        ({"grain": Grain.WEEK}, False),
        ({"grain": Grain.DAY}, False),
        ({"grain": Grain.HOUR}, False),
        ({"grain": Grain.MONTH, "convert_to": "EUR"}, False),
        ({"grain": Grain.MONTH, "group_by": (Dimension.RESOURCE,)}, False),
    ],
)
def test_months_answer_what_asks_for_months_or_longer_of_what_is_rolled_up_as_billed(changes, is_monthly):
    assert question(**changes).is_monthly is is_monthly


@pytest.mark.parametrize(
    ("first", "until", "charges", "cuts"),
    [
        ("2026-09-01", "2026-10-01", ("2026-08-02", "2026-10-20"), False),
        ("2026-09-02", "2026-10-01", ("2026-09-02", "2026-10-20"), False),
        ("2026-09-02", "2026-10-01", ("2026-09-01", "2026-09-20"), True),
        ("2026-09-01", "2026-09-21", ("2026-08-02", "2026-09-20"), False),
        ("2026-09-01", "2026-09-20", ("2026-08-02", "2026-09-20"), True),
    ],
)
def test_a_month_is_cut_by_a_border_inside_it_with_charges_beyond(first, until, charges, cuts):
    asked = question(first=date.fromisoformat(first), until=date.fromisoformat(until), grain=Grain.MONTH)

    assert asked.cuts(*map(date.fromisoformat, charges)) is cuts


def test_what_is_kept_by_day_is_not_asked_for_by_the_hour():
    assert [daily(grain) for grain in Grain if grain is not Grain.HOUR] == [one for one in Grain if one != "HOUR"]
    with pytest.raises(Invalid, match="take DAY or a coarser grain") as refused:
        daily(Grain.HOUR)
    assert refused.value.path == ("input", "grain")
