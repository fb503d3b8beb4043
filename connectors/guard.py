"""What every outside call passes through: breaker, rate limit, places, time limit, retries, trace, sample of health.

What the parts do stands in `connectors.guarding`, how they are set in `connectors.limits`.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from redis.asyncio import Redis

from connectors.guarding import telemetry
from connectors.guarding.arithmetic import Entry
from connectors.guarding.gate import Gate
from connectors.guarding.patience import Sleep, retrying
from connectors.guarding.samples import GuardReport, OnBreaker, Samples
from connectors.guarding.telemetry import outcome_of
from connectors.guarding.watch import Call, Watch
from connectors.limits import PLAIN, Limit, limit_of
from domain.errors import ProviderError, Unavailable
from domain.facts.provider import Provider

T = TypeVar("T")
# error, service, operation -> what it means for the customer; None when it is no answer of the provider but a bug.
Translate = Callable[[Exception, str, str], ProviderError | None]
# What one reading of an account does at once, over all services: connections are not free on either side.
AT_ONCE = 16


class Guard:
    """For the calls of one account.

    Made by hand, it has places, a time limit for a call, and the translation of errors, and tries nothing again: for
    connections that are no reading of an account. `Guards` makes those with everything.
    """

    def __init__(
        self, *, concurrency: int, time_limit: timedelta, translate: Translate, watch: Watch | None = None
    ) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._plain = replace(PLAIN, timeout=time_limit, concurrency=concurrency)
        self._translate = translate
        self._watch = watch
        self._provider = watch.provider if watch else None
        self._families: dict[str, asyncio.Semaphore] = {}

    async def call(
        self, service: str, operation: str, send: Callable[[], Awaitable[T]], *, region: str | None = None
    ) -> T:
        """What `send` returns; it is called anew at each try. `region` where the provider's limits are by region.

        Raises ProviderError when the provider refuses, fails or does not answer in time; Throttled and Unavailable say
        when to come again, where that is known. Time spent waiting for a place counts for no limit.
        """
        watch = self._watch
        call = watch.call(service, operation, region) if watch else Call(service, operation, self._plain, service)
        tries = 0

        async def once() -> T:
            nonlocal tries
            tries += 1
            return await self._once(call, send)

        with telemetry.spanned(self._provider, service, operation) as span:
            try:
                async with self._of_family(call):
                    if watch is None:
                        return await once()
                    answer: T = await retrying(call.limit, watch.sleep, watch.chance)(once)
                    return answer
            finally:
                span.set_attribute("cloudwatcher.attempts", tries)
                if tries > 1:
                    telemetry.RETRIES.labels(telemetry.name_of(self._provider), service).inc(tries - 1)

    def _of_family(self, call: Call) -> asyncio.Semaphore:
        if call.family not in self._families:
            self._families[call.family] = asyncio.Semaphore(call.limit.concurrency)
        return self._families[call.family]

    async def _once(self, call: Call, send: Callable[[], Awaitable[T]]) -> T:
        entry = await self._watch.let_in(call) if self._watch else None
        async with self._places:
            started = time.perf_counter()
            try:
                async with asyncio.timeout(call.limit.timeout.total_seconds()):
                    answer = await send()
            except Exception as raised:  # each is counted, and raised again with its meaning
                error = self._meaning(raised, call)
                await self._learn(call, entry, error, time.perf_counter() - started)
                if error is raised:
                    raise
                raise error from raised
        await self._learn(call, entry, None, time.perf_counter() - started)
        return answer

    def _meaning(self, error: Exception, call: Call) -> Exception:
        """The error in the customer's terms; itself when it is a bug."""
        if isinstance(error, TimeoutError):
            seconds = call.limit.timeout.total_seconds()
            message = f"{call.service} did not answer {call.operation} within {seconds:g} seconds."
            return Unavailable(message, service=call.service)
        return self._translate(error, call.service, call.operation) or error

    async def _learn(self, call: Call, entry: Entry | None, error: Exception | None, seconds: float) -> None:
        name = telemetry.name_of(self._provider)
        telemetry.TRIES.labels(name, call.service, outcome_of(error).value).inc()
        telemetry.SECONDS.labels(name).observe(seconds)
        if self._watch and entry:
            await self._watch.learn(call, entry, error, seconds)


class AccountGuard:
    """Makes the guard of one reading of an account, and reports what it saw."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __call__(self, translate: Translate) -> Guard:
        """The vendor hands in the meaning of its errors."""
        return Guard(concurrency=AT_ONCE, time_limit=PLAIN.timeout, translate=translate, watch=self._watch)

    def report(self) -> GuardReport:
        """What was seen so far."""
        return self._watch.samples.report()


class Guards:
    """Makes the guard of each account that is read. One for each process; without Redis it shares nothing.

    `sleep`, `now`, `chance` and `limits` are for tests.
    """

    def __init__(
        self,
        redis: Redis | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        limits: Callable[[Provider | None, str], Limit] = limit_of,
    ) -> None:
        self._gate = Gate(redis, _loop_time)
        self._sleep, self._now, self._chance, self._limits = sleep, now, chance, limits

    def of(
        self,
        provider: Provider | None,
        account: str,
        *,
        on_breaker: OnBreaker | None = None,
        limit: Limit | None = None,
    ) -> AccountGuard:
        """For the account of this key, which is no secret. `on_breaker` hears of breakers that open or close.

        `limit` takes the place of what the table says.
        """
        watch = Watch(
            provider=provider,
            account=account,
            gate=self._gate,
            samples=Samples(self._now, on_breaker),
            limits=self._limits if limit is None else lambda _, __: limit,
            sleep=self._sleep,
            chance=self._chance,
        )
        return AccountGuard(watch)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


async def together(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results, in order. The first failure cancels the others and is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
