"""Slows guessing down: attempts count by account and by address, and failures are followed by growing pauses.

What is refused does not count, and a pause ends after fifteen minutes: nobody is locked out for good.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.errors import Invalid, RateLimited

log = structlog.get_logger(__name__)

LONGEST_PAUSE = timedelta(minutes=15)
# Redis answers in well under a millisecond; one that takes this long is as good as down.
ANSWER_WITHIN = timedelta(milliseconds=250)
# After a failure Redis is not asked for this long; this process counts alone meanwhile.
ASK_AGAIN_AFTER = timedelta(seconds=1)
# How long an address stays known for an account that has signed in from it.
KNOWN_FOR = timedelta(days=30)
MOST_LOCAL = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` attempts bring no pause; those after them 1, 2, 4 … seconds. Forgotten when none failed for so long."""

    free: int
    forgotten_after: timedelta


# People mistype a few times; a whole office may share one address.
ACCOUNT = Limit(free=3, forgotten_after=timedelta(days=1))
ADDRESS = Limit(free=30, forgotten_after=timedelta(hours=1))

# KEYS: account, account from this address, address, the mark that the address is known for the account.
# ARGV: longest pause, then free and forgotten_after of account and address; all times in milliseconds.
_ADMIT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local own = redis.call('EXISTS', KEYS[4]) == 1 and KEYS[2] or KEYS[1]
local counts = {{own, tonumber(ARGV[2]), ARGV[3]}, {KEYS[3], tonumber(ARGV[4]), ARGV[5]}}
local wait = 0
for _, count in ipairs(counts) do
  wait = math.max(wait, (tonumber(redis.call('HGET', count[1], 'until')) or 0) - now)
end
if wait > 0 then return wait end
for _, count in ipairs(counts) do
  local failures = redis.call('HINCRBY', count[1], 'failures', 1)
  if failures >= count[2] then
    local pause = math.min(tonumber(ARGV[1]), 1000 * 2 ^ math.min(failures - count[2], 20))
    redis.call('HSET', count[1], 'until', string.format('%.0f', now + pause))
  end
  redis.call('PEXPIRE', count[1], count[3])
end
return 0
"""
# The same KEYS. ARGV: 1 for a success, 0 for an attempt that was not judged; how long the address stays known.
_GIVE_BACK = """
local own = redis.call('EXISTS', KEYS[4]) == 1 and KEYS[2] or KEYS[1]
if ARGV[1] == '1' then redis.call('DEL', KEYS[1], KEYS[2]) end
for _, key in ipairs({own, KEYS[3]}) do
  if redis.call('EXISTS', key) == 1 then
    redis.call('HDEL', key, 'until')
    if redis.call('HINCRBY', key, 'failures', -1) <= 0 then redis.call('DEL', key) end
  end
