"""Rows hold what was read, and nothing else."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal

import pytest
from bson import Decimal128, ObjectId

import documents
from documents.row import rows_of

ID, ORG, ACCOUNT = ObjectId(), ObjectId(), ObjectId()


def test_a_row_has_the_fields_that_were_read() -> None:
    (row,) = rows_of(documents.Alert.Row, ("title", "account_id"), [{"_id": ID, "title": "t", "account_id": ACCOUNT}])

    assert (row.id, row.title, row.account_id) == (ID, "t", ACCOUNT)
    assert isinstance(row, documents.Alert.Row)


def test_a_field_that_was_not_read_is_not_there() -> None:
    (row,) = rows_of(documents.Alert.Row, ("title",), [{"_id": ID, "title": "t"}])

    with pytest.raises(AttributeError):
        _ = row.message


def test_a_field_that_is_not_stored_is_none() -> None:
    rows = rows_of(documents.Alert.Row, ("title", "state"), [{"_id": ID, "state": "OPEN"}, {"_id": ID, "title": "t"}])

    assert [(row.title, row.state) for row in rows] == [(None, "OPEN"), ("t", None)]


def test_a_whole_document_makes_a_row_with_every_field() -> None:
    raw = {"_id": ID, "org_id": ORG, "title": "t", "raised_at": datetime(2026, 1, 1, tzinfo=UTC), "unknown": 1}

    row = documents.Alert.Row(raw)

    assert (row.id, row.org_id, row.title, row.raised_at, row.message) == (ID, ORG, "t", raw["raised_at"], None)
    assert raw["_id"] == ID, "what it was made from is left as it was"


@pytest.mark.parametrize("stored", [Decimal128("1.50"), Decimal("1.50")])
def test_decimals_come_as_decimals_however_they_were_decoded(stored: object) -> None:
    (row,) = rows_of(documents.Budget.Row, ("amount", "spent"), [{"_id": ID, "amount": stored, "spent": None}])

    assert (row.amount, type(row.amount), row.spent) == (Decimal("1.50"), Decimal, None)


@pytest.mark.parametrize("zone", [None, UTC])
def test_instants_come_with_their_zone_however_they_were_decoded(zone: tzinfo | None) -> None:
    raw = {"_id": ID, "raised_at": datetime(2026, 1, 1, 12, tzinfo=zone), "resolved_at": None}

    (row,) = rows_of(documents.Alert.Row, ("raised_at", "resolved_at"), [raw])

    assert (row.raised_at, row.resolved_at) == (datetime(2026, 1, 1, 12, tzinfo=UTC), None)


def test_there_is_room_for_the_rows_a_row_refers_to() -> None:
    (row,) = rows_of(documents.Alert.Row, ("account_id",), [{"_id": ID, "account_id": ACCOUNT}])

    with pytest.raises(AttributeError):
        _ = row.account
    row.account = "the account"
    assert row.account == "the account"


def test_there_is_room_for_nothing_else() -> None:
    (row,) = rows_of(documents.Alert.Row, (), [{"_id": ID}])

    with pytest.raises(AttributeError):
        row.anything = 1
