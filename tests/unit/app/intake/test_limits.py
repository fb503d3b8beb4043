"""Who sends what is refused has so much of it, and gets it back with time."""

import pytest

from app.intake import limits
from app.intake.limits import RefusedBuckets
from domain.errors import RateLimited


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def paid(buckets: RefusedBuckets, key: str, times: int) -> int:
    """How many of so many points were there."""
    count = 0
    for _ in range(times):
        try:
            buckets.pay(key)
        except RateLimited:
            continue
        count += 1
    return count


def test_a_third_of_a_minutes_points_are_there_at_once() -> None:
    buckets = RefusedBuckets(60, Clock())

    assert paid(buckets, "a", 30) == 20
    assert paid(buckets, "b", 30) == 20


def test_points_come_back_as_fast_as_the_pace_says_and_no_further() -> None:
    clock = Clock()
    buckets = RefusedBuckets(60, clock)
    paid(buckets, "a", 20)

    clock.now += 5
    assert paid(buckets, "a", 30) == 5
    clock.now += 3600
    assert paid(buckets, "a", 30) == 20


def test_looking_takes_nothing() -> None:
    buckets = RefusedBuckets(60, Clock())

    for _ in range(100):
        buckets.check("a")

    assert paid(buckets, "a", 30) == 20
    with pytest.raises(RateLimited):
        buckets.check("a")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_ADDRESSES", 3)
    buckets = RefusedBuckets(60, Clock())

    for key in "abcd":
        paid(buckets, key, 20)

    assert paid(buckets, "a", 1) == 1
    assert paid(buckets, "d", 1) == 0
