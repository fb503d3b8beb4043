"""Advice on one bill: what is taken off, at which rates, and beside what the provider recommends."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.commitments.advising import advice_on, merged
from domain.commitments.bill import KnownTerm
from domain.commitments.caveats import Confidence
from domain.commitments.offers import RateSource
from domain.facts.provider import Provider
from tests.factories.commitment_bills import FIRST, bill, charge, daily, midnight, part, plan, saving, steady

D = Decimal
MONTH = D(730)


def test_open_savings_come_first_and_the_rest_is_committed_to():
    """10 USD an hour, of which 3 can be saved otherwise: 7 are left, at 72 % of their price 5.04."""
    (one,) = advice_on(bill(savings=[saving("2190")], recommended=[plan()]))

    (way,) = one.ways
    assert (one.on_demand, one.other_savings, one.left) == (10 * MONTH, 3 * MONTH, 7 * MONTH)
    assert way.advice.hourly == D("5.04")
    assert way.source is RateSource.RECOMMENDATION
    assert (one.rows, one.savings_count, one.confidence) == (720, 1, Confidence.HIGH)
    assert one.families == (("m5", "us-east-1", 10 * MONTH),)


def test_recommendation_that_knows_no_savings_is_set_beside_it():
    """Of 7.20 an hour 5.04 are used, for 7 on demand: a loss of 0.20, where 1.96 could be saved."""
    (one,) = advice_on(bill(savings=[saving("2190")], recommended=[plan()]))

    (beside,) = one.recommendations
    assert beside.comparison.saving_on_what_is_left == D("-0.2") * MONTH
    assert beside.comparison.difference == D("2.16") * MONTH
    assert "2190.00 USD of other savings" in beside.says


def test_recommendation_in_another_currency_gives_its_rate_and_is_not_compared():
    (one,) = advice_on(bill(currency="EUR", recommended=[plan()]))

    assert one.ways[0].advice.hourly == D("7.2")
    assert one.recommendations[0].comparison is None
    assert one.recommendations[0].says == "It is in USD, and the bill in EUR: they are not compared."


def test_recommendation_for_what_is_not_on_demand_is_told():
    c5 = plan(offer="EC2 Reserved Instances", family="c5", region="eu-west-1")
    any_family = plan(offer="Other", region="eu-west-2")

    (one,) = advice_on(bill(recommended=[c5, any_family]))

    assert one.ways == ()
    assert [beside.says for beside in one.recommendations] == [
        "Nothing of c5 in eu-west-1 was billed on demand on these days.",
        "Nothing of what it covers in eu-west-2 was billed on demand on these days.",
    ]


def test_recommendation_without_spend_is_still_shown():
    (one,) = advice_on(bill(charges=[], recommended=[plan()]))

    assert (one.on_demand, one.left, one.ways, one.families) == (0, 0, (), ())
    assert one.recommendations[0].says == "Nothing of what it covers was billed on demand on these days."


def test_without_a_rate_nothing_is_made_up():
    (one,) = advice_on(bill())

    assert one.ways == ()
    assert one.left == 10 * MONTH
    assert "No rate is known" in one.next_steps[0]
    assert "ce:GetSavingsPlansPurchaseRecommendation" in one.next_steps[1]


def test_recommendation_without_a_price_is_told_beside_nothing():
    (one,) = advice_on(bill(recommended=[plan(hourly=None, discount=None, note="No price.")]))

    assert one.ways == ()
    assert one.recommendations[0].says == "No price."


def test_printed_rates_of_google_need_no_recommendation():
    words = {("Compute Engine", "n2"): ("N2 Instance Core running in Belgium",)}
    charges = [charge(one.at, "10", "n2", "europe-west1", "Compute Engine") for one in steady("10")]
    usage = plan(
        hourly=None, discount=None, pool="gcp-compute", offer="Resource-based commitment", note="It names no price."
    )

    (one,) = advice_on(bill(charges, provider=Provider.GCP, words=words, recommended=[usage]))

    # 46 % for three years saves more than 28 % for one; of 10 an hour 5.40 and 7.20 are paid.
    assert [(way.advice.rate.months, way.advice.hourly) for way in one.ways] == [(36, D("5.4")), (12, D("7.2"))]
    assert {way.source for way in one.ways} == {RateSource.PRICE_LIST}
    assert one.recommendations[0].says == (
        "It names no price. For the same term the advice is 7.200 USD an hour (Compute flexible commitment), which "
        "saves 2044.00 USD a month on what is left."
    )
    assert one.next_steps == ()


def test_rate_of_what_is_held_is_taken_where_no_other_is_known():
    """720 USD paid for what costs 1440 on demand: half price; of 10 USD an hour 5 are committed to."""
    held = [part("720", "1440", is_spend_based=True)]
    known = {"sp-1": KnownTerm(months=12, payment="No Upfront")}

    (one,) = advice_on(bill(commitments=held, terms=known))
    (with_other,) = advice_on(bill(commitments=held, terms=known, recommended=[plan()]))

    (way,) = one.ways
    assert (way.source, way.advice.rate.offer, way.advice.hourly) == (RateSource.HELD, "Savings Plan", 5)
    assert [way.source for way in with_other.ways] == [RateSource.RECOMMENDATION]


def test_unused_commitments_are_filled_first():
    """Half of 1440 USD in 720 hours is unused: 1 USD an hour at half price could cover 2 more."""
    held = [part("720", "1440", is_spend_based=True), part("720", is_unused=True)]

    (one,) = advice_on(bill(commitments=held, recommended=[plan()]))

    assert one.unused_commitments == 2 * MONTH
    assert one.ways[0].advice.hourly == D("5.76")


def test_bill_without_days_has_no_advice():
    assert advice_on(bill(days=0)) == []


def test_few_falling_days_are_little_to_go_by():
    falling = daily(*["240"] * 7, *["120"] * 7)
    rising = daily(*["120"] * 7, *["240"] * 21)

    (few,) = advice_on(bill(daily("240"), days=3, is_hourly=False))
    (less,) = advice_on(bill(falling, days=14, is_hourly=False))
    (more,) = advice_on(bill(rising, days=28, is_hourly=False))

    assert [one.confidence for one in (few, less, more)] == [Confidence.LOW, Confidence.LOW, Confidence.MEDIUM]
    assert "Only 3 complete days are loaded: load more before you buy." in few.caveats
    assert any("50 % below" in one for one in less.caveats)
    assert any("100 % above" in one for one in more.caveats)
    assert any("sums of days" in one for one in few.caveats)


def test_old_bill_with_gaps_is_little_to_go_by():
    days = [FIRST + timedelta(days=number) for number in range(30) if number not in (3, 4)]

    (one,) = advice_on(bill(asked_on=date(2026, 11, 20)))
    (other,) = advice_on(bill())
    (gaps,) = advice_on(replace(bill(), days=days))

    assert (one.confidence, other.confidence, gaps.confidence) == (Confidence.LOW, Confidence.HIGH, Confidence.HIGH)
    # The thirtieth day from the first of October.
    assert one.caveats == ("The newest complete day is 2026-10-30, 21 days ago: load newer costs before you buy.",)
    assert gaps.caveats == ("2 days between the first and the last have no charges, and are left out.",)
    assert gaps.on_demand == other.on_demand


def test_what_is_left_out_is_told():
    others = [saving("10", "i-2", currency="EUR"), saving("10", "i-3", size="x1.large")]
    charges = [*steady("10"), charge(midnight(FIRST), "12.5", "unknown")]

    (one,) = advice_on(
        bill(charges, savings=others, commitments=[part("24", is_unused=True, sku=None, commitment="sp-lost")])
    )

    assert any(told.startswith("2 open savings are not taken off") for told in one.caveats)
    assert any("12.50 USD of these days are left out" in told for told in one.caveats)
    assert "Nothing tells what these unused commitments cover: sp-lost." in one.caveats


def test_accounts_that_are_told_the_same_count_once_and_others_together():
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    two = [plan("7.2", read_at=late), plan("1.8", "0.1", saving=D(146), account="222", read_at=early)]

    (together,) = merged(two, "999")
    (payer,) = merged([*two, plan("9", account="999")], "999")
    (shared,) = merged([plan(is_shared=True), plan(saving=D(3000), is_shared=True)], "999")
    (unread,) = merged([plan(hourly=None, discount=None), plan(hourly=None, discount=None)], "999")

    # 7.20 at 72 % cover 10, and 1.80 at 90 % cover 2: 9 for 12.
    assert (together.hourly, together.saving, together.discount_ratio) == (9, 2190, D("0.25"))
    assert together.read_at == early
    assert (payer.hourly, payer.account) == (9, "999")
    assert shared.saving == 3000
    assert (unread.hourly, unread.saving, unread.read_at) == (None, 4088, None)


def test_next_steps_are_for_the_cloud():
    words = {("Virtual Machines", "d"): ("D4s v5",)}
    charges = [charge(one.at, "10", "d", "westeurope", "Virtual Machines") for one in steady("10")]

    (one,) = advice_on(bill(charges, provider=Provider.AZURE, words=words))

    assert "Cost Management Reader" in one.next_steps[1]
