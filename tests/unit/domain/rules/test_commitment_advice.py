"""The advice is held against trying every commitment there is."""

from decimal import Decimal
from itertools import count, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules.commitment_advice import (
    SMALLEST,
    Held,
    OpenSaving,
    Rate,
    Spend,
    Theirs,
    advise,
    best_commitment,
    total_cost,
)

D = Decimal
MONTH = D(730)
CENT = D("0.01")


def spend(*usd: str | int, family: str = "m5", region: str = "us-east-1", hours_each: int = 1) -> Spend:
    return Spend(family=family, region=region, costs=tuple(D(one) for one in usd), hours_each=hours_each)


def rate(discount: str = "0.28", **given) -> Rate:
    return Rate(**{"months": 12, "payment": "No Upfront", "discount_ratio": D(discount), **given})


def saving(monthly: str, resource: str = "i-1", family: str = "m5") -> OpenSaving:
    return OpenSaving(resource_id=resource, family=family, region="us-east-1", monthly=D(monthly))


def cheapest_by_trying(hours: list[Decimal], discount: Decimal) -> Decimal:
    """The least total cost over every commitment in steps of a tenth of a cent, up to more than could ever be used."""
    levels = takewhile(lambda level: level <= max(hours) + SMALLEST, (SMALLEST * step for step in count()))
    return min(sum((level + max(D(0), hour - level / (1 - discount)) for hour in hours), D(0)) for level in levels)


@settings(max_examples=40, deadline=None)
@given(
    hours=st.lists(st.integers(0, 120).map(lambda one: D(one) / 1000), min_size=1, max_size=12),
    discount=st.sampled_from([D(0), D("0.17"), D("0.28"), D("0.5"), D("0.66")]),
)
def test_no_other_commitment_is_cheaper(hours, discount):
    best = best_commitment(hours, discount)

    assert total_cost(best, hours, discount) == cheapest_by_trying(hours, discount)


def test_advice_is_the_quantile_of_the_spend_that_is_the_discount():
    """Of 100 hours of 1 to 100 USD, 25 % off: the 25th smallest, 25 USD, at 75 % of its price."""
    (advice,) = advise([spend(*range(1, 101))], [rate("0.25")])

    assert advice.hourly == D("18.75")


def test_steady_spend_is_committed_to_whole():
    (advice,) = advise([spend(*[10] * 24)], [rate("0.28")])

    # 10 USD an hour at 72 %: 7.20 committed, 2.80 saved, and 12 * 0.72 months until all is earned.
    assert advice.hourly == D("7.2")
    assert advice.monthly_saving == D("2.8") * MONTH
    assert (advice.coverage_ratio, advice.utilization_ratio) == (1, 1)
    assert advice.break_even_months == D("8.64")
    assert advice.upfront == 0


def test_what_runs_by_day_alone_is_not_committed_to_at_a_small_discount():
    half_a_day = spend(*[10] * 12, *[0] * 12)

    small, large = (advise([half_a_day], [rate(discount)])[0] for discount in ("0.28", "0.6"))

    assert (small.hourly, small.break_even_months, small.utilization_ratio) == (0, None, 0)
    # 4 USD paid in 24 hours for 10 USD in twelve of them: 120 - 96 saved a day.
    assert large.hourly == 4
    assert large.monthly_saving == D(24) / 24 * MONTH
    assert large.utilization_ratio == D("0.5")
    assert large.coverage_ratio == 1


def test_other_savings_are_taken_off_first():
    """10 USD an hour are 7300 a month, of which 3650 can be saved otherwise: 5 USD an hour are left."""
    (advice,) = advise([spend(*[10] * 4)], [rate("0.28")], savings=[saving("3650")])

    assert advice.hourly == D("3.6")
    assert advice.other_savings == 3650


def test_of_savings_on_one_resource_the_highest_counts():
    both = [saving("3650"), saving("1000")]

    assert advise([spend(10)], [rate()], savings=both) == advise([spend(10)], [rate()], savings=[saving("3650")])


def test_saving_of_another_family_changes_nothing():
    (advice,) = advise([spend(10)], [rate()], savings=[saving("3650", family="c5")])

    assert advice.other_savings == 0