end
if ARGV[1] == '1' then redis.call('SET', KEYS[4], 1, 'PX', ARGV[2]) end
return 0
"""


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def pause_after(failures: int, limit: Limit) -> timedelta:
    """How long nobody may try after so many failures in a row."""
    if failures < limit.free:
        return timedelta(0)
    return min(LONGEST_PAUSE, timedelta(seconds=2 ** min(failures - limit.free, 20)))


@dataclass(slots=True)
class _Count:
    failures: int = 0
    until: float = 0.0
    forgotten_at: float = 0.0


class _LocalCounts:
    """The counts of this process alone, for while Redis is away. Addresses are not known here."""

    def __init__(self, clock: Callable[[], float], limits: tuple[Limit, Limit]) -> None:
        self._clock = clock
        self._limits = limits
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def admit(self, account: str, address: str) -> timedelta:
        now = self._clock()
        counts = list(zip((self._count(account, now), self._count(address, now)), self._limits, strict=True))
        wait = max(count.until - now for count, _ in counts)
        if wait > 0:
            return timedelta(seconds=wait)
        for count, limit in counts:
            count.failures += 1
            if pause := pause_after(count.failures, limit):
                count.until = now + pause.total_seconds()
            count.forgotten_at = now + limit.forgotten_after.total_seconds()
        return timedelta(0)

    def give_back(self, account: str, address: str, *, is_success: bool) -> None:
        if is_success:
            self._counts.pop(account, None)
        for key in (account, address):
            count = self._count(key, self._clock())
            count.failures, count.until = max(0, count.failures - 1), 0.0

    def _count(self, key: str, now: float) -> _Count:
        count = self._counts.pop(key, None)
        if count is None or count.forgotten_at <= now:
            count = _Count()
        self._counts[key] = count
        if len(self._counts) > MOST_LOCAL:
            self._counts.popitem(last=False)
        return count


class Throttle:
    """`key` hides accounts and addresses from whoever reads Redis; `free` attempts of an address bring no pause.

    One per process; `clock` in seconds.
    """

    def __init__(
        self, redis: Redis, key: bytes, clock: Callable[[], float] = time.monotonic, *, free: int = ADDRESS.free
    ) -> None:
        self._admit = redis.register_script(_ADMIT)
        self._give_back = redis.register_script(_GIVE_BACK)
        self._key = key
        self._clock = clock
        self._limits = (ACCOUNT, replace(ADDRESS, free=free))
        self._local = _LocalCounts(clock, self._limits)
        self._ask_again_at = 0.0

    async def admit(self, account: str, address: str) -> None:
        """Count an attempt, failed until `succeeded` is called, so that many at once gain nothing.

        From an address the owner has signed in from, it has a count of its own, which strangers do not raise.
        Raises RateLimited, with how long to wait.
        `account` is any name of what is tried, whether it exists or not; put what it is for in front.
        """
        keys = self._keys(account, address)
        limits = [number for limit in self._limits for number in (limit.free, _ms(limit.forgotten_after))]
        asked = await self._ask(self._admit, keys, [_ms(LONGEST_PAUSE), *limits])
        wait = self._local.admit(keys[0], keys[2]) if asked is None else timedelta(milliseconds=asked)
        if wait:
            raise RateLimited("Too many attempts. Wait a little and try again.", retry_after=wait)

    async def succeeded(self, account: str, address: str) -> None:
        """The attempt was the true owner's: the account's count ends, the address's is as it was before."""
        await self._end(account, address, is_success=True)

    @asynccontextmanager
    async def attempt(self, account: str, address: str) -> AsyncIterator[None]:
        """Within, what is tried is judged: raise Invalid when it is wrong, and leave without an error when it is right.

        Any other error means that nothing was judged, and the attempt does not count. Raises like `admit`.
        """
        await self.admit(account, address)
        try:
            yield
        except Invalid:
            raise
        except BaseException:
            await self._end(account, address, is_success=False)
            raise
        await self.succeeded(account, address)

    async def _end(self, account: str, address: str, *, is_success: bool) -> None:
        keys = self._keys(account, address)
        if await self._ask(self._give_back, keys, [int(is_success), _ms(KNOWN_FOR)]) is None:
            self._local.give_back(keys[0], keys[2], is_success=is_success)

    def _keys(self, account: str, address: str) -> list[str]:
        network = network_of(address)
        names = [f"account {account}", f"pair {account} {network}", f"address {network}", f"known {account} {network}"]
        return [f"throttle:{hmac.digest(self._key, name.encode(), hashlib.sha256).hex()[:32]}" for name in names]

    async def _ask(self, script: Callable[..., object], keys: list[str], args: list[int]) -> int | None:
        """None when Redis does not answer."""
        if self._clock() < self._ask_again_at:
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                answer: int = await script(keys=keys, args=args)  # type: ignore[misc]
        except (RedisError, OSError, TimeoutError) as error:
            self._ask_again_at = self._clock() + ASK_AGAIN_AFTER.total_seconds()
            log.warning("throttle.counts_alone", error=type(error).__name__)
            return None
        return answer


def network_of(address: str) -> str:
    """The address itself; of IPv6 its /64, because that is the least a customer of a provider is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
