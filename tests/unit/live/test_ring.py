from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.facts.event import LoggedEvent
from live.event_log import contiguous
from live.ring import Ring


def event(seq: int) -> LoggedEvent:
    return LoggedEvent("org", seq, "alerts", "Happened", {}, datetime(2026, 1, 1, tzinfo=UTC))


def ring_of(*, size: int, start: int, count: int) -> Ring:
    ring = Ring(size)
    ring.restart(start)
    for seq in range(start + 1, start + count + 1):
        ring.append(event(seq))
    return ring


@given(size=st.integers(1, 20), start=st.integers(0, 50), count=st.integers(0, 60), limit=st.integers(1, 70))
def test_ring_gives_exactly_the_events_after_every_position_it_holds(size, start, count, limit):
    ring = ring_of(size=size, start=start, count=count)
    last = start + count

    answers = {seq: [e.seq for e in ring.after(seq, limit)] for seq in range(last + 1) if ring.holds_after(seq)}

    # It holds the positions behind which at most `size` events were appended.
    assert answers == {seq: list(range(seq + 1, last + 1))[:limit] for seq in range(max(start, last - size), last + 1)}


def test_ring_does_not_claim_a_position_beyond_its_end():
    ring = ring_of(size=4, start=0, count=3)

    assert not ring.holds_after(4)


def test_ring_refuses_an_event_that_leaves_a_hole():
    ring = ring_of(size=4, start=0, count=3)

    with pytest.raises(ValueError, match="Event 5 does not follow event 3"):
        ring.append(event(5))


def test_restarted_ring_holds_only_its_new_end():
    ring = ring_of(size=4, start=0, count=3)

    ring.restart(2)

    assert [seq for seq in range(6) if ring.holds_after(seq)] == [2]
    assert ring.after(2, 10) == []


@pytest.mark.parametrize(
    ("seqs", "kept"),
    [([], []), ([4, 5, 6], [4, 5, 6]), ([4, 6, 7], [4]), ([5, 6], []), ([4, 4, 6], [4]), ([3, 4], [])],
)
def test_only_events_that_follow_one_by_one_are_taken(seqs, kept):
    taken = contiguous([event(seq) for seq in seqs], after=3)

    assert [e.seq for e in taken] == kept
