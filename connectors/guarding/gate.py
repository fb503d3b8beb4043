"""Whether a call may go now: bucket and breaker of one service in one account, shared by all processes through Redis.

While Redis is away each process keeps both by itself: a limit that is held less well is better than no reading.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.guarding import telemetry
from connectors.guarding.arithmetic import Breaker, Bucket, Entry, Turn, Verdict, enter
from connectors.limits import Limit

log = structlog.get_logger(__name__)

# Redis answers in well under a millisecond; one that takes this long is as good as down.
ANSWER_WITHIN = timedelta(milliseconds=250)
# After a failure Redis is not asked for this long, so that a dead one does not slow every call down.
ASK_AGAIN_AFTER = timedelta(seconds=1)
# A call whose token comes later than this gives up its place: somebody else may need the worker.
LONGEST_WAIT = timedelta(seconds=30)
# Failures that are this old say nothing about now; an open breaker outlives a night without syncs.
FAILURES_KEPT, OPEN_KEPT = timedelta(minutes=10), timedelta(days=2)
# A provider that asks for more than this is asked again all the same: nobody waits for a wrong header.
LONGEST_DRAIN = timedelta(hours=24)

BUCKET, BREAKER = "guard:bucket:", "guard:breaker:"

_NOW = "local clock = redis.call('TIME')\nlocal now = clock[1] + clock[2] / 1000000\n"
# `arithmetic.enter` for all processes, by the clock of Redis.
_ENTER = f"""{_NOW}
local interval, fills_within, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local pause, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
local kept = redis.call('HMGET', KEYS[2], 'failures', 'since', 'opened_at', 'probe_until')
local failures, opened_at = tonumber(kept[1]) or 0, tonumber(kept[3])
local age = string.format('%.6f', now - (tonumber(kept[2]) or now))
if opened_at then
  local next_try = math.max(opened_at + pause, tonumber(kept[4]) or 0)
  if now < next_try then return {{'resting', string.format('%.6f', next_try - now), failures, age}} end
end
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = math.max(0, full_at - fills_within - now)
local shown = string.format('%.6f', wait)
if wait > longest then return {{'full', shown, failures, age}} end
if interval > 0 then
  local after = full_at + interval
  redis.call('SET', KEYS[1], string.format('%.6f', after), 'PX', math.ceil((after - now) * 1000) + 1000)
end
if not opened_at then return {{'go', shown, failures, age}} end
redis.call('HSET', KEYS[2], 'probe_until', string.format('%.6f', now + wait + lease))
return {{'probe', shown, failures, age}}
"""
_SETTLE = f"""{_NOW}
local threshold, is_probe, is_failure = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3] == '1'
local is_open = redis.call('HEXISTS', KEYS[1], 'opened_at') == 1
if is_open and not is_probe then return 'none' end
if not is_failure then
  redis.call('DEL', KEYS[1])
  return is_open and 'closed' or 'none'
end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
if not is_open and failures < threshold then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
  return 'none'
end
local shown = string.format('%.6f', now)
redis.call('HSETNX', KEYS[1], 'since', shown)
redis.call('HSET', KEYS[1], 'opened_at', shown, 'probe_until', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 'opened'
"""
_DRAIN = f"""{_NOW}
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now + tonumber(ARGV[1]) + tonumber(ARGV[2]))
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000) + 1000)
return 1
"""


class Gate:
    """One per process. `breaker` and `bucket` name provider, account and service; `bucket` also the
    region where limits are by region.

    `clock` in seconds counts for this process alone, while Redis is away.
    """

    def __init__(self, redis: Redis | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Some hundred bytes for each service of each account this process has read.
        self._buckets: defaultdict[str, Bucket] = defaultdict(Bucket)
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._ask_again_at = 0.0 if redis is not None else float("inf")
        if redis is not None:
            self._enter, self._settle, self._drain = (
                redis.register_script(script) for script in (_ENTER, _SETTLE, _DRAIN)
            )

    async def enter(self, bucket: str, breaker: str, limit: Limit) -> Entry:
        """Whether and when the call may go; a token is taken then."""
        longest = LONGEST_WAIT.total_seconds()
        if self._asks_redis:
            periods = (limit.pause.total_seconds(), limit.timeout.total_seconds())
            shown = [limit.interval, limit.fills_within, longest, *periods]
            answer = await self._ask(
                self._enter, [f"{BUCKET}{bucket}", f"{BREAKER}{breaker}"], [f"{number:.6f}" for number in shown]
            )
            if answer is not None:
                verdict, seconds, failures, age = answer
                return Entry(Verdict(_text(verdict)), float(seconds), int(failures), float(age))
        telemetry.UNSHARED.inc()
        return enter(self._buckets[bucket], self._breakers[breaker], self._clock(), limit, longest)

    async def settle(self, breaker: str, limit: Limit, *, is_probe: bool, is_failure: bool) -> Turn:
        """Tell how a call ended; what that did to the breaker."""
        if self._asks_redis:
            kept = [int(period.total_seconds() * 1000) for period in (FAILURES_KEPT, OPEN_KEPT)]
            told = [limit.failures, int(is_probe), int(is_failure), *kept]
            answer = await self._ask(self._settle, [f"{BREAKER}{breaker}"], told)
            if answer is not None:
                return Turn(_text(answer))
        return self._breakers[breaker].settle(self._clock(), limit, is_probe=is_probe, is_failure=is_failure)

    async def drain(self, bucket: str, limit: Limit, pause: timedelta) -> None:
        """The provider asks for a pause: let all processes keep to it."""
        seconds = min(pause, LONGEST_DRAIN).total_seconds()
        if self._asks_redis:
            told = [f"{limit.fills_within:.6f}", f"{seconds:.6f}"]
            if await self._ask(self._drain, [f"{BUCKET}{bucket}"], told) is not None:
                return
        self._buckets[bucket].drain(self._clock(), limit, seconds)

    @property
    def _asks_redis(self) -> bool:
        return self._clock() >= self._ask_again_at

    async def _ask(self, script: Callable[..., Any], keys: list[str], told: list[Any]) -> Any:
        """None when Redis does not answer."""
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                return await script(keys=keys, args=told)
        except (RedisError, OSError, TimeoutError) as error:
            if self._asks_redis:  # Of the calls that fail together one tells.
                log.warning("guard.counts_alone", error=type(error).__name__)
            self._ask_again_at = self._clock() + ASK_AGAIN_AFTER.total_seconds()
            return None


def _text(answer: Any) -> str:
    return answer.decode() if isinstance(answer, bytes) else str(answer)
