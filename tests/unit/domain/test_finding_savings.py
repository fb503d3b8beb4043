"""Of several savings on one resource the highest counts."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.finding_savings import ExpectedSaving, outdone


def saving(id: int, resource: str, amount: str, currency: str = "USD") -> ExpectedSaving[int]:
    return ExpectedSaving(id, resource, Decimal(amount), currency)


def test_the_highest_saving_on_a_resource_counts_and_the_others_do_not() -> None:
    found = [saving(1, "vol-1", "3"), saving(2, "vol-1", "5"), saving(3, "vol-1", "4"), saving(4, "vol-2", "1")]

    assert outdone(found) == {1, 3}


def test_of_equal_savings_the_first_counts_in_whatever_order_they_come() -> None:
    found = [saving(2, "vol-1", "5"), saving(1, "vol-1", "5.00")]

    assert outdone(found) == outdone(reversed(found)) == {2}


def test_amounts_in_two_currencies_are_not_compared() -> None:
    assert outdone([saving(1, "vol-1", "3", "EUR"), saving(2, "vol-1", "300", "USD")]) == set()


SAVINGS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4), st.sampled_from(["EUR", "USD"])), max_size=12)


@given(SAVINGS)
def test_what_counts_adds_up_to_the_highest_of_each_resource(rows: list[tuple[str, int, str]]) -> None:
    found = [saving(id, resource, str(amount), currency) for id, (resource, amount, currency) in enumerate(rows)]
    highest: dict[tuple[str, str], int] = {}
    for resource, amount, currency in rows:
        highest[resource, currency] = max(highest.get((resource, currency), 0), amount)

    beaten = outdone(found)

    assert sum(one.amount for one in found if one.id not in beaten) == sum(highest.values())
    assert len(found) - len(beaten) == len(highest)
