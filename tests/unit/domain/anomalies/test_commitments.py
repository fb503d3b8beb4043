"""Falls of utilisation and coverage of commitments."""

import pytest

from domain.anomalies.commitments import RatioDay, RatioSettings, ratio_fall


def days(*ratios, base=1_000.0):
    return [RatioDay(ratio, base) for ratio in ratios]


def test_a_fall_is_told_with_the_money_it_is_worth():
    fall = ratio_fall(days(*[0.95] * 14, 0.70))

    assert (fall.usual, fall.ratio) == (0.95, 0.70)
    assert fall.fall == pytest.approx(0.25)
    assert fall.impact == pytest.approx(250)


@pytest.mark.parametrize(
    "given",
    [
        days(*[0.95] * 14, 0.86),  # nine points
        days(*[0.95] * 14, 0.70, base=30.0),  # 7.50 a day
        days(*[0.95] * 6, 0.20),  # too little is known
        days(*[0.95] * 7, *[0.20] * 2),  # told of yesterday
        days(*[0.95] * 14, None),  # not delivered
        days(*[0.70] * 14, 0.95),  # a rise
    ],
)
def test_what_is_small_known_or_unclear_is_not_told(given):
    assert ratio_fall(given) is None


def test_only_fourteen_known_days_count():
    given = days(*[0.2] * 10, *[0.95] * 7, None, *[0.95] * 6, 0.5)

    assert ratio_fall(given).usual == 0.95


def test_a_tenant_may_ask_for_less():
    assert ratio_fall(days(*[0.95] * 14, 0.90), RatioSettings(least_fall=0.05)).fall == pytest.approx(0.05)
