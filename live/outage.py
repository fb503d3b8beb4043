"""Waiting out a server that is away: growing jittered pauses, one log line per outage, a count for the metrics."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

T = TypeVar("T")

# What went wrong once: redis_listen_failed, redis_publish_failed, event_log_read_failed or roles_read_failed.
Count = Callable[[str], None]

# Seconds. A dropped connection is usually back at once; two seconds keep a restarted server from being stormed.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

log = structlog.get_logger(__name__)


def count_nothing(_name: str) -> None:
    """The counter of a process without metrics."""


class Outage:
    """The present run of failures of one thing; `name` is what is counted."""

    def __init__(self, name: str, count: Count = count_nothing) -> None:
        self._name = name
        self._count = count
        self._failures = 0

    def failed(self, error: Exception) -> float:
        """Note one more failure and return the seconds to wait before the next attempt."""
        self._count(self._name)
        if self._failures == 0:
            log.warning("outage_began", what=self._name, error=str(error), error_type=type(error).__name__)
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 10))
        self._failures += 1
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads retries, keeps no secret

    def ended(self) -> None:
        """Note a success."""
        if self._failures:
            log.info("outage_ended", what=self._name, failures=self._failures)
        self._failures = 0


async def persist(act: Callable[[], Awaitable[T]], outage: Outage) -> T:
    """Do `act` until it succeeds. Raises nothing but cancellation.

    Every exception counts as the server being away: a listener that dies of an unforeseen one would leave its
    subscribers waiting for ever without a word.
    """
    while True:
        try:
            result = await act()
        except Exception as error:  # noqa: BLE001 - see above
            heed_cancellation()
            await asyncio.sleep(outage.failed(error))
        else:
            heed_cancellation()
            outage.ended()
            return result


def heed_cancellation() -> None:
    """Raise CancelledError if the current task was cancelled and went on all the same.

    Before Python 3.12 `asyncio.wait_for`, by which redis-py writes, swallows a cancellation that arrives just when
    its work is done (https://github.com/python/cpython/issues/86296). A loop around it would never end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
