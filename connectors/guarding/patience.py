"""When a call is tried again: after throttling and outages only, later each time, and never for long."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

from tenacity import AsyncRetrying, RetryCallState

from connectors.limits import Limit
from domain.errors import ProviderError, Throttled, Unavailable

# Full jitter: any time up to one that doubles with each try. It spreads those who were refused together better than
# a fixed pause with a little noise. Source: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
FIRST_PAUSE = timedelta(seconds=1)
# A provider that asks for more is taken at its word by the job: the call ends, and says when to come again.
LONGEST_PAUSE = timedelta(seconds=20)

Sleep = Callable[[float], Awaitable[None]]


class Resting(Unavailable):
    """Not sent: the breaker of the service is open until `retry_after` is over."""


def pause_after(tries: int, error: BaseException | None, chance: float) -> float:
    """Seconds until the next try; `chance` from 0 to 1. Retry-After is kept to, and jitter comes on top of it."""
    most: float = min(FIRST_PAUSE.total_seconds() * 2.0 ** min(tries - 1, 30), LONGEST_PAUSE.total_seconds())
    asked = error.retry_after if isinstance(error, ProviderError) else None
    return chance * most + (asked.total_seconds() if asked else 0.0)


def is_worth_a_try(error: BaseException) -> bool:
    """Throttled and Unavailable, unless the breaker said it or the provider wants a longer pause than calls make."""
    if not isinstance(error, Throttled | Unavailable) or isinstance(error, Resting):
        return False
    return error.retry_after is None or error.retry_after <= LONGEST_PAUSE


def retrying(limit: Limit, sleep: Sleep, chance: Callable[[], float] = random.random) -> AsyncRetrying:
    """Tries up to the limit's attempts, none of them later than its time in all. The last error is raised as it is."""
    started = asyncio.get_running_loop().time()

    def pause(state: RetryCallState) -> float:
        return pause_after(state.attempt_number, _error(state), chance())

    def is_enough(state: RetryCallState) -> bool:
        next_try = asyncio.get_running_loop().time() - started + state.upcoming_sleep
        return state.attempt_number >= limit.attempts or next_try >= limit.within.total_seconds()

    def is_passing(state: RetryCallState) -> bool:
        error = _error(state)
        return error is not None and is_worth_a_try(error)

    return AsyncRetrying(sleep=sleep, wait=pause, stop=is_enough, retry=is_passing, reraise=True)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
