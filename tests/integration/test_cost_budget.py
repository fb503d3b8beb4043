"""The cost bucket on a real Redis: shared, refilled by its clock, and open when Redis is away."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from app.embedded.servers import ServerUrls
from app.graphql import budget as budget_module
from app.graphql.budget import AHEAD, Available, RedisBuckets
from app.graphql.connections import MAX_WEBSOCKET_MESSAGE


@pytest.fixture
async def redis(servers: ServerUrls) -> AsyncIterator[Redis]:
    assert servers.redis_url is not None
    client = Redis.from_url(servers.redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def principal() -> str:
    return f"user:{uuid.uuid4()}"


async def test_a_take_lowers_the_level_until_there_is_not_enough(redis, principal):
    budget = RedisBuckets(redis, capacity=100, restore_rate=1)

    taken = [await budget.take(principal, 60), await budget.take(principal, 60), await budget.take(principal, 30)]

    # 100 - 60 = 40: a second 60 does not fit and takes nothing, 30 do. A second or two may refill a point or two.
    assert [each.allowed for each in taken] == [True, False, True]
    assert [each.points // 10 for each in taken] == [4, 4, 1]
    assert taken[0].restore_rate == 1


async def test_the_bucket_is_shared_by_all_processes(redis, principal):
    here, there = (RedisBuckets(redis, capacity=100, restore_rate=1) for _ in range(2))

    await here.take(principal, 90)

    assert not (await there.take(principal, 90)).allowed


async def test_principals_have_buckets_of_their_own(redis, principal):
    budget = RedisBuckets(redis, capacity=100, restore_rate=1)
    await budget.take(principal, 100)

    assert (await budget.take(principal + "x", 100)).allowed


async def test_the_bucket_fills_again_but_not_above_its_rim(redis, principal):
    budget = RedisBuckets(redis, capacity=100, restore_rate=10_000)
    await budget.take(principal, 100)
    await asyncio.sleep(0.05)  # 500 points' worth of time by the server's clock

    assert (await budget.take(principal, 1)).points == 99


async def test_many_at_once_take_exactly_what_is_there(redis, principal):
    budget = RedisBuckets(redis, capacity=1000, restore_rate=1)

    taken = await asyncio.gather(*(budget.take(principal, 100) for _ in range(30)))

    assert sum(each.allowed for each in taken) == 10


async def test_a_bucket_is_forgotten_when_it_is_full_again(redis, principal):
    budget = RedisBuckets(redis, capacity=100, restore_rate=10)
    await budget.take(principal, 1)

    # It fills in 10 s; a second is added.
    assert 0 < await redis.pttl(f"cost:{principal}") <= 11_000


async def test_without_redis_everything_is_allowed(principal, unused_tcp_port):
    async with Redis(port=unused_tcp_port) as nowhere:
        budget = RedisBuckets(nowhere, capacity=1, restore_rate=7)

        taken = [await budget.take(principal, 5000) for _ in range(3)]

    assert taken == [Available(allowed=True, points=None, restore_rate=7)] * 3


async def test_a_redis_that_does_not_answer_is_not_waited_for(principal):
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0, limit=MAX_WEBSOCKET_MESSAGE)
    port = server.sockets[0].getsockname()[1]
    async with server, Redis(port=port) as mute:
        budget = RedisBuckets(mute, capacity=100, restore_rate=1)
        async with asyncio.timeout(10):
            taken = [await budget.take(principal, 1) for _ in range(20)]

    assert all(each.allowed for each in taken)


async def test_who_asks_often_is_answered_without_asking_redis_each_time(redis, principal):
    budget = RedisBuckets(redis, capacity=4 * AHEAD, restore_rate=1)
    for _ in range(2):  # the first take says nothing about how many follow
        await budget.take(principal, 1)
    asked = await calls_of(redis)

    taken = [await budget.take(principal, 1) for _ in range(AHEAD)]

    assert await calls_of(redis) == asked
    assert all(each.allowed for each in taken)
    assert [each.points for each in taken] == list(range(taken[0].points, taken[0].points - AHEAD, -1))


async def test_points_taken_ahead_are_points_that_others_do_not_have(redis, principal):
    processes = [RedisBuckets(redis, capacity=1000, restore_rate=1) for _ in range(3)]

    taken = [await processes[number % 3].take(principal, 10) for number in range(150)]

    # 1000 points are a hundred takes of ten; a second or two may refill a point or two.
    assert sum(each.allowed for each in taken) == 100


async def test_what_was_taken_ahead_and_not_spent_is_given_back(redis, principal, monkeypatch):
    monkeypatch.setattr(budget_module, "LEASE_FOR", timedelta(0))
    budget = RedisBuckets(redis, capacity=1000, restore_rate=1)

    taken = [await budget.take(principal, 10) for _ in range(20)]

    assert [each.points // 10 for each in taken] == [99 - number for number in range(20)]


async def test_without_redis_what_was_taken_ahead_is_spent_first(redis, principal, unused_tcp_port):
    budget = RedisBuckets(redis, capacity=4 * AHEAD, restore_rate=1)
    for _ in range(2):
        await budget.take(principal, 1)
    async with Redis(port=unused_tcp_port) as nowhere:
        budget._take = nowhere.register_script("return 1")
        ahead = [await budget.take(principal, AHEAD // 2) for _ in range(2)]
        beyond = await budget.take(principal, 1)

    assert all(each.points is not None for each in ahead)
    assert beyond == Available(allowed=True, points=None, restore_rate=1)


async def test_leases_are_kept_for_the_principals_met_last(redis, principal, monkeypatch):
    monkeypatch.setattr(budget_module, "MOST_LEASES", 2)
    budget = RedisBuckets(redis, capacity=1000, restore_rate=1)

    for number in range(5):
        await budget.take(f"{principal}{number}", 1)

    assert list(budget._leases) == [f"{principal}3", f"{principal}4"]


async def calls_of(redis):
    return (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
