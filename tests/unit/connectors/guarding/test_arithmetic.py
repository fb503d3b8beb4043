from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.guarding.arithmetic import Breaker, Bucket, Turn, Verdict, enter
from connectors.limits import Limit

LONGEST = 30.0
LIMIT = Limit(rate=2, burst=3, failures=2, pause=timedelta(seconds=60), timeout=timedelta(seconds=10))


def go(bucket: Bucket, now: float, limit: Limit = LIMIT, breaker: Breaker | None = None):
    return enter(bucket, breaker or Breaker(), now, limit, LONGEST)


def test_a_full_bucket_gives_its_burst_at_once_and_then_one_token_after_another():
    bucket = Bucket()

    waits = [go(bucket, 100.0).seconds for _ in range(6)]

    # Three at once; two a second are one each half second.
    assert waits == [0, 0, 0, 0.5, 1.0, 1.5]


def test_a_bucket_fills_again_but_not_above_its_rim():
    bucket = Bucket()
    for _ in range(3):
        go(bucket, 100.0)

    waits = [go(bucket, 1000.0).seconds for _ in range(4)]

    assert waits == [0, 0, 0, 0.5]


def test_whoever_would_wait_too_long_takes_no_token():
    bucket = Bucket(full_at=100.0 + LIMIT.fills_within + 31)

    refused = go(bucket, 100.0)

    assert (refused.verdict, refused.seconds) == (Verdict.FULL, 31)
    assert bucket.full_at == 100.0 + LIMIT.fills_within + 31


def test_a_drained_bucket_gives_nothing_before_the_provider_wants_it_to():
    bucket = Bucket()

    bucket.drain(100.0, LIMIT, 7)

    # No burst after it either: the bucket is empty, not merely closed.
    assert [go(bucket, 100.0).seconds for _ in range(3)] == [7, 7.5, 8]


def test_draining_never_brings_a_token_earlier():
    bucket = Bucket(full_at=500.0)

    bucket.drain(100.0, LIMIT, 0)

    assert bucket.full_at == 500.0


def test_a_limit_without_a_rate_never_waits():
    bucket, free = Bucket(), Limit()

    assert {go(bucket, 5.0, free).seconds for _ in range(1000)} == {0.0}


@given(
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 50),
    pauses=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 3)), min_size=1, max_size=80),
)
def test_two_processes_with_one_bucket_never_send_more_than_it_holds(rate, burst, pauses):
    """Whatever the two do, every stretch of time holds at most the burst and what came back in it."""
    limit, bucket, now, sent = Limit(rate=rate, burst=burst), Bucket(), 0.0, []
    for process, pause in pauses:
        now += pause
        entry = go(bucket, now, limit)
        if entry.verdict is Verdict.GO:
            sent.append((now + entry.seconds, process))

    moments = sorted(at for at, _ in sent)
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            assert last - first + 1 <= burst + rate * (moments[last] - moments[first]) + 1e-6


def test_a_breaker_opens_after_so_many_failures_in_a_row():
    breaker = Breaker()

    turns = [breaker.settle(at, LIMIT, is_probe=False, is_failure=True) for at in (1.0, 2.0)]

    assert turns == [Turn.NONE, Turn.OPENED]
    assert breaker.next_try(2.0, LIMIT) == 60


def test_an_answer_in_between_starts_the_count_anew():
    breaker = Breaker()

    for is_failure in (True, False, True):
        breaker.settle(1.0, LIMIT, is_probe=False, is_failure=is_failure)

    assert breaker.next_try(1.0, LIMIT) == 0


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(2):
        breaker.settle(at, LIMIT, is_probe=False, is_failure=True)
    return breaker


def test_an_open_breaker_lets_nobody_through_and_takes_no_token():
    bucket, breaker = Bucket(), opened()

    entry = go(bucket, 59.0, breaker=breaker)

    assert (entry.verdict, entry.seconds, entry.age) == (Verdict.RESTING, 1.0, 59.0)
    assert bucket.full_at == 0.0


def test_a_half_open_breaker_lets_one_through_and_no_second_one():
    breaker = opened()

    verdicts = [go(Bucket(), 60.0, breaker=breaker).verdict for _ in range(3)]

    assert verdicts == [Verdict.PROBE, Verdict.RESTING, Verdict.RESTING]


def test_a_probe_that_never_comes_back_is_followed_by_another():
    breaker = opened()
    go(Bucket(), 60.0, breaker=breaker)

    # Its call would have had to end by 70.
    assert go(Bucket(), 69.9, breaker=breaker).verdict is Verdict.RESTING
    assert go(Bucket(), 70.0, breaker=breaker).verdict is Verdict.PROBE


def test_an_answer_to_the_probe_closes_the_breaker():
    breaker = opened()
    go(Bucket(), 60.0, breaker=breaker)

    assert breaker.settle(61.0, LIMIT, is_probe=True, is_failure=False) is Turn.CLOSED
    assert go(Bucket(), 61.0, breaker=breaker).verdict is Verdict.GO


def test_a_probe_that_fails_opens_the_breaker_for_another_pause():
    breaker = opened()
    go(Bucket(), 60.0, breaker=breaker)

    assert breaker.settle(65.0, LIMIT, is_probe=True, is_failure=True) is Turn.OPENED
    assert go(Bucket(), 124.0, breaker=breaker).verdict is Verdict.RESTING
    # It is still the outage that began at 0.
    assert go(Bucket(), 125.0, breaker=breaker).age == 125.0


def test_calls_that_began_before_it_opened_change_nothing():
    breaker = opened()

    late = [breaker.settle(1.0, LIMIT, is_probe=False, is_failure=is_failure) for is_failure in (True, False)]

    assert late == [Turn.NONE, Turn.NONE]
    assert breaker.next_try(1.0, LIMIT) == 59