def test_saving_above_the_spend_leaves_nothing_to_commit_to():
    (advice,) = advise([spend(10)], [rate()], savings=[saving("8000")], held=[unused("1")])

    assert (advice.hourly, advice.coverage_ratio, advice.monthly_saving) == (0, 0, 0)


def unused(hourly: str, **given) -> Held:
    """A commitment at half the price of which half is not used."""
    return Held(hourly=D(hourly), unused_ratio=D("0.5"), discount_ratio=D("0.5"), **given)


def test_unused_commitments_are_filled_before_new_ones_are_bought():
    """Half of 4 USD unused at half the price could still cover 4 USD an hour on demand."""
    (advice,) = advise([spend(10, 10)], [rate("0.5")], held=[unused("4")])

    assert advice.hourly == 3
    assert advice.unused_commitments == 4 * MONTH


def test_unused_commitment_to_another_family_is_left_out():
    series = [spend(10), spend(6, family="c5")]

    m5, c5 = (
        advise(series, [rate("0.5", family=family)], held=[unused("4", family="c5")])[0] for family in ("m5", "c5")
    )

    assert (m5.hourly, c5.hourly) == (5, 1)


def test_rates_for_one_family_or_for_all_are_told_apart_and_the_best_comes_first():
    series = [spend(10), spend(6, family="c5")]

    found = advise(series, [rate("0.5", family="c5"), rate("0.3"), rate("0.4", region="eu-west-1")])

    # 16 * 0.3 is more than 6 * 0.5, and in eu-west-1 there is nothing.
    assert [(one.rate.family, one.hourly) for one in found] == [(None, D("11.2")), ("c5", 3)]


def test_part_is_paid_ahead_where_the_rate_says_so():
    (advice,) = advise([spend(10)], [rate("0.5", upfront_ratio=D("0.5"))])

    assert advice.upfront == 5 * MONTH * 12 / 2


def test_days_count_as_flat_and_are_told():
    (advice,) = advise([spend(240, 240, hours_each=24)], [rate("0.28")])

    assert advice.hourly == D("7.2")
    assert advice.is_by_day


def test_recommendation_of_the_provider_is_compared_on_what_is_left():
    """They commit to all of 10 USD; 5 are about to be saved: 7.20 paid an hour for 5 is a loss of 2.20."""
    theirs = Theirs(rate=rate(), hourly=D("7.2"), monthly_saving=D("2044"))

    (advice,) = advise([spend(10, 10)], [rate()], savings=[saving("3650")], theirs=[theirs])

    compared = advice.comparison
    assert compared.theirs is theirs
    assert compared.saving_on_what_is_left == D("-2.2") * MONTH
    assert compared.difference == D("1.4") * MONTH + D("2.2") * MONTH
    assert "3650.00 USD of other savings" in compared.why
    assert "7.200 USD an hour" in compared.why


def test_words_are_in_the_currency_of_the_amounts():
    theirs = Theirs(rate=rate(), hourly=D("7.2"), monthly_saving=D("2044"))

    (advice,) = advise([spend(10, 10)], [rate()], savings=[saving("3650")], theirs=[theirs], currency="EUR")

    assert "3650.00 EUR of other savings" in advice.comparison.why
    assert "USD" not in advice.comparison.why


def test_two_offers_at_one_rate_are_both_told():
    found = advise([spend(10)], [rate(offer="Compute Savings Plan"), rate(offer="Reservation")])

    assert [one.rate.offer for one in found] == ["Compute Savings Plan", "Reservation"]


def test_comparison_says_when_nothing_was_taken_off():
    theirs = Theirs(rate=rate(), hourly=D("7"), monthly_saving=D("2000"))

    (advice,) = advise([spend(10, 10)], [rate()], theirs=[theirs])

    assert "Nothing was taken off" in advice.comparison.why
    assert advice.comparison.difference.quantize(CENT) > 0


@pytest.mark.parametrize(
    "series",
    [[spend(1, 2), spend(1)], [spend(1), spend(24, hours_each=24)], [spend()]],
    ids=["lengths", "periods", "nothing"],
)
def test_series_that_do_not_go_together_are_refused(series):
    with pytest.raises(ValueError, match="one length and one period"):
        advise(series, [rate()])


@pytest.mark.parametrize("discount", ["1", "-0.1"])
def test_discount_that_is_none_is_refused(discount):
    with pytest.raises(ValueError, match="a discount of"):
        rate(discount)
