"""The canonical form and the hashes, worked out by hand and with nothing but the standard library."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.canonical import ENTRY_FORM, FIELDS, GENESIS, canonical, changed_fields, digest, entry_hash, instant

AT = datetime(2026, 3, 1, 12, 30, 0, 7000, tzinfo=UTC)


def entry(**fields: object) -> dict[str, object]:
    return {**dict.fromkeys(FIELDS), "org_id": "ab", "seq": 1, "at": AT, "prev_hash": GENESIS, **fields}


def test_names_are_sorted_and_nothing_is_wasted() -> None:
    assert canonical({"b": [1, None], "a": 'ü "x"\n'}) == '{"a":"ü \\"x\\"\\n","b":[1,null]}'.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (AT, '"2026-03-01T12:30:00.007Z"'),
        (date(2026, 3, 1), '"2026-03-01"'),
        (Decimal("1.50"), '"1.50"'),
        ({"b", "a"}, '["a","b"]'),
        (frozenset({"z"}), '["z"]'),
        (b"\x01\xff", '"01ff"'),
        ({1: "x"}, '{"1":"x"}'),
    ],
)
def test_what_json_does_not_know_is_text(value: object, text: str) -> None:
    assert canonical(value).decode() == text


def test_an_instant_is_the_same_in_every_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert instant(elsewhere) == instant(AT) == "2026-03-01T12:30:00.007Z"


@given(st.dictionaries(st.text(st.characters(max_codepoint=127)), st.none() | st.integers(-(2**53), 2**53) | st.text()))
def test_the_standard_library_makes_the_same_bytes(value: dict[str, object]) -> None:
    plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert canonical(value) == plain.encode()


def test_a_hash_is_sha_256_of_the_members_and_the_form() -> None:
    members = {"form": ENTRY_FORM, **entry(), "at": "2026-03-01T12:30:00.007Z"}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert entry_hash(entry()) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_counts(field: str) -> None:
    other = AT + timedelta(milliseconds=1) if field == "at" else "other"

    assert entry_hash(entry(**{field: other})) != entry_hash(entry())


def test_what_an_entry_has_besides_does_not_count() -> None:
    assert entry_hash(entry(hash="x", created_at=AT)) == entry_hash(entry())


def test_a_digest_is_64_small_hex_digits() -> None:
    assert digest({}) == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["b"]),
        ({"a": 1}, {"a": 1, "c": None}, ["c"]),
        ({"a": 1, "d": 2}, {"a": 1}, ["d"]),
        (None, {"b": 1, "a": 2}, ["a", "b"]),
        ({"a": 1}, None, ["a"]),
        (None, None, []),
    ],
)
def test_changed_fields_are_those_that_differ(before: object, after: object, changed: list[str]) -> None:
    assert changed_fields(before, after) == changed  # type: ignore[arg-type]
