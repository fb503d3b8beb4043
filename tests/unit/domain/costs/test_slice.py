"""A slice knows its content by a digest that neither order nor packing changes, and only content does."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs import slice as slice_module
from domain.costs.header import ReadOptions
from domain.costs.memo import _MOST, Memo
from domain.costs.problem import BadValue
from domain.costs.provider_name import filing_name, provider_of
from domain.costs.slice import _MOST_SLICES, CostSlice, SliceBook, row_hashes
from domain.facts.provider import Provider
from tests.factories.focus import focus_row, lacking, parser_for, text_batch

START = datetime(2026, 9, 1, tzinfo=UTC)
END = datetime(2026, 10, 1, tzinfo=UTC)


def slice_of(*rows, **options) -> CostSlice:
    book = SliceBook("focus")
    assert parser_for(rows[0], book=book, options=ReadOptions(**options)).parse(text_batch(rows)) is not None
    (found,) = book
    return found


rows = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=12)


@given(rows, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_same_rows_in_any_order_have_one_fingerprint(ids, shuffler):
    shuffled = ids.copy()
    shuffler.shuffle(shuffled)

    first = slice_of(*(focus_row(ResourceId=id) for id in ids))
    second = slice_of(*(focus_row(ResourceId=id) for id in shuffled))

    assert first.fingerprint() == second.fingerprint()


@given(rows, rows)
@settings(deadline=None)
def test_other_rows_have_another_fingerprint(ids, others):
    first = slice_of(*(focus_row(ResourceId=id) for id in ids))
    second = slice_of(*(focus_row(ResourceId=id) for id in others))

    assert (first.fingerprint() == second.fingerprint()) == (sorted(ids) == sorted(others))


def test_the_order_of_the_columns_does_not_change_the_fingerprint():
    row = focus_row()

    assert slice_of(row).fingerprint() == slice_of(dict(reversed(row.items()))).fingerprint()


def test_a_text_that_moves_to_another_column_changes_the_fingerprint():
    row = lacking(focus_row(), "RegionId")

    assert slice_of(row | {"RegionId": "x"}).fingerprint() != slice_of(row | {"RegionName": "x"}).fingerprint()


def test_another_value_in_the_gaps_changes_the_fingerprint():
    row = focus_row(RegionId="")

    prints = {slice_of(row, fill=fill).fingerprint() for fill in ({}, {"RegionId": "a"}, {"RegionId": "b"})}

    assert len(prints) == 3


def test_a_slice_counts_rows_days_and_money():
    found = slice_of(
        focus_row(BilledCost="0.1"),
        focus_row(BilledCost="0.2", ChargePeriodStart="2026-09-30", ChargePeriodEnd="2026-10-01"),
        focus_row(BilledCost="-0.30", ChargePeriodStart="2026-09-01", ChargePeriodEnd="2026-09-02"),
    )

    assert (found.rows, found.billed, found.first_row) == (3, Decimal("0.00"), 1)
    assert (found.first_on, found.last_on) == (date(2026, 9, 1), date(2026, 9, 30))


def test_sums_are_exact_far_beyond_a_float():
    found = slice_of(focus_row(BilledCost="99999999999999999"), focus_row(BilledCost="0.00000000000000000001"))

    assert found.billed == Decimal("99999999999999999.00000000000000000001")


def test_rows_are_filed_by_source_provider_account_and_period():
    book = SliceBook("export-a")
    places = [
        book.place("f", "AWS", "1", START, END, "USD"),
        book.place("f", "Amazon Web Services", "1", START, END, "USD"),
        book.place("f", "Oracle", "1", START, END, "USD"),
        book.place("f", "AWS", "2", START, END, "USD"),
        book.place("f", "AWS", "1", END, datetime(2026, 11, 1, tzinfo=UTC), "USD"),
    ]

    assert [place.number for place in places] == [0, 0, 1, 2, 3]
    assert places[0].key == ("export-a", "AWS", "1", START)
    assert len(book) == 4


def test_the_latest_end_of_a_billing_period_counts():
    book = SliceBook("focus")
    later = datetime(2026, 10, 2, tzinfo=UTC)

    found = book.place("f", "AWS", "1", START, END, "USD")
    book.place("f", "AWS", "1", START, later, "USD")
    book.place("f", "AWS", "1", START, END, "USD")

    assert found.period_end == later


def test_a_file_cannot_open_slices_without_end():
    book = SliceBook("focus")
    for number in range(_MOST_SLICES):
        book.place("f", "AWS", str(number), START, END, "USD")

    with pytest.raises(BadValue, match="load the files in smaller groups") as refused:
        book.place("f", "AWS", "one more", START, END, "USD")
    assert refused.value.column == "BillingAccountId"


def test_hashes_depend_on_the_salt_and_on_where_cells_end():
    assert row_hashes([["ab", "c"]], "x") != row_hashes([["a", "bc"]], "x")
    assert row_hashes([["ab", "c"]], "x") != row_hashes([["ab", "c"]], "y")
    assert row_hashes([["a"], ["b"]], "x") == row_hashes([["a"]], "x") + row_hashes([["b"]], "x")


@pytest.mark.parametrize(
    ("name", "provider", "filed"),
    [
        ("AWS", Provider.AWS, "AWS"),
        ("amazon web services", Provider.AWS, "AWS"),
        ("Microsoft", Provider.AZURE, "AZURE"),
        ("Google Cloud ", Provider.GCP, "GCP"),
        ("Oracle", Provider.OTHER, "Oracle"),
    ],
)
def test_known_clouds_are_told_by_any_of_their_names(name, provider, filed):
    assert provider_of(name) is provider
    assert filing_name(name) == filed


def test_a_memo_works_out_each_key_once_and_forgets_when_full():
    asked = []
    memo = Memo(lambda key: asked.append(key) or -key)

    assert [memo[3], memo[3]] == [-3, -3]
    for key in range(_MOST):
        memo[key]

    assert asked.count(3) == 1
    assert len(memo) <= _MOST
    assert memo[_MOST] == -_MOST


def test_invoices_without_end_are_not_all_remembered(monkeypatch):
    monkeypatch.setattr(slice_module, "_MOST_INVOICES", 1)
    book = SliceBook("")

    book.bill("AWS", "inv-1", "USD")
    book.bill("AWS", "inv-2", "USD")
    book.bill("AWS", None, "USD")

    book.bill("AWS", "inv-2", "EUR")  # not noticed: there were too many
