"""The guard with everything, on a clock that jumps: minutes of outages and throttling pass in no time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.guard import AccountGuard, Guards
from connectors.limits import Limit
from domain.errors import PermissionMissing, ProviderError, Throttled, Unavailable
from domain.facts.health import BreakerState, CircuitBreaker
from domain.facts.provider import Provider
from tests.fakes.virtual_time import run_in_virtual_time

START = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
LIMIT = Limit(rate=1000, burst=1000, attempts=1, failures=3, pause=timedelta(seconds=60), timeout=timedelta(seconds=10))


def seconds() -> float:
    return asyncio.get_running_loop().time()


def as_it_is(error: Exception, service: str, operation: str) -> ProviderError | None:
    return error if isinstance(error, ProviderError) else None


def guards(limit: Limit = LIMIT, chance: float = 0.0) -> Guards:
    return Guards(now=lambda: START + timedelta(seconds=seconds()), chance=lambda: chance, limits=lambda *_: limit)


def reading(limit: Limit = LIMIT, heard: list[CircuitBreaker] | None = None, **options: Any) -> AccountGuard:
    return guards(limit, **options).of(Provider.AWS, "account", on_breaker=None if heard is None else heard.append)


def fails(error: Exception) -> Callable[[], Awaitable[Any]]:
    async def send() -> Any:
        raise error

    return send


async def answers() -> str:
    return "answer"


GONE = Unavailable("gone", service="ec2")
REFUSED = PermissionMissing("no", service="ec2", permission="ec2:DescribeVolumes")


async def outcome(call: Awaitable[Any]) -> Any:
    try:
        return await call
    except (ProviderError, ZeroDivisionError) as error:
        return error


def test_each_try_starts_the_call_anew():
    async def story() -> tuple[int, str]:
        tries = 0

        async def send() -> str:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise GONE
            return "answer"

        limit = Limit(attempts=4)
        return tries, await reading(limit)(as_it_is).call("ec2", "DescribeVolumes", send)

    _, answer = run_in_virtual_time(story())

    assert answer == "answer"


def test_a_call_that_hangs_ends_at_its_limit_and_is_tried_again():
    async def story() -> tuple[float, Any]:
        limit = Limit(attempts=2, timeout=timedelta(seconds=10))
        error = await outcome(reading(limit)(as_it_is).call("ec2", "DescribeVolumes", asyncio.Event().wait))
        return seconds(), error

    took, error = run_in_virtual_time(story())

    assert took == 20
    assert isinstance(error, Unavailable)
    assert error.message == "ec2 did not answer DescribeVolumes within 10 seconds."


def test_a_deadline_from_outside_ends_a_call_in_the_middle_of_a_pause_and_is_no_sample():
    async def story() -> tuple[float, int]:
        account = reading(Limit(attempts=9), chance=1.0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await account(as_it_is).call("ec2", "DescribeVolumes", fails(GONE))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await account(as_it_is).call("ec2", "DescribeVolumes", asyncio.Event().wait)
        return seconds(), sum(tally.calls for tally in account.report().tallies)

    # Tries at 0, 1 and 3; the one that was cut off says nothing about the provider.
    assert run_in_virtual_time(story()) == (6, 3)


def test_after_failures_in_a_row_the_service_is_left_alone_and_others_are_not():
    async def story() -> list[Any]:
        guard = reading()(as_it_is)
        for _ in range(3):
            await outcome(guard.call("ec2", "DescribeVolumes", fails(GONE)))
        return [await outcome(guard.call(service, "List", answers)) for service in ("ec2", "s3")]

    held_back, other = run_in_virtual_time(story())

    assert held_back.retry_after == timedelta(seconds=60)
    assert "left alone" in held_back.message
    assert other == "answer"


def test_refusals_and_throttling_open_no_breaker():
    async def story() -> Any:
        guard = reading()(as_it_is)
        for error in (REFUSED, Throttled("slow", service="ec2"), REFUSED, GONE, REFUSED, GONE, REFUSED, GONE):
            await outcome(guard.call("ec2", "DescribeVolumes", fails(error)))
        return await outcome(guard.call("ec2", "DescribeVolumes", answers))

    assert run_in_virtual_time(story()) == "answer"


def test_after_the_pause_one_call_is_let_through_and_closes_the_breaker():
    async def story() -> tuple[list[Any], list[CircuitBreaker]]:
        heard: list[CircuitBreaker] = []
        guard = reading(heard=heard)(as_it_is)
        for _ in range(3):
            await outcome(guard.call("ec2", "DescribeVolumes", fails(GONE)))
        await asyncio.sleep(60)

        async def slowly() -> str:
            await asyncio.sleep(1)
            return "probe"

        during = await asyncio.gather(*(outcome(guard.call("ec2", "DescribeVolumes", slowly)) for _ in range(3)))
        after = await outcome(guard.call("ec2", "DescribeVolumes", answers))
        return [*during, after], heard

    ended, heard = run_in_virtual_time(story())

    assert [isinstance(one, Unavailable) for one in ended] == [False, True, True, False]
    assert ended[0] == "probe"
    # Told of when it opened and when it closed; once each.
    assert [(one.state, one.since, one.next_try_at) for one in heard] == [
        (BreakerState.OPEN, START, START + timedelta(seconds=60)),
        (BreakerState.CLOSED, START + timedelta(seconds=61), None),
    ]


def test_a_probe_that_fails_keeps_the_service_alone_for_another_pause():
    async def story() -> list[Any]:
        account = reading()
        guard = account(as_it_is)
        for _ in range(3):
            await outcome(guard.call("ec2", "DescribeVolumes", fails(GONE)))
        await asyncio.sleep(60)
        await outcome(guard.call("ec2", "DescribeVolumes", fails(GONE)))
        await asyncio.sleep(59)
        held_back = await outcome(guard.call("ec2", "DescribeVolumes", answers))
        (breaker,) = account.report().breakers
        await asyncio.sleep(1)
        return [held_back, breaker, await outcome(guard.call("ec2", "DescribeVolumes", answers))]

    held_back, breaker, answer = run_in_virtual_time(story())

    assert held_back.retry_after == timedelta(seconds=1)
    # Unanswered since 12:00, asked again at 12:02.
    assert (breaker.state, breaker.since) == (BreakerState.OPEN, START)
    assert breaker.next_try_at == START + timedelta(seconds=120)
    assert answer == "answer"


def test_a_breaker_that_another_reading_closed_is_seen_closed():
    async def story() -> list[BreakerState]:
        shared = guards()
        first, second = (shared.of(Provider.AWS, "account") for _ in range(2))
        for _ in range(3):
            await outcome(first(as_it_is).call("ec2", "DescribeVolumes", fails(GONE)))
        await asyncio.sleep(60)
        await second(as_it_is).call("ec2", "DescribeVolumes", answers)
        before = first.report().breakers
        await first(as_it_is).call("ec2", "DescribeVolumes", answers)
        return [one.state for one in (*before, *first.report().breakers)]

    assert run_in_virtual_time(story()) == [BreakerState.OPEN, BreakerState.CLOSED]


def test_breakers_are_of_one_account():
    async def story() -> Any:
        shared = guards()
        first, second = (shared.of(Provider.AWS, name)(as_it_is) for name in ("one", "two"))
        for _ in range(3):
            await outcome(first.call("ec2", "DescribeVolumes", fails(GONE)))
        return await outcome(second.call("ec2", "DescribeVolumes", answers))

    assert run_in_virtual_time(story()) == "answer"


def test_throttling_of_one_call_slows_every_reading_of_the_account_down():
    async def story() -> float:
        shared = guards()
        first, second = (shared.of(Provider.AWS, "account")(as_it_is) for _ in range(2))
        slow_down = Throttled("slow", service="ec2", retry_after=timedelta(seconds=12))
        await outcome(first.call("ec2", "DescribeVolumes", fails(slow_down)))
        await second.call("ec2", "DescribeVolumes", answers)
        return seconds()

    assert run_in_virtual_time(story()) == pytest.approx(12, abs=0.01)


def test_regions_have_buckets_of_their_own_and_share_the_breaker():
    async def story() -> list[float]:
        guard = reading(Limit(rate=0.1, burst=1))(as_it_is)
        times = []
        for region in ("eu-west-1", "us-east-1", "eu-west-1"):
            await guard.call("ec2", "DescribeVolumes", answers, region=region)
            times.append(seconds())
        return times

    assert run_in_virtual_time(story()) == [0, 0, 10]


@pytest.mark.parametrize(("is_shared", "last"), [(True, 10), (False, 0)])
def test_services_share_one_bucket_where_the_provider_counts_all_calls_of_an_account(is_shared, last):
    async def story() -> float:
        guard = reading(Limit(rate=0.1, burst=1, is_shared=is_shared))(as_it_is)
        for service in ("droplets", "volumes"):
            await guard.call(service, "List", answers)
        return seconds()

    assert run_in_virtual_time(story()) == last


def test_a_call_whose_token_comes_too_late_gives_up_and_says_when():
    async def story() -> list[Any]:
        guard = reading(Limit(rate=0.01, burst=1))(as_it_is)
        await guard.call("ce", "GetCostAndUsage", answers)
        return [await outcome(guard.call("ce", "GetCostAndUsage", answers)), seconds()]

    error, took = run_in_virtual_time(story())

    assert isinstance(error, Throttled)
    # One token in 100 seconds; nobody waited for it.
    assert (error.retry_after, took) == (timedelta(seconds=100), 0)


def test_only_so_many_calls_of_a_service_are_under_way_at_once():
    async def story() -> int:
        under_way = most = 0

        async def send() -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(1)
            under_way -= 1

        guard = reading(Limit(concurrency=3))(as_it_is)
        await asyncio.gather(*(guard.call("iam", "GetUser", send) for _ in range(20)))
        return most

    assert run_in_virtual_time(story()) == 3


def test_many_services_that_share_a_slow_bucket_are_all_read():
    async def story() -> tuple[int, float]:
        guard = reading(Limit(rate=1, burst=1, concurrency=8, is_shared=True))(as_it_is)
        calls = [guard.call(f"service {number}", "List", answers) for number in range(120)]
        ended = await asyncio.gather(*calls)
        return len(ended), seconds()

    # One a second; none gives up, though the last waits for two minutes: for a place, and only then for a token.
    assert run_in_virtual_time(story()) == (120, 119)


def test_a_report_counts_every_try_by_service_and_five_minutes():
    async def story() -> Any:
        account = reading(Limit(attempts=2))
        guard = account(as_it_is)
        await asyncio.sleep(290)
        await outcome(guard.call("ec2", "DescribeVolumes", fails(GONE)))
        await asyncio.sleep(20)
        for error in (REFUSED, ZeroDivisionError()):
            await outcome(guard.call("ec2", "DescribeVolumes", fails(error)))
        await guard.call("s3", "ListBuckets", answers)
        return account.report()

    report = run_in_virtual_time(story())

    counted = [(one.service, one.at.minute, one.calls, one.unavailable, one.refused) for one in report.tallies]
    # Two tries at 12:04:50; the bug at 12:05:10 is none of the provider's.
    assert counted == [("ec2", 0, 2, 2, 0), ("ec2", 5, 1, 0, 1), ("s3", 5, 1, 0, 0)]


def test_readings_report_under_ids_of_their_own():
    shared = Guards()

    first, second = (shared.of(Provider.AWS, "account") for _ in range(2))

    assert first.report().id == first.report().id != second.report().id


@settings(max_examples=50)
@given(
    rate=st.floats(0.5, 20),
    burst=st.integers(1, 10),
    starts=st.lists(st.floats(0, 5), min_size=1, max_size=40),
)
def test_readings_side_by_side_stay_within_the_rate_together(rate, burst, starts):
    async def story() -> list[float]:
        sent: list[float] = []

        async def send() -> None:
            sent.append(seconds())

        limit = Limit(rate=rate, burst=burst, attempts=1)
        shared = guards(limit)
        both = [shared.of(Provider.AWS, "account")(as_it_is) for _ in range(2)]

        async def call(number: int, start: float) -> None:
            await asyncio.sleep(start)
            await outcome(both[number % 2].call("ec2", "DescribeVolumes", send))

        await asyncio.gather(*(call(number, start) for number, start in enumerate(starts)))
        return sent

    sent = run_in_virtual_time(story())

    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + rate * (sent[last] - sent[first]) + 1e-6
