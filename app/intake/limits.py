"""How much may come to an endpoint, and how much an address may send that is not genuine."""

from datetime import timedelta

from bson import ObjectId
from redis.asyncio import Redis

from app.graphql.budget import FILLS_WITHIN, RedisBuckets
from domain.errors import RateLimited

# Buckets fill by at least a point a second.
AFTER = timedelta(seconds=1)


class IntakeLimits:
    """Points are taken before a request is looked at, and given back where it turns out that they do not count.

    An address pays for what leads nowhere, and for what is refused, to each endpoint apart: whoever has a provider
    send forgeries to an endpoint does not use up what that provider's address may send to others. An endpoint pays for
    what is genuine: forgeries from everywhere do not use up what its provider may send.
    """

    def __init__(self, redis: Redis, *, per_endpoint: int, refused_per_address: int) -> None:
        self._endpoints = _buckets(redis, per_endpoint)
        self._addresses = _buckets(redis, refused_per_address)

    async def admit(self, address: str) -> None:
        """Take a point for a request of which nothing is known. Raises RateLimited."""
        await _take(self._addresses, _stray(address))

    async def admit_to(self, id: ObjectId, address: str) -> None:
        """It leads to an endpoint: that is paid for from here on. Raises RateLimited."""
        self._addresses.give_back(_stray(address), 1)
        await _take(self._addresses, _pair(id, address))
        await _take(self._endpoints, f"intake:{id}")

    def was_genuine(self, id: ObjectId, address: str) -> None:
        """The address does not pay for it."""
        self._addresses.give_back(_pair(id, address), 1)

    def was_refused(self, id: ObjectId) -> None:
        """The endpoint does not pay for it."""
        self._endpoints.give_back(f"intake:{id}", 1)


def _stray(address: str) -> str:
    return f"intake:{address}"


def _pair(id: ObjectId, address: str) -> str:
    return f"intake:{id}:{address}"


async def _take(buckets: RedisBuckets, key: str) -> None:
    if not (await buckets.take(key, 1)).allowed:
        raise RateLimited("Too many requests came in a short time.", retry_after=AFTER)


def _buckets(redis: Redis, per_minute: int) -> RedisBuckets:
    capacity = max(1, int(per_minute * FILLS_WITHIN / timedelta(minutes=1)))
    return RedisBuckets(redis, capacity=capacity, restore_rate=max(1, per_minute // 60))
