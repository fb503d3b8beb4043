import asyncio
from datetime import timedelta

import pytest

from connectors.guarding.patience import Resting, is_worth_a_try, pause_after, retrying
from connectors.limits import Limit
from domain.errors import CredentialsRejected, Misshapen, PermissionMissing, ProviderError, Throttled, Unavailable
from tests.fakes.virtual_time import run_in_virtual_time


def throttled(seconds: float | None = None) -> Throttled:
    after = None if seconds is None else timedelta(seconds=seconds)
    return Throttled("slow down", service="s3", retry_after=after)


@pytest.mark.parametrize(("tries", "most"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 20), (60, 20)])
def test_the_longest_pause_doubles_with_each_try_up_to_a_cap(tries, most):
    assert pause_after(tries, throttled(), 1.0) == most


def test_jitter_is_full_any_pause_up_to_the_longest_may_come():
    assert [pause_after(3, throttled(), chance) for chance in (0.0, 0.25, 0.5)] == [0.0, 1.0, 2.0]


def test_the_pause_the_provider_asks_for_is_kept_and_jitter_comes_on_top():
    assert pause_after(1, throttled(7), 0.0) == 7
    assert pause_after(1, throttled(7), 0.5) == 7.5


@pytest.mark.parametrize("error", [throttled(), throttled(20), Unavailable("gone", service="s3")])
def test_what_passes_is_worth_another_try(error):
    assert is_worth_a_try(error)


@pytest.mark.parametrize(
    "error",
    [
        throttled(20.5),
        Resting("left alone", service="s3"),
        PermissionMissing("no", service="s3"),
        CredentialsRejected("no", service="s3"),
        Misshapen("what", service="s3"),
        ZeroDivisionError(),
    ],
)
def test_what_does_not_pass_is_not(error):
    assert not is_worth_a_try(error)


async def tried_with(limit: Limit, errors: list[Exception], chance: float = 1.0) -> tuple[list[float], object]:
    """When each try took place, and how it ended."""
    times: list[float] = []
    left = iter(errors)

    async def send() -> str:
        times.append(asyncio.get_running_loop().time())
        if error := next(left, None):
            raise error
        return "answer"

    try:
        return times, await retrying(limit, asyncio.sleep, lambda: chance)(send)
    except ProviderError as error:
        return times, error


def test_tries_come_later_and_later_until_one_is_answered():
    times, ended = run_in_virtual_time(tried_with(Limit(attempts=5), [throttled()] * 3))

    # Pauses of 1, 2 and 4 seconds.
    assert (times, ended) == ([0, 1, 3, 7], "answer")


def test_after_the_last_attempt_the_providers_own_error_is_raised():
    errors = [throttled(), throttled(), throttled(3)]

    times, ended = run_in_virtual_time(tried_with(Limit(attempts=3), errors))

    assert len(times) == 3
    assert ended is errors[2]


def test_no_try_begins_after_the_time_in_all():
    limit = Limit(attempts=100, within=timedelta(seconds=10))

    times, ended = run_in_virtual_time(tried_with(limit, [Unavailable("gone", service="s3")] * 100))

    # After 7 s the next pause would be 8.
    assert times == [0, 1, 3, 7]
    assert isinstance(ended, Unavailable)


def test_a_pause_that_is_too_long_is_left_to_the_job_which_is_told_of_it():
    times, ended = run_in_virtual_time(tried_with(Limit(), [throttled(3600)]))

    assert times == [0]
    assert ended.retry_after == timedelta(hours=1)


def test_retry_after_is_waited_for():
    times, ended = run_in_virtual_time(tried_with(Limit(), [throttled(9)], chance=0.0))

    assert (times, ended) == ([0, 9], "answer")
