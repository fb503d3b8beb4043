from decimal import Decimal

from domain.facts.money import Money
from domain.facts.remediation import RealisedState
from domain.remediation.saving_groups import SavingCount, SavingGrouping, grouped


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


COUNTS = [
    SavingCount("b", 2, RealisedState.KNOWN, estimate=usd("10"), realised=usd("7.5")),
    SavingCount("b", 1, RealisedState.WAITING, is_regressed=True, estimate=usd("4")),
    SavingCount("b", 1, RealisedState.UNKNOWN),
    SavingCount("a", 3, estimate=eur("5")),
    SavingCount("a", 1, RealisedState.KNOWN, is_rolled_back=True, estimate=eur("100"), realised=eur("0")),
    SavingCount(None, 1, RealisedState.KNOWN, realised=usd("-1")),
]


def test_what_was_realised_stands_for_the_estimate():
    group = grouped(COUNTS, SavingGrouping.RULE).groups[0]

    assert group.key == "b"
    assert (group.estimated, group.realised, group.counted) == ((usd("14"),), (usd("7.5"),), (usd("11.5"),))
    assert (group.done, group.known, group.waiting, group.regressed, group.rolled_back) == (4, 2, 1, 1, 0)


def test_what_was_rolled_back_is_only_counted():
    group = grouped(COUNTS, SavingGrouping.RULE).groups[1]

    assert (group.key, group.estimated, group.counted, group.done) == ("a", (eur("5"),), (eur("5"),), 3)
    assert (group.known, group.rolled_back) == (0, 1)


def test_totals_are_of_all_groups_by_currency():
    found = grouped(COUNTS, SavingGrouping.TEAM)

    assert [group.key for group in found.groups] == ["b", "a", None]
    assert found.total.counted == (eur("5"), usd("10.5"))
    assert found.total.done == 8


def test_months_stand_in_their_order():
    counts = [SavingCount("2026-02", 1, estimate=usd("9")), SavingCount("2026-01", 1, estimate=usd("1"))]

    assert [group.key for group in grouped(counts, SavingGrouping.MONTH).groups] == ["2026-01", "2026-02"]
    assert grouped([], SavingGrouping.MONTH).groups == ()
