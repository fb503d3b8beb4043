"""Keeps answers in Redis until the organizations they are about change. Without Redis every answer is computed."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any, TypeVar, cast

import structlog
from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app import metrics
from app.shared_read import SharedRead
from documents.event import log_ends
from domain.facts.scope import Scope

log = structlog.get_logger(__name__)
T = TypeVar("T")

# An entry that a newer event has put out of reach goes by itself after this long.
KEPT_FOR = timedelta(minutes=5)
# A bigger answer costs more to fetch and to decode than it saves.
MOST_BYTES = 1 << 20
# What a process remembers by itself: at most so many answers of so many bytes.
MOST_RECENT = 256
SMALL = 4096
ANSWER_WITHIN = timedelta(milliseconds=250)
# After a failure Redis is left alone this long, so that a dead one does not slow every request down.
ASK_AGAIN_AFTER = timedelta(seconds=1)
_VERSION = version("cloudwatcher")


class RedisResults:
    """Answers by question, organizations and the ends of their event logs (epoch and last seq).

    Why a kept answer is never stale: whatever changes an answer is announced in the log by the very transaction that
    changes it. The ends are read before the answer is computed, majority-committed, so everything up to them is seen
    by the computation. An answer under (…, seq) thus knows at least of all events up to seq. It may know of a newer
    change as well, when one commits while it is computed: whoever asks then still reads what was true while they
    asked, and whoever asks after that change finds a newer seq, hence another key. The other order, first the answer
    and then the ends, would file an old answer under a new seq for everybody to find. Ends that are not yet
    majority-committed could be lost with a primary and name two histories; those read here cannot. A restore gives the
    log another epoch. Nothing is ever deleted: an old seq is not asked for again, and its entries expire.

    Equal questions at one time are computed once in a process, and their ends read once. Answers of at most `small`
    bytes stay in the process too, the newest of them, under the same keys.
    """

    def __init__(self, redis: Redis, *, kept_for: timedelta = KEPT_FOR, small: int = SMALL) -> None:
        self._redis = redis
        self._kept_for = kept_for
        self._small = small
        self._ask_again_at = 0.0
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._recent: dict[str, tuple[float, Any]] = {}
        self._ends: SharedRead[Scope, list[tuple[str, str, int]]] = SharedRead(log_ends)

    async def get_or_compute(
        self, question: object, scope: Scope, encoded: TypeAdapter[T], compute: Callable[[], Awaitable[T]]
    ) -> T:
        """The answer to `question` about the organizations in scope as they are now. Raises what `compute` raises."""
        key = _key(question, scope, await self._ends.value(scope))
        until, recent = self._recent.get(key, (0.0, None))
        if time.monotonic() < until:
            metrics.RESULTS.labels("kept").inc()
            return cast("T", recent)
        task: asyncio.Task[T] | None = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._answer(key, encoded, compute))
            self._under_way[key] = task
            task.add_done_callback(partial(self._ended, key))
        # One who leaves must not take the answer from the others who wait for it.
        return await asyncio.shield(task)

    async def _answer(self, key: str, encoded: TypeAdapter[T], compute: Callable[[], Awaitable[T]]) -> T:
        kept = await self._asked(lambda: self._redis.get(key))
        if kept is not None:
            try:
                found = encoded.validate_json(kept)
            except ValidationError:
                log.warning("result.unreadable", key=key)
            else:
                metrics.RESULTS.labels("kept").inc()
                return self._remembered(key, kept, found)
        answer = await compute()
        metrics.RESULTS.labels("computed").inc()
        body = encoded.dump_json(answer)
        if len(body) <= MOST_BYTES:
            await self._asked(lambda: self._redis.set(key, body, px=self._kept_for))
        return self._remembered(key, body, answer)

    def _remembered(self, key: str, body: bytes, answer: T) -> T:
        if len(body) <= self._small:
            self._recent[key] = (time.monotonic() + self._kept_for.total_seconds(), answer)
            if len(self._recent) > MOST_RECENT:
                del self._recent[next(iter(self._recent))]
        return answer

    def _ended(self, key: str, task: "asyncio.Task[Any]") -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # all who waited may have left: then nobody else asks how it ended

    async def _asked(self, request: Callable[[], Awaitable[Any]]) -> Any:
        """What Redis says, None when it does not say anything soon."""
        if time.monotonic() < self._ask_again_at:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await request()
        except (RedisError, OSError, TimeoutError) as error:
            self._ask_again_at = time.monotonic() + ASK_AGAIN_AFTER.total_seconds()
            log.warning("result.unavailable", error=type(error).__name__)
            return None


def _key(question: object, scope: Scope, ends: list[tuple[str, str, int]]) -> str:
    # The version, because another one may compute or encode otherwise. Organizations without a log count too.
    parts = repr((_VERSION, question, sorted(scope.org_ids), ends))
    return f"result:{hashlib.sha256(parts.encode()).hexdigest()}"
