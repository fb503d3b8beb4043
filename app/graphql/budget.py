"""How much a principal may still ask for: a leaky bucket in Redis, shared by all processes."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app import metrics

log = structlog.get_logger(__name__)

# A bucket holds what fills it in this time: at the default pace of users that is four of the dearest operations at one
# go, then one each five seconds. A dashboard of many panels opens at once, a crawler is slowed to a steady pace.
FILLS_WITHIN = timedelta(seconds=20)

# Redis answers in well under a millisecond; one that takes this long is as good as down.
ANSWER_WITHIN = timedelta(milliseconds=250)
# After a failure the bucket is not asked for this long, so that a dead Redis does not slow every request down.
ASK_AGAIN_AFTER = timedelta(seconds=1)

# Points a busy principal's process takes ahead, or those of twenty operations like the last one, so that Redis is asked
# once for many. They are given back with the next question; nobody misses them for longer than LEASE_FOR.
AHEAD = 500
LEASE_FOR = timedelta(seconds=1)
MOST_LEASES = 10_000

# Takes the cost when the bucket holds it, then up to `ahead` more as long as that leaves it half full.
_TAKE = """
local capacity, rate, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local returned, ahead = tonumber(ARGV[4]), tonumber(ARGV[5])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or capacity, tonumber(kept[2]) or now
level = math.min(capacity, level + returned + math.max(0, now - at) * rate / 1000)
local allowed = 0
local lease = 0
if level >= cost then
  level = level - cost
  allowed = 1
  if level - ahead >= capacity / 2 then
    lease = ahead
    level = level - ahead
  end
end
redis.call('HSET', KEYS[1], 'level', level, 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity / rate * 1000) + 1000)
return {allowed, math.floor(level), lease}
"""


@dataclass(frozen=True, slots=True)
class Available:
    """The bucket after a take. `points` is None when it could not be asked; `restore_rate` is points a second."""

    allowed: bool
    points: int | None
    restore_rate: int


class CostBudget(Protocol):
    async def take(self, principal: str, cost: int, address: str) -> Available:
        """Takes `cost` points from what the principal and all of the address have, if there are as many; else none.

        Both are keys; who is not signed in has that of the address as principal.
        """
        ...


class Unlimited:
    """No bucket: everything is allowed."""

    async def take(self, principal: str, cost: int, address: str) -> Available:
        return Available(allowed=True, points=None, restore_rate=0)


@dataclass(slots=True)
class _Lease:
    """Points taken ahead: how many are left, what the bucket held beside them, and until when they may be spent."""

    points: int
    level: int
    until: float


class RedisBuckets:
    """A bucket of `capacity` points per key that fills by `restore_rate` points a second.

    Without Redis everything is allowed and counted in a metric: a lost limit is better than a lost service.
    """

    def __init__(self, redis: Redis, *, capacity: int, restore_rate: int) -> None:
        self._take = redis.register_script(_TAKE)
        self._capacity = capacity
        self._restore_rate = restore_rate
        self._ask_again_at = 0.0
        self._leases: OrderedDict[str, _Lease] = OrderedDict()

    async def take(self, principal: str, cost: int) -> Available:
        now = time.monotonic()
        lease = self._leases.get(principal)
        if lease is not None and lease.points >= cost and now < lease.until:
            lease.points -= cost
            return self._available(True, lease)
        if now < self._ask_again_at:
            return self._open()
        return await self._ask(principal, cost, self._leases.pop(principal, None))

    def give_back(self, principal: str, cost: int) -> None:
        """Returns points that were taken a moment ago for something that did not take place."""
        if lease := self._leases.get(principal):
            lease.points += cost

    async def _ask(self, principal: str, cost: int, ended: _Lease | None) -> Available:
        """Who came a moment ago is likely to come again, and gets points ahead."""
        returned, ahead = (ended.points, min(max(AHEAD, 20 * cost), self._capacity // 4)) if ended else (0, 0)
        try:
            async with asyncio.timeout(ANSWER_WITHIN.total_seconds()):
                allowed, level, points = await self._take(
                    keys=[f"cost:{principal}"], args=[self._capacity, self._restore_rate, cost, returned, ahead]
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._ask_again_at = time.monotonic() + ASK_AGAIN_AFTER.total_seconds()
            log.warning("cost_budget.unavailable", error=type(error).__name__)
            return self._open()
        return self._available(bool(allowed), self._keep(principal, _Lease(points, level, _lease_end())))

    def _keep(self, principal: str, lease: _Lease) -> _Lease:
        # Two questions at once: the points of the one answered first are added, not forgotten.
        if other := self._leases.pop(principal, None):
            lease.points += other.points
        self._leases[principal] = lease
        if len(self._leases) > MOST_LEASES:
            self._leases.popitem(last=False)
        return lease

    def _available(self, allowed: bool, lease: _Lease) -> Available:
        return Available(allowed=allowed, points=lease.level + lease.points, restore_rate=self._restore_rate)

    def _open(self) -> Available:
        metrics.COST_BUDGET_UNAVAILABLE.inc()
        return Available(allowed=True, points=None, restore_rate=self._restore_rate)


class RedisCostBudget:
    """Three kinds of buckets: of each user, of each address for those not signed in, and a wide one for all its users.

    Paces are in points a minute. The wide one bounds what somebody with many accounts can do from one address.
    """

    def __init__(self, redis: Redis, *, per_user: int, signed_out: int, per_address: int) -> None:
        self._users = _filled_at(redis, per_user)
        self._signed_out = _filled_at(redis, signed_out)
        self._addresses = _filled_at(redis, per_address)

    async def take(self, principal: str, cost: int, address: str) -> Available:
        if principal == address:
            return await self._signed_out.take(f"{address}:signed-out", cost)
        shared = await self._addresses.take(address, cost)
        if not shared.allowed:
            return shared
        own = await self._users.take(principal, cost)
        if not own.allowed:
            self._addresses.give_back(address, cost)
        return own


def _filled_at(redis: Redis, per_minute: int) -> RedisBuckets:
    capacity = int(per_minute * FILLS_WITHIN / timedelta(minutes=1))
    return RedisBuckets(redis, capacity=capacity, restore_rate=max(1, per_minute // 60))


def _lease_end() -> float:
    return time.monotonic() + LEASE_FOR.total_seconds()
