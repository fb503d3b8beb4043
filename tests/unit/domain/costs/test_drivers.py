"""What drove a change: each part is worked out by hand, and parts sum exactly to differences, whatever comes."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.costs.drivers import (
    Amount,
    ChargeKind,
    DriverPart,
    DriversBuilder,
    DriversQuestion,
    Movement,
    period_before,
    split,
)
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension

NOTHING = Amount()


def amount(cost: str, quantity: str | None = None) -> Amount:
    return Amount(Decimal(cost), None if quantity is None else Decimal(quantity), 1)


def move(before: Amount, after: Amount, kind: ChargeKind = ChargeKind.USAGE) -> Movement:
    return Movement(("web",), None, kind, before, after)


def test_a_change_of_quantity_counts_at_the_old_price_and_a_change_of_price_at_the_new_quantity() -> None:
    # 10 hours at 2.00, then 15 hours at 3.00: five more at 2.00, and fifteen dearer by 1.00.
    parts = split(move(amount("20", "10"), amount("45", "15")))

    assert parts == {DriverPart.USAGE: Decimal(10), DriverPart.PRICE: Decimal(15)}


@pytest.mark.parametrize(
    ("before", "after", "kind", "part"),
    [
        (NOTHING, amount("5", "1"), ChargeKind.USAGE, DriverPart.NEW),
        (amount("5", "1"), NOTHING, ChargeKind.USAGE, DriverPart.GONE),
        (amount("5"), amount("9"), ChargeKind.USAGE, DriverPart.OTHER),
        (amount("5", "1"), amount("9"), ChargeKind.USAGE, DriverPart.OTHER),
        (amount("5", "0"), amount("9", "3"), ChargeKind.USAGE, DriverPart.OTHER),
        (amount("5", "3"), amount("9", "-1"), ChargeKind.USAGE, DriverPart.OTHER),
        (NOTHING, amount("9"), ChargeKind.UNUSED, DriverPart.PRICE),
        (NOTHING, amount("-9"), ChargeKind.CREDIT, DriverPart.CREDIT),
        (amount("5", "1"), amount("9", "1"), ChargeKind.TAX, DriverPart.TAX),
        (amount("5", "1"), NOTHING, ChargeKind.PURCHASE, DriverPart.PURCHASE),
        (NOTHING, amount("-1"), ChargeKind.CORRECTION, DriverPart.CORRECTION),
    ],
)
def test_a_change_that_is_not_of_quantity_and_price_has_one_part(
    before: Amount, after: Amount, kind: ChargeKind, part: DriverPart
) -> None:
    assert split(move(before, after, kind)) == {part: after.cost - before.cost}


decimals = st.decimals(min_value=-(10**9), max_value=10**9, places=12)
amounts = st.builds(
    Amount, cost=decimals, quantity=st.one_of(st.none(), decimals), rows=st.integers(min_value=0, max_value=2)
).map(lambda one: one if one.rows else NOTHING)
moves = st.builds(
    Movement,
    values=st.tuples(st.sampled_from([None, "a", "b", "c"])),
    label=st.none(),
    kind=st.sampled_from(ChargeKind),
    before=amounts,
    after=amounts,
)


@given(st.lists(moves, max_size=20), st.integers(min_value=1, max_value=3))
def test_parts_sum_to_differences_and_groups_with_the_rest_to_the_whole(found: list[Movement], top: int) -> None:
    """The oracle adds up fractions, group by group, and knows nothing of parts."""
    builder = DriversBuilder(top, "USD")
    for one in found:
        builder.add(one)
    drivers = builder.built()

    wanted: defaultdict[tuple[str | None, ...], Fraction] = defaultdict(Fraction)
    for one in found:
        wanted[one.values] += Fraction(one.after.cost) - Fraction(one.before.cost)
    for group in [*drivers.groups, drivers.all, *([drivers.rest] if drivers.rest else [])]:
        assert sum(map(Fraction, group.parts.values()), Fraction(0)) == Fraction(group.difference)
    assert {group.values: Fraction(group.difference) for group in drivers.groups}.items() <= wanted.items()
    told_apart = sum((Fraction(group.difference) for group in drivers.groups), Fraction(0))
    rest = Fraction(drivers.rest.difference) if drivers.rest else 0
    assert told_apart + rest == Fraction(drivers.all.difference) == sum(wanted.values())
    assert drivers.rest_count == len(wanted) - len(drivers.groups)
    changes = [abs(wanted[group.values]) for group in drivers.groups]
    assert changes == sorted(map(abs, wanted.values()), reverse=True)[:top]


@given(
    st.decimals(min_value=Decimal("0.01"), max_value=10**6, places=2),
    st.decimals(min_value=Decimal("0.01"), max_value=10**6, places=2),
    st.decimals(min_value=0, max_value=10**6, places=2),
    st.decimals(min_value=0, max_value=10**6, places=2),
)
def test_usage_is_the_exact_share_to_the_twelfth_place(q0: Decimal, q1: Decimal, c0: Decimal, c1: Decimal) -> None:
    parts = split(move(Amount(c0, q0, 1), Amount(c1, q1, 1)))

    exact = (Fraction(q1) - Fraction(q0)) * Fraction(c0) / Fraction(q0)
    assert abs(Fraction(parts[DriverPart.USAGE]) - exact) <= Fraction(1, 2 * 10**12)


def test_a_group_keeps_the_first_label_it_gets() -> None:
    builder = DriversBuilder(5, None)
    for label in (None, "Shop", "Other"):
        builder.add(Movement(("1",), label, ChargeKind.TAX, NOTHING, amount("1")))

    assert [group.label for group in builder.built().groups] == ["Shop"]


@pytest.mark.parametrize(
    ("first", "until", "before"),
    [
        ("2026-03-01", "2026-04-01", "2026-02-01"),
        ("2026-01-01", "2026-04-01", "2025-10-01"),
        ("2026-01-01", "2027-01-01", "2025-01-01"),
        ("2026-03-08", "2026-03-15", "2026-03-01"),
        ("2026-03-02", "2026-04-01", "2026-01-31"),
        ("2026-03-01", "2026-03-15", "2026-02-15"),
    ],
)
def test_the_period_before_is_as_many_months_or_days(first: str, until: str, before: str) -> None:
    day = date.fromisoformat

    assert period_before(day(first), day(until)) == (day(before), day(first))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"until": date(2026, 1, 1)}, "until"),
        ({"first": date(1999, 1, 1)}, "until"),
        ({"until": date(2030, 1, 1)}, "until"),
        ({"compared_until": date(2025, 1, 1)}, "comparedUntil"),
        ({"group_by": (Dimension.SERVICE, Dimension.SERVICE)}, "groupBy"),
        ({"group_by": tuple(Dimension)[:4]}, "groupBy"),
        ({"top": 0}, "top"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(change: dict[str, object], place: str) -> None:
    days = {
        "first": date(2026, 2, 1),
        "until": date(2026, 3, 1),
        "compared_first": date(2026, 1, 1),
        "compared_until": date(2026, 2, 1),
    }
    DriversQuestion(**days)

    with pytest.raises(Invalid) as refused:
        DriversQuestion(**(days | change))  # type: ignore[arg-type]  # any field

    assert refused.value.path == (place,)
