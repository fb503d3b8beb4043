"""Segments end with the day, or when they are full; nothing that is broken is sealed."""

from datetime import timedelta

from domain.audit.seal import segment_members
from domain.audit.sealing import Sealer
from tests.factories.audit_chains import START, Raw, entries, head, relinked, segments, signature_of, verdict

CHAIN = entries(10)
TOMORROW = START.date() + timedelta(days=1)


def over_days(*counts: int) -> list[Raw]:
    """A chain with that many entries on each of the days that follow on each other."""
    days = [START + timedelta(days=day) for day, count in enumerate(counts) for _ in range(count)]
    made = entries(len(days))
    return relinked([{**entry, "at": day, "created_at": day} for entry, day in zip(made, days, strict=True)])


def signed(segment: Raw) -> Raw:
    return {**segment, "key_id": "key", "signature": signature_of(segment_members(segment))}


def spans(sealed: list[Raw]) -> list[tuple[int, int]]:
    return [(segment["first_seq"], segment["last_seq"]) for segment in sealed]


def test_a_segment_ends_with_its_day_and_today_stays_open() -> None:
    sealer = Sealer("a" * 24, None)

    sealed = sealer.feed(over_days(3, 2, 4))

    assert spans(sealed) == [(1, 3), (4, 5)]
    assert sealer.finish(START.date() + timedelta(days=2)) == []


def test_a_day_that_is_over_is_sealed_though_nothing_followed() -> None:
    sealer = Sealer("a" * 24, None)

    assert sealer.feed(CHAIN) == []
    assert spans(sealer.finish(TOMORROW)) == [(1, 10)]
    assert sealer.finish(TOMORROW) == []


def test_a_busy_day_makes_several_segments_and_a_full_one_does_not_wait() -> None:
    sealer = Sealer("a" * 24, None, most=4)

    assert spans(sealer.feed(CHAIN[:5])) == [(1, 4)]
    assert spans(sealer.feed(CHAIN[5:8])) == []
    assert spans(sealer.finish(START.date())) == [(5, 8)]


def test_segments_are_such_that_the_verification_accepts_them() -> None:
    sealer = Sealer("a" * 24, None, most=4)
    sealed = [signed(segment) for segment in (*sealer.feed(CHAIN), *sealer.finish(TOMORROW))]

    assert spans(sealed) == [(1, 4), (5, 8), (9, 10)]
    assert sealed == segments(CHAIN, 4, 8, 10)
    assert verdict(CHAIN, head(CHAIN), sealed).is_intact


def test_sealing_goes_on_after_the_last_segment() -> None:
    first, second = segments(CHAIN, 4, 10)
    sealer = Sealer("a" * 24, first)

    sealer.feed(CHAIN[4:])

    assert [signed(segment) for segment in sealer.finish(TOMORROW)] == [second]


def test_a_broken_stretch_is_not_sealed() -> None:
    sealer = Sealer("a" * 24, None, most=2)

    sealed = sealer.feed([*CHAIN[:5], {**CHAIN[5], "actor": "nobody"}, *CHAIN[6:]])

    assert spans(sealed) == [(1, 2), (3, 4)]
    assert sealer.broken is not None
    assert sealer.broken.seq == 6
