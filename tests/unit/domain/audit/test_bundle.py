"""What is done to exported entries is found, and where, with nothing but the export itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
import pytest

from domain.audit.bundle import ENTRIES, Slice, check_bundle, entry_line, statement_of
from domain.audit.chain import Break, Verdict
from tests.factories.audit_chains import ORG, Raw, entries, is_signed, signature_of

CHAIN = entries(10)[3:8]
LINES = [orjson.loads(entry_line(entry)) for entry in CHAIN]
DIGESTS = {ENTRIES: "digest of the entries", "entries.csv": "digest of the table"}


def proof(**fields: Any) -> Raw:
    part = Slice()
    for entry in CHAIN:
        part.add(entry)
    times = dict.fromkeys(("at_from", "at_before", "exported_at"), "2026-03-01T00:00:00.000Z")
    made = {**part.members(), **times, "org_id": ORG, "files": DIGESTS, **fields}
    return {**made, "key_id": "key", "signature": signature_of(statement_of(made))}


def check(lines: list[Raw], made: Raw | None = None, digests: dict[str, str] = DIGESTS) -> Verdict:
    return check_bundle(proof() if made is None else made, lines, digests, is_signed)


def broken(*args: Any) -> Break:
    found = check(*args).broken
    assert found is not None
    return found


def test_an_export_as_it_was_made_is_intact() -> None:
    found = check(LINES)

    assert found.is_intact
    assert (found.entries, found.first_seq, found.last_seq, found.org_id) == (5, 4, 8, ORG)
    assert found.head_hash == CHAIN[-1]["hash"]


def test_a_line_is_the_hashed_text_and_the_hash() -> None:
    line = dict(LINES[0])
    hash = line.pop("hash")

    text = orjson.dumps(line, option=orjson.OPT_SORT_KEYS)

    assert sha256(text).hexdigest() == hash
    assert entry_line(CHAIN[0]).endswith(b"}\n")


def test_the_proof_says_where_the_entries_begin_and_end() -> None:
    root = sha256(b"".join(bytes.fromhex(entry["hash"]) for entry in CHAIN)).hexdigest()

    made = proof()

    assert (made["first_seq"], made["last_seq"], made["root"]) == (4, 8, root)
    assert (made["prev_hash"], made["last_hash"]) == (CHAIN[0]["prev_hash"], CHAIN[-1]["hash"])


@pytest.mark.parametrize(
    ("tamper", "seq"),
    [
        (lambda lines: [*lines[:2], *lines[3:]], 6),
        (lambda lines: lines[:3], 7),
        (lambda lines: [], 4),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 4),
        (lambda lines: [*lines[:2], {**lines[2], "actor": "nobody"}, *lines[3:]], 6),
        (lambda lines: [*lines[:2], {**lines[2], "at": "then"}, *lines[3:]], 6),
        (lambda lines: [*lines[:2], {**lines[2], "at": None}, *lines[3:]], 6),
        (lambda lines: [*lines[:2], {}, *lines[3:]], 6),
        (lambda lines: [*lines, lines[-1]], 9),
    ],
    ids=["deleted", "cut off", "emptied", "reordered", "edited", "no time", "no text", "no entry", "doubled"],
)
def test_tampering_is_located(tamper: Callable[[list[Raw]], list[Raw]], seq: int) -> None:
    assert broken(tamper(LINES)).seq == seq


def test_one_more_entry_is_not_what_was_signed() -> None:
    assert "signed over" in broken([*LINES, orjson.loads(entry_line(entries(10)[8]))]).problem


@pytest.mark.parametrize(
    "fields",
    [
        {"signature": "other"},
        {"key_id": "other"},
        {"last_seq": 7},
        {"at_before": "2027-01-01T00:00:00.000Z"},
        {"form": "cloudwatcher-audit-head-1"},
    ],
)
def test_an_edited_proof_does_not_bear_its_signature(fields: Raw) -> None:
    assert "signature" in broken(LINES, {**proof(), **fields}).problem


def test_a_statement_of_another_form_is_no_proof_though_it_is_signed() -> None:
    assert "signature" in broken(LINES, proof(form="another")).problem


def test_entries_of_another_chain_are_found() -> None:
    made = proof(org_id="b" * 24)

    assert broken(LINES, made) == Break(4, "the entry is of another chain.")


@pytest.mark.parametrize("digests", [{}, {**DIGESTS, "entries.csv": "other"}])
def test_another_file_is_found(digests: dict[str, str]) -> None:
    assert "is not the one" in broken(LINES, proof(), digests).problem


def test_a_proof_with_parts_missing_is_none() -> None:
    with pytest.raises(KeyError):
        check(LINES, {"form": "x"})


def test_times_of_entries_are_read_back_to_the_millisecond() -> None:
    assert datetime.fromisoformat(LINES[0]["at"]) == datetime(2026, 3, 1, 0, 0, 4, tzinfo=UTC)
