"""Whatever is done to a chain is found, and where."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.canonical import GENESIS
from domain.audit.chain import Break, ChainCheck
from tests.factories.audit_chains import ORG, entries, gone, head, is_signed, linked, relinked, segments, verdict

CHAIN = entries(10)
HEAD = head(CHAIN)


def broken(*args: Any, **kwargs: Any) -> Break:
    found = verdict(*args, **kwargs)
    assert found.broken is not None
    assert not found.is_intact
    return found.broken


def test_a_chain_as_it_was_written_is_intact() -> None:
    found = verdict(CHAIN, HEAD, newest=10)

    assert found.is_intact
    assert (found.entries, found.segments, found.first_seq, found.last_seq) == (10, 0, 1, 10)
    assert found.head_hash == CHAIN[-1]["hash"]


def test_a_chain_that_has_not_begun_is_intact() -> None:
    found = verdict([], None)

    assert found.is_intact
    assert (found.entries, found.last_seq, found.head_hash) == (0, 0, GENESIS)


@given(st.integers(1, 10))
def test_a_deleted_entry_is_missed_in_its_place(seq: int) -> None:
    assert broken([entry for entry in CHAIN if entry["seq"] != seq], HEAD) == Break(seq, f"entry {seq} is missing.")


def test_deleted_entries_are_named_from_first_to_last() -> None:
    assert broken(CHAIN[:3] + CHAIN[6:], HEAD) == Break(4, "entries 4 to 6 are missing.")
    assert broken(CHAIN[:7], HEAD) == Break(8, "entries 8 to 10 are missing.")


@given(st.integers(1, 10), st.sampled_from(["action", "actor", "target", "outcome", "prev_hash", "hash", "_id"]))
def test_an_edited_entry_is_found_in_its_place(seq: int, field: str) -> None:
    stored = [{**entry, field: "1" * 64} if entry["seq"] == seq else entry for entry in CHAIN]

    assert broken(stored, HEAD).seq == seq


@pytest.mark.parametrize("field", ["at", "created_at"])
def test_an_entry_of_another_time_is_found(field: str) -> None:
    stored = [*CHAIN[:4], {**CHAIN[4], field: CHAIN[4]["at"] + timedelta(hours=1)}, *CHAIN[5:]]

    assert broken(stored, HEAD) == Break(5, "the entry was changed.")


def test_an_entry_with_a_field_more_or_less_or_of_another_type_is_found() -> None:
    less = {name: value for name, value in CHAIN[4].items() if name != "actor"}

    assert broken([*CHAIN[:4], less, *CHAIN[5:]], HEAD) == Break(5, "the entry has lost actor.")
    assert "note" in broken([*CHAIN[:4], {**CHAIN[4], "note": ""}, *CHAIN[5:]], HEAD).problem
    assert broken([*CHAIN[:4], {**CHAIN[4], "at": "then"}, *CHAIN[5:]], HEAD).seq == 5
    assert broken([*CHAIN[:4], {**CHAIN[4], "form": "other"}, *CHAIN[5:]], HEAD).seq == 5


def test_an_edited_entry_with_a_hash_to_match_is_found_by_the_one_that_follows_on_it() -> None:
    forged = linked({**CHAIN[4], "actor": "nobody"}, CHAIN[4]["prev_hash"])

    assert broken([*CHAIN[:4], forged, *CHAIN[5:]], HEAD).seq == 5


def test_an_edited_first_entry_is_found() -> None:
    forged = linked(CHAIN[0], "f" * 64)

    assert broken([forged, *CHAIN[1:]], HEAD).seq == 1


def test_reordered_entries_are_found_where_they_stand() -> None:
    swapped = [*CHAIN[:3], {**CHAIN[4], "seq": 4}, {**CHAIN[3], "seq": 5}, *CHAIN[5:]]

    assert broken(swapped, HEAD).seq == 4


def test_an_entry_that_stands_twice_is_found() -> None:
    assert broken([*CHAIN[:5], CHAIN[4], *CHAIN[5:]], HEAD).seq == 6


def test_a_chain_rewritten_to_its_end_does_not_end_as_it_did() -> None:
    rewritten = CHAIN[:4] + relinked([{**CHAIN[4], "actor": "nobody"}, *CHAIN[5:]], CHAIN[3]["hash"])

    found = broken(rewritten, HEAD)
    with_head = broken(rewritten, {**HEAD, "hash": rewritten[-1]["hash"]})

    assert found == Break(1, "entries 1 to 10 do not end as the chain did: some were replaced.")
    assert "signature" in with_head.problem


def test_after_a_rewritten_tail_only_what_was_sealed_is_still_vouched_for() -> None:
    rewritten = CHAIN[:6] + relinked([{**CHAIN[6], "actor": "nobody"}, *CHAIN[7:]], CHAIN[5]["hash"])

    assert broken(rewritten, HEAD, segments(CHAIN, 4)).seq == 5
    assert broken(rewritten, HEAD, segments(CHAIN, 4, 8)).seq == 5
    assert broken(rewritten, HEAD, segments(CHAIN, 6)).seq == 7


def test_a_tail_cut_off_together_with_the_head_is_found_by_its_signature() -> None:
    cut = {**HEAD, "last": 7, "hash": CHAIN[6]["hash"]}

    found = broken(CHAIN[:7], cut)

    assert found.seq == 8
    assert "signature" in found.problem


def test_a_tail_cut_off_below_a_sealed_segment_is_found() -> None:
    assert broken(CHAIN[:7], head(CHAIN[:7]), segments(CHAIN, 4, 8)).seq == 8


@pytest.mark.parametrize(("stored", "newest", "seq"), [(CHAIN, 10, 11), ([], 10, 1)])
def test_a_head_that_was_deleted_is_missed(stored: list[Any], newest: int, seq: int) -> None:
    assert broken(stored, None, newest=newest).seq == seq


def test_a_chain_of_which_only_segments_are_left_is_missed() -> None:
    assert broken([], None, segments(CHAIN, 4)).seq == 1


def test_a_check_knows_when_there_is_no_need_to_go_on() -> None:
    check = ChainCheck(ORG, HEAD, [], is_signed)
    assert not check.is_broken

    check.feed(CHAIN[1:])

    assert check.is_broken


def test_an_entry_beyond_the_head_is_no_part_of_the_chain() -> None:
    assert broken(CHAIN[:9], head(CHAIN[:9]), newest=10) == Break(10, "entry 10 is no part of the chain.")
    assert broken(CHAIN, head(CHAIN[:9])).seq == 1


def test_sealed_segments_of_a_whole_chain_are_intact() -> None:
    found = verdict(CHAIN, HEAD, segments(CHAIN, 4, 8))

    assert found.is_intact
    assert (found.entries, found.segments) == (10, 2)


def test_verification_goes_on_across_entries_whose_time_is_over() -> None:
    first, second = segments(CHAIN, 4, 8)

    found = verdict(CHAIN[4:], HEAD, [gone(first), second])
    all_gone = verdict(CHAIN[8:], HEAD, [gone(first), gone(second)])

    assert found.is_intact
    assert (found.entries, found.first_seq) == (6, 5)
    assert all_gone.is_intact
    assert (all_gone.entries, all_gone.first_seq) == (2, 9)


def test_sealed_entries_that_were_deleted_before_their_time_are_missed() -> None:
    first, second = segments(CHAIN, 4, 8)
    forged = {**first, "gone_at": first["last_at"], "gone_key_id": "key", "gone_signature": "made up"}

    assert broken(CHAIN[4:], HEAD, [first, second]).seq == 1
    assert broken(CHAIN[4:], HEAD, [forged, second]).seq == 1
    assert broken(CHAIN[8:], HEAD, [gone(first), second]).seq == 5


@pytest.mark.parametrize("field", ["root", "last_hash", "prev_hash", "first_at", "previous"])
def test_an_edited_segment_does_not_bear_its_signature(field: str) -> None:
    first, second = segments(CHAIN, 4, 8)
    value = second["first_at"] + timedelta(1) if field == "first_at" else "0" * 64

    found = broken(CHAIN, HEAD, [first, {**second, field: value}])

    assert found.seq == 5
    assert "segment 2" in found.problem


@pytest.mark.parametrize("field", ["root", "number", "last_at", "signature"])
def test_a_damaged_segment_is_found(field: str) -> None:
    first, second = segments(CHAIN, 4, 8)

    assert broken(CHAIN, HEAD, [first, {**second, field: None}]) == Break(5, "sealed segment 2 was changed.")
    assert broken(CHAIN, HEAD, [{name: value for name, value in first.items() if name != field}]).seq == 1


@pytest.mark.parametrize("field", ["last", "hash", "key_id", "signature"])
def test_a_damaged_head_is_found(field: str) -> None:
    assert "damaged" in broken(CHAIN, {**HEAD, field: None}).problem


def test_a_missing_segment_is_missed() -> None:
    first, second = segments(CHAIN, 4, 8)

    assert broken(CHAIN, HEAD, [second]).seq == 1
    assert broken(CHAIN, HEAD, [first, {**second, "first_seq": 6}]).seq == 5
    assert broken(CHAIN[8:], HEAD, [gone(first)]).seq == 5


def test_a_segment_of_another_chain_does_not_follow() -> None:
    other = relinked([{**entry, "actor": "nobody"} for entry in CHAIN])
    first, _ = segments(CHAIN, 4, 8)
    _, second = segments(other, 4, 8)

    assert "does not follow" in broken(CHAIN, HEAD, [first, second]).problem


def test_a_long_chain_may_be_checked_from_a_later_segment_on() -> None:
    sealed = segments(CHAIN, 4, 8)

    newest = verdict(CHAIN, HEAD, sealed, at_most=6)
    unsealed = verdict(CHAIN, HEAD, sealed, at_most=1)

    assert (newest.is_intact, newest.first_seq, newest.entries) == (True, 5, 6)
    assert (unsealed.is_intact, unsealed.first_seq, unsealed.entries) == (True, 9, 2)
