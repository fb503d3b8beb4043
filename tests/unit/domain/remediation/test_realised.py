"""What was really saved, against bills that were made from a known truth."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import variance

import pytest

from domain.facts.money import Money
from domain.facts.remediation import RealisedState
from domain.remediation.realised import Bill, Change, Realised, days_of, realised, together

START = date(2026, 9, 1)
LATER = date(2026, 12, 31)
MONTH = Fraction("30.4167")
DAY = timedelta(days=1)
KNOWN, WAITING, UNKNOWN = RealisedState.KNOWN, RealisedState.WAITING, RealisedState.UNKNOWN


def day(number: int) -> date:
    return START + number * DAY


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def change(
    id: str, first: int, last: int | None = None, estimate: Money | None = None, *, is_rolled_back: bool = False
) -> Change:
    return Change(id, day(first), day(first if last is None else last), estimate, is_rolled_back)


def bill(costs: Mapping[int, str | Decimal], told: int = 60, currency: str | None = "USD") -> Bill:
    """Costs by the number of the day; the bill tells of the first `told` days."""
    return Bill(
        {day(number): Decimal(cost) for number, cost in costs.items()},
        currency,
        frozenset(day(number) for number in range(told)),
    )


def levels(*parts: tuple[int, int, str]) -> dict[int, str]:
    """The same cost on each day from the first to before the second number."""
    return {number: cost for first, until, cost in parts for number in range(first, until)}


def one(changes: list[Change], of: Bill, today: date = START + 59 * DAY) -> Realised:
    (found,) = realised(changes, of, today).values()
    return found


def test_difference_of_mean_days_makes_the_month():
    # 4 a day became 1.50; the day of the change cost much and does not count.
    of = bill(levels((0, 20, "4"), (20, 21, "99"), (21, 60, "1.5")))

    # 2.50 * 30.4167 = 76.04175.
    assert one([change("a", 20)], of) == Realised(KNOWN, Decimal("76.04"), "USD", Decimal(1))


def test_what_is_gone_costs_nothing_on_days_of_which_the_bill_tells():
    assert one([change("a", 20)], bill(levels((0, 20, "2")))).amount == Decimal("60.83")


def test_saving_may_be_less_than_nothing():
    of = bill(levels((0, 20, "1"), (20, 60, "2")))

    assert one([change("a", 20)], of).amount == Decimal("-30.42")


def test_days_between_first_call_and_end_belong_to_neither_side():
    of = bill(levels((0, 20, "4"), (20, 23, "50"), (23, 60, "1")))

    assert one([change("a", 20, 22)], of).amount == Decimal("91.25")


@pytest.mark.parametrize(("told", "state"), [(34, WAITING), (35, KNOWN)])
def test_it_waits_for_the_last_of_fourteen_days(told: int, state: RealisedState):
    # The change is on day 20, so that days 21 to 34 are looked at; 35 days are 0 to 34.
    assert one([change("a", 20)], bill(levels((0, 20, "2")), told)).state is state


def test_a_gap_in_the_bill_is_no_saving():
    whole = bill(levels((0, 20, "2")))
    of = Bill(whole.costs, "USD", frozenset(whole.told) - {day(25)})

    assert one([change("a", 20)], of, day(40)) == Realised(WAITING)


@pytest.mark.parametrize(("number", "state"), [(65, WAITING), (66, UNKNOWN)])
def test_a_bill_that_is_45_days_late_does_not_come(number: int, state: RealisedState):
    assert one([change("a", 20)], bill(levels((0, 20, "2")), 30), day(number)).state is state


@pytest.mark.parametrize(("told", "number", "state"), [(15, 22, WAITING), (20, 22, UNKNOWN), (15, 66, UNKNOWN)])
def test_without_a_cost_before_nothing_is_known_once_the_bill_is_there(told: int, number: int, state: RealisedState):
    assert one([change("a", 20)], bill({}, told), day(number)) == Realised(state)


def test_what_is_billed_in_several_currencies_is_not_known():
    assert one([change("a", 20)], bill(levels((0, 20, "2")), currency=None)) == Realised(UNKNOWN)


def test_days_before_the_resource_was_there_do_not_lower_the_mean():
    # Billed from day 16 on, with one day off: (4 + 0 + 4 + 4) / 4 = 3 a day.
    of = bill({16: "4", 18: "4", 19: "4"})

    assert one([change("a", 20)], of).amount == Decimal("91.25")


def test_one_day_says_nothing_of_its_error():
    assert one([change("a", 20)], bill({19: "4"})).confidence == 0


def test_the_same_cost_for_certain_is_certain():
    of = bill(levels((0, 60, "2")))

    assert one([change("a", 20)], of) == Realised(KNOWN, Decimal("0.00"), "USD", Decimal(1))


def test_a_saving_that_drowns_in_its_error_has_no_confidence():
    of = bill({number: str(number % 7 * 10) for number in range(60)} | {34: "61"})

    assert one([change("a", 20)], of).confidence == 0


def test_changes_that_measure_into_each_other_share_one_saving():
    # 10 a day became 6, then 3: 7 * 30.4167 = 212.9169, shared out as 1 to 2.
    of = bill(levels((0, 20, "10"), (20, 25, "6"), (25, 60, "3")))

    found = realised([change("b", 25, estimate=usd("200")), change("a", 20, estimate=usd("100"))], of, LATER)

    assert {id: told.amount for id, told in found.items()} == {"a": Decimal("70.97"), "b": Decimal("141.95")}


def test_changes_far_apart_are_told_apart():
    # The days after the first are 21 to 34, so that a change on day 35 is one of its own.
    of = bill(levels((0, 21, "10"), (21, 35, "6"), (35, 60, "3")))

    found = realised([change("a", 20, estimate=usd("1")), change("b", 35, estimate=usd("9"))], of, LATER)

    assert {id: told.amount for id, told in found.items()} == {"a": Decimal("121.67"), "b": Decimal("91.25")}


@pytest.mark.parametrize(("number", "chains"), [(34, 1), (35, 2)])
def test_changes_stand_together_while_one_lies_in_the_days_after_another(number: int, chains: int):
    assert len(list(together([change("a", 20), change("b", number)]))) == chains


def test_a_chain_is_looked_at_from_before_its_first_to_after_its_last():
    assert list(together([])) == []
    assert days_of([change("a", 20, 22), change("b", 21)]) == (day(6), day(37))


@pytest.mark.parametrize(
    "estimates",
    [(None, None), (usd("0"), None), (usd("3"), Money(amount=Decimal(1), currency="EUR")), (usd("-1"), usd("-5"))],
)
def test_without_estimates_to_go_by_it_is_shared_evenly(estimates: tuple[Money | None, Money | None]):
    of = bill(levels((0, 20, "2")))
    changes = [change(id, 20, estimate=estimate) for id, estimate in zip("ab", estimates, strict=True)]

    # 60.83 in two: the odd cent goes to the first.
    assert [told.amount for told in realised(changes, of, LATER).values()] == [Decimal("30.42"), Decimal("30.41")]


def test_what_was_taken_back_saves_nothing_and_takes_no_part():
    of = bill(levels((0, 20, "4"), (20, 22, "0"), (22, 60, "1")))
    back = change("a", 20, 21, usd("100"), is_rolled_back=True)

    found = realised([back, change("b", 21, estimate=usd("1"))], of, LATER)

    assert found["a"] == Realised(KNOWN, Decimal(0), "USD", Decimal(1))
    assert found["b"].amount == Decimal("91.25")


@pytest.mark.parametrize(("estimate", "currency"), [(usd("3"), "USD"), (None, None)])
def test_nothing_is_told_in_the_currency_of_the_estimate_where_there_is_no_bill(
    estimate: Money | None, currency: str | None
):
    back = change("a", 20, 21, estimate, is_rolled_back=True)

    assert one([back], bill({}, currency=None)) == Realised(KNOWN, Decimal(0), currency, Decimal(1))


def test_those_that_wait_wait_together():
    of = bill(levels((0, 20, "4")), 36)

    found = realised([change("a", 20, estimate=usd("1")), change("b", 22, estimate=usd("1"))], of, day(37))

    assert set(found.values()) == {Realised(WAITING)}


@pytest.mark.parametrize("seed", range(60))
def test_bills_made_from_a_known_truth_give_it_back_within_the_stated_error(seed: int):
    dice = random.Random(seed)
    truth = Fraction(dice.randrange(200, 5000), 100)
    noise = dice.choice([0, 5, 50])
    base = truth + dice.randrange(10)
    begun, count = 20, dice.randrange(1, 5)
    starts = sorted(begun + dice.randrange(10) for _ in range(count))
    estimates = [Decimal(dice.randrange(1, 10_000)).scaleb(-2) for _ in starts]
    changes = [
        change(f"{number:02}", start, estimate=Money(amount=estimate, currency="USD"))
        for number, (start, estimate) in enumerate(zip(starts, estimates, strict=True))
    ]
    ended = max(starts)
    costs = {
        number: Decimal(dice.randrange(-noise, noise + 1)).scaleb(-2)
        + Decimal(int(100 * (base if number < begun else base - truth))).scaleb(-2)
        for number in range(60)
    }

    found = realised(changes, bill(costs), LATER)

    before = [Fraction(costs[number]) for number in range(starts[0] - 14, starts[0])]
    after = [Fraction(costs[number]) for number in range(ended + 1, ended + 15)]
    daily = sum(before) / 14 - sum(after) / 14
    whole = sum(Fraction(told.amount or 0) for told in found.values())
    # Counted once, to the cent.
    assert abs(whole - daily * MONTH) <= Fraction(1, 200)
    error = (variance(before) / 14 + variance(after) / 14) ** 0.5
    if starts[0] == begun:
        # Beyond five standard errors lies one in a million; the dice are thrown the same each time.
        assert abs(float(daily - truth)) <= 5 * error + 1e-9
    for told, estimate in zip(found.values(), estimates, strict=True):
        assert told.state is KNOWN
        assert told.confidence is not None
        assert abs(float(told.confidence) - max(0.0, 1 - error / abs(float(daily)))) <= 0.005001
        share = whole * Fraction(estimate) / sum(Fraction(one) for one in estimates)
        assert abs(Fraction(told.amount or 0) - share) < Fraction(1, 100)
