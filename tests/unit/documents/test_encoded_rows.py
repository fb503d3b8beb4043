"""Rows that are encoded by column are, byte for byte, what the driver makes of one dict per row."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import repeat

import bson
from bson import Decimal128, ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import encoded_rows
from documents.cost_line import LineEncoder
from documents.encoded_rows import ByIdentity, RowEncoder, int_elements, object_id_elements, rows_of
from tests.factories.focus import focus_row, parsed

texts = st.none() | st.text(max_size=20)
moments = st.none() | st.datetimes(
    datetime(1900, 1, 1),  # noqa: DTZ001 - the zone is added below
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
decimals = st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
tags = st.none() | st.dictionaries(names, st.text(max_size=5)).map(lambda found: tuple(sorted(found.items())))
rows = st.lists(st.tuples(texts, moments, decimals, tags, texts, texts), min_size=1, max_size=8)
FIELDS = ("text", "moment", "amount", "tags")


def as_dict(id: ObjectId, number: int, row: tuple) -> dict:
    """The document of a row, the way one would write it by hand."""
    text, moment, amount, pairs, extra, other = row
    extras = {name: value for name, value in (("x_a", extra), ("x.b", other)) if value is not None}
    document = {
        "_id": id,
        "number": number,
        "text": text,
        "moment": moment,
        "amount": None if amount is None else Decimal128(amount),
        "tags": None if pairs is None else dict(pairs),
        "extras": extras or None,
    }
    return {name: value for name, value in document.items() if value is not None}


@given(st.lists(rows, min_size=1, max_size=3))
@settings(deadline=None)
def test_rows_are_encoded_as_the_driver_would(portions):
    columns, extras, id = RowEncoder(), RowEncoder(), ObjectId()

    for portion in portions:
        by_column = list(zip(*portion, strict=True))
        parts = [
            object_id_elements("_id", repeat(id, len(portion))),
            int_elements("number", range(len(portion))),
            *(columns.elements(name, values) for name, values in zip(FIELDS, by_column, strict=False)),
            extras.documents("extras", {"x_a": by_column[4], "x.b": by_column[5]}, len(portion)),
        ]
        expected = [bson.encode(as_dict(id, number, row)) for number, row in enumerate(portion)]
        assert [row.raw for row in rows_of(parts)] == expected


def test_objects_are_encoded_once_and_forgotten_when_there_are_many(monkeypatch):
    monkeypatch.setattr(encoded_rows, "_MOST_OBJECTS", 3)
    asked = []
    memory = ByIdentity(lambda value: asked.append(value) or str(value).encode())
    same = Decimal(1)

    assert memory.encoded([same, None, same]) == [b"1", b"", b"1"]
    assert memory.encoded([Decimal(2), Decimal(3)]) == [b"2", b"3"]
    assert memory.encoded([same, Decimal(4)]) == [b"1", b"4"]

    # The second 1 is asked for because the memory was full by then.
    assert asked == [1, 2, 3, 1, 4]


def test_a_line_is_stored_under_our_names_with_its_place():
    org_id, edition_id = ObjectId(), ObjectId()
    batch = parsed(focus_row(RegionId="", x_Note="a"), focus_row(BilledCost="-2.50", x_Note=""))

    first, second = (bson.decode(line.raw) for line in LineEncoder(org_id).lines(batch, [edition_id], 3))

    assert first["org_id"] == org_id
    assert first["edition_id"] == edition_id
    assert (first["file"], first["row"], second["row"]) == (3, 1, 2)
    assert (first["provider"], first["service_name"]) == ("AWS", "Amazon Elastic Compute Cloud")
    assert first["tags"] == {"team": "web"}
    assert second["billed_cost"] == Decimal128("-2.50")
    assert first["charge_period_start"].replace(tzinfo=UTC) - datetime(2026, 9, 2, tzinfo=UTC) == timedelta(0)
    assert "region_id" not in first
    assert (first["extras"], "extras" in second) == ({"x_Note": "a"}, False)
    assert first["_id"] != second["_id"]
