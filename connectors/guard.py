"""What every outside call passes through: a place among few, a time limit, and one translation of errors.

Retries are left to the vendor's own library, which knows its errors.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from domain.errors import ProviderError, Unavailable
from domain.facts.provider import Provider

T = TypeVar("T")
# error, service, operation -> what it means for the customer; None when it is no answer of the provider but a bug.
Translate = Callable[[Exception, str, str], ProviderError | None]


class Guard:
    """For the calls of one account. `time_limit` counts one call with the library's own retries."""

    def __init__(self, *, concurrency: int, time_limit: timedelta, translate: Translate) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._time_limit = time_limit
        self._translate = translate

    async def call(self, service: str, operation: str, send: Callable[[], Awaitable[T]]) -> T:
        """What `send` returns. Raises ProviderError when the provider refuses, fails or does not answer in time."""
        async with self._places:
            try:
                async with asyncio.timeout(self._time_limit.total_seconds()):
                    return await send()
            except TimeoutError as error:
                seconds = self._time_limit.total_seconds()
                message = f"{service} did not answer {operation} within {seconds:g} seconds."
                raise Unavailable(message, service=service) from error
            except Exception as error:
                translated = self._translate(error, service, operation)
                if translated is None:
                    raise
                raise translated from error


class Guards:
    """Makes the guard of each account that is read. One for each process."""

    concurrency = 8
    # One call with its retries.
    time_limit = timedelta(seconds=105)

    def of(self, provider: Provider, account: str) -> Callable[[Translate], Guard]:
        """For the account of this key; the vendor hands in the meaning of its errors."""
        return lambda translate: Guard(concurrency=self.concurrency, time_limit=self.time_limit, translate=translate)


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results, in order. The first failure cancels the others and is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
