"""How much may come to an endpoint, and how much an address may send that is not genuine."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

from bson import ObjectId
from redis.asyncio import Redis

from app.graphql.budget import FILLS_WITHIN, RedisBuckets
from domain.errors import RateLimited

# Buckets fill by at least a point a second.
AFTER = timedelta(seconds=1)
MOST_ADDRESSES = 10_000


class RefusedBuckets:
    """A bucket for each who sends what is refused, in this process alone: a flood must not cost calls to Redis.

    `per_minute` is how fast a bucket fills; `clock` in seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = per_minute * FILLS_WITHIN / timedelta(minutes=1)
        self._per_second = per_minute / 60
        self._clock = clock
        # Those who were refused something, and how much they had left then; the one refused longest ago goes first.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Raises RateLimited when the bucket is empty."""
        if self._points(key) < 1:
            raise _limited()

    def pay(self, key: str) -> None:
        """Take a point. Raises RateLimited when there is none."""
        points = self._points(key)
        if points < 1:
            raise _limited()
        self._left[key] = (points - 1, self._clock())
        self._left.move_to_end(key)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)

    def _points(self, key: str) -> float:
        left, at = self._left.get(key, (self._capacity, 0.0))
        return min(self._capacity, left + (self._clock() - at) * self._per_second)


class IntakeLimits:
    """An address pays for what leads nowhere, and for what is refused, to each endpoint apart: whoever has a provider
    send forgeries to an endpoint does not use up what that provider's address may send to others.

    An endpoint pays for what is genuine: forgeries from everywhere do not use up what its provider may send.
    """

    def __init__(self, redis: Redis, *, per_endpoint: int, refused_per_address: int) -> None:
        capacity = max(1, int(per_endpoint * FILLS_WITHIN / timedelta(minutes=1)))
        self._endpoints = RedisBuckets(redis, capacity=capacity, restore_rate=max(1, per_endpoint // 60))
        self._refused = RefusedBuckets(refused_per_address)

    def admit(self, address: str) -> None:
        """Raises RateLimited where too much came from that led nowhere."""
        self._refused.check(address)

    def was_lost(self, address: str) -> None:
        """It led nowhere. Raises RateLimited, which is then the answer."""
        self._refused.pay(address)

    async def admit_to(self, id: ObjectId, address: str) -> None:
        """Raises RateLimited where too much came from that this endpoint refused, or too much to it."""
        self._refused.check(_pair(id, address))
        if not (await self._endpoints.take(_endpoint(id), 1)).allowed:
            raise _limited()

    def was_refused(self, id: ObjectId, address: str) -> None:
        """It was not genuine. Raises RateLimited, which is then the answer."""
        self._endpoints.give_back(_endpoint(id), 1)
        self._refused.pay(_pair(id, address))


def _limited() -> RateLimited:
    return RateLimited("Too many requests came in a short time.", retry_after=AFTER)


def _endpoint(id: ObjectId) -> str:
    return f"intake:{id}"


def _pair(id: ObjectId, address: str) -> str:
    return f"{id} {address}"
