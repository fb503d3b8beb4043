"""The live path through a real Redis-speaking server that dies in every way: nothing is lost, doubled or out of order.

The event log is in memory here. Unless a test says otherwise the tick is an hour, so that only wake-ups and the gap
signal can have done it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import orjson
import pytest
from redis.asyncio import Redis

from live.backend import GAP, WakeBackend
from live.bus import Bus
from live.feed import Feed
from live.log_reader import ReaderOptions
from live.position import Position
from live.topics import wake_channel
from tests.fakes.event_log import EPOCH, FakeEventLog
from tests.fakes.subscriber import Subscriber, until
from tests.integration.live_redis import LiveRedis, Proxy

BEGINNING = Position(EPOCH, 0)
NO_TICK = ReaderOptions(tick=timedelta(hours=1), ring_size=64, page_size=32, grace=timedelta(milliseconds=100))


@pytest.fixture
def redis(tmp_path):
    server = LiveRedis(tmp_path)
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def connected(*buses: Bus) -> AsyncIterator[None]:
    for bus in buses:
        await bus.connect()
    try:
        yield
    finally:
        for bus in buses:
            await bus.disconnect()


class House:
    """A worker that commits and wakes, and a web process that listens and feeds; they share the log and Redis only."""

    def __init__(self, url: str, options: ReaderOptions = NO_TICK) -> None:
        self.counted: list[str] = []
        self.log, self.worker, self.web = FakeEventLog(), Bus(url), Bus(url, count=self.counted.append)
        self.feed = Feed(self.log, self.web, options)
        self.subscribers: list[Subscriber] = []

    async def __aenter__(self) -> "House":
        await self.worker.connect()
        await self.web.connect()
        return self

    async def __aexit__(self, *_error: object) -> None:
        for subscriber in self.subscribers:
            await subscriber.leave()
        await self.feed.close()
        await self.web.disconnect()
        await self.worker.disconnect()

    async def join(self, *org_ids: str, after: Position | None = None) -> Subscriber:
        subscriber = await Subscriber(self.feed, dict.fromkeys(org_ids, after)).join()
        self.subscribers.append(subscriber)
        return subscriber

    async def commit(self, org_id: str, count: int = 1) -> None:
        await self.worker.wake(org_id, self.log.append(org_id, count))

    async def commit_for(self, seconds: float, *org_ids: str) -> None:
        """A stream of a few hundred commits a second."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            for org_id in org_ids:
                await self.commit(org_id)
            await asyncio.sleep(0.003)

    def has_told_everything(self) -> bool:
        return all(
            seqs == self.log.seqs(org_id) for subscriber in self.subscribers for org_id, seqs in subscriber.seqs.items()
        )

    async def settled(self) -> None:
        """Every subscriber has exactly the whole log, and nothing comes after it."""
        await until(self.has_told_everything)
        await asyncio.sleep(0.05)
        assert self.has_told_everything()
        assert not any(subscriber.resets for subscriber in self.subscribers)


# The ways a connection dies


async def test_stream_survives_a_server_that_is_killed_and_comes_back(redis):
    async with House(redis.url) as house:
        for _ in range(20):
            await house.join("a", "b")
        stream = asyncio.create_task(house.commit_for(3.0, "a", "b"))

        for _ in range(3):
            await asyncio.sleep(0.4)
            redis.kill()
            await asyncio.sleep(0.4)
            redis.start()
        await stream

        await house.settled()
        assert "redis_listen_failed" in house.counted


async def test_stream_survives_connections_being_killed_again_and_again(redis):
    async with House(redis.url) as house, Redis.from_url(redis.url) as admin:
        for _ in range(20):
            await house.join("a", "b")
        stream = asyncio.create_task(house.commit_for(2.0, "a", "b"))

        while not stream.done():
            await admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            await admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            await asyncio.sleep(0.05)

        await house.settled()


async def test_half_open_connection_is_found_and_replaced(redis):
    async with Proxy(redis.port) as proxy:
        backend = WakeBackend(proxy.url, silence=timedelta(milliseconds=300), answer=timedelta(milliseconds=300))
        await backend.subscribe("news")
        before = await backend.next_published()
        connections = proxy.connections

        proxy.freeze()
        after = await asyncio.wait_for(backend.next_published(), 30)

        assert (before.message, after.message) == (GAP, GAP)
        assert proxy.connections > connections
        await backend.disconnect()


async def test_quiet_connection_that_is_alive_is_kept(redis):
    async with Proxy(redis.port) as proxy:
        backend = WakeBackend(proxy.url, silence=timedelta(milliseconds=20), answer=timedelta(seconds=20))
        await backend.subscribe("news")
        await backend.next_published()
        listening = asyncio.create_task(backend.next_published())
        await asyncio.sleep(0.5)  # some twenty pings
        connections = proxy.connections

        await backend.publish("news", "hello")

        assert (await listening).message == "hello"
        assert connections == 1
        await backend.disconnect()


async def test_processes_start_while_the_server_is_down(tmp_path):
    redis = LiveRedis(tmp_path)
    async with House(redis.url) as house:
        await house.join("a")
        await house.commit("a", 3)

        redis.start()

        await house.settled()
        assert house.web.is_connected
    redis.kill()


# Wake-ups


async def test_wake_returns_at_once_while_the_server_is_down_and_only_the_newest_is_sent_when_it_is_back(redis):
    bus = Bus(redis.url)
    async with connected(bus):
        redis.kill()
        async with asyncio.timeout(5):
            for seq in range(1, 5001):
                await bus.wake("a", seq)
                await bus.wake("b", 10001 - seq)  # commits that finish in one order may wake in another
        heard = await told_to_a_stranger(
            redis, "a", "b", enough=lambda heard: {("a", 5000), ("b", 10000)} <= set(heard)
        )

    # What was on its way when the server died may come first; what waited is one message per organization.
    assert len(heard) <= 4


async def told_to_a_stranger(redis: LiveRedis, *org_ids: str, enough) -> list[tuple[str, int]]:
    """Start the server and write down what is published, as a listener that shares no code with the bus."""
    heard: list[tuple[str, int]] = []
    redis.start()
    async with Redis.from_url(redis.url) as client, client.pubsub() as pubsub, asyncio.timeout(30):
        await pubsub.subscribe(*map(wake_channel, org_ids))
        async for message in pubsub.listen():
            if message["type"] == "message":
                wake = orjson.loads(message["data"])
                heard.append((wake["org"], wake["seq"]))
            if enough(heard):
                return heard
    raise AssertionError("the pub/sub connection ended")


async def test_wake_up_carries_the_organization_and_the_seq_only(redis):
    bus = Bus(redis.url)
    async with connected(bus), Redis.from_url(redis.url) as client, client.pubsub() as pubsub:
        await pubsub.subscribe(wake_channel("a"))
        await pubsub.get_message(timeout=10)

        await bus.wake("a", 7)

        message = await pubsub.get_message(timeout=10)
    assert orjson.loads(message["data"]) == {"org": "a", "seq": 7}


async def test_last_wake_up_of_a_process_that_stops_is_sent(redis):
    heard: list[int | None] = []
    web, command = Bus(redis.url), Bus(redis.url)
    async with connected(web):
        web.watch("a", heard.append)
        await until(lambda: heard == [None])

        async with connected(command):
            await command.wake("a", 12)

        await until(lambda: heard == [None, 12])


async def test_own_commits_reach_own_subscribers_while_the_server_is_down(redis):
    async with House(redis.url) as house:
        await house.join("a")
        redis.kill()

        await house.web.wake("a", house.log.append("a"))

        await house.settled()


async def test_unreadable_wake_up_is_a_reason_to_look_and_breaks_nothing(redis):
    async with House(redis.url) as house, Redis.from_url(redis.url) as client:
        await house.join("a")
        await until_subscribed(client, "a")
        for nonsense in (b"\xff\xfe", b"{", b"[]", b'"seq"', b'{"seq":"9"}', b"null", b""):
            house.log.append("a")
            await client.publish(wake_channel("a"), nonsense)

        await house.settled()


async def until_subscribed(client: Redis, org_id: str, times: int = 1) -> None:
    channel = wake_channel(org_id)
    async with asyncio.timeout(30):
        while await client.pubsub_numsub(channel) != [(channel.encode(), times)]:  # noqa: ASYNC110 - it must be asked
            await asyncio.sleep(0.01)


async def test_watching_and_unwatching_in_a_storm_ends_in_what_was_asked_for_last(redis):
    heard: dict[str, list[int | None]] = {f"org-{n}": [] for n in range(30)}
    bus, other = Bus(redis.url), Bus(redis.url)
    async with connected(bus, other), Redis.from_url(redis.url) as client:
        for turn in range(20):
            for org_id, calls in heard.items():
                bus.watch(org_id, calls.append) if turn % 2 else bus.unwatch(org_id)
            await asyncio.sleep(0.002 * (turn % 3))

        for org_id in heard:
            await until_subscribed(client, org_id)
        for org_id in heard:
            await other.wake(org_id, 99)
        await until(lambda: all(99 in calls for calls in heard.values()))


async def test_process_without_subscribers_does_not_stay_subscribed(redis):
    async with House(redis.url) as house, Redis.from_url(redis.url) as client:
        subscriber = await house.join("a")
        await until_subscribed(client, "a", times=1)

        await subscriber.leave()

        await until_subscribed(client, "a", times=0)


async def test_channel_given_up_is_not_asked_for_again_after_a_reconnection(redis):
    bus = Bus(redis.url)
    heard: list[int | None] = []
    async with connected(bus), Redis.from_url(redis.url) as client:
        bus.watch("kept", heard.append)
        bus.watch("given up", heard.append)
        await until_subscribed(client, "given up", times=1)
        bus.unwatch("given up")
        await until_subscribed(client, "given up", times=0)

        await client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        await until(lambda: heard == [None, None, None])  # both were confirmed, then the one that is kept
        await until_subscribed(client, "kept", times=1)
        await until_subscribed(client, "given up", times=0)


# Subscribers


async def test_two_hundred_subscribers_that_join_at_once_during_a_stream_get_everything(redis):
    async with House(redis.url) as house:
        await house.commit("a", 500)
        stream = asyncio.create_task(house.commit_for(1.5, "a"))

        await asyncio.gather(*(house.join("a", after=BEGINNING) for _ in range(200)))
        await stream

        await house.settled()


async def test_subscriber_that_stalls_finds_everything_when_it_goes_on(redis):
    async with House(redis.url) as house:
        lively, stalled = await house.join("a"), await house.join("a")
        stalled.may_read.clear()
        await house.commit_for(1.0, "a")
        await until(lambda: lively.seqs["a"] == house.log.seqs("a"))
        seen_while_stalled = len(stalled.seqs["a"])

        stalled.may_read.set()

        await house.settled()
        assert len(house.log.seqs("a")) - seen_while_stalled > NO_TICK.ring_size, "the stall was too short to matter"


async def test_follower_of_fifty_client_companies_gets_each_of_their_logs(redis):
    org_ids = [f"client-{n}" for n in range(50)]
    async with House(redis.url) as house, Redis.from_url(redis.url) as admin:
        for _ in range(5):
            await house.join(*org_ids)
        stream = asyncio.create_task(house.commit_for(1.0, *org_ids))

        await asyncio.sleep(0.3)
        await admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await stream

        await house.settled()


async def test_process_that_never_hears_a_wake_up_delivers_by_its_tick_alone(tmp_path):
    nowhere = LiveRedis(tmp_path)  # never started
    tick = ReaderOptions(tick=timedelta(milliseconds=200))
    async with House(nowhere.url, tick) as house:
        await house.join("a")

        house.log.append("a", 10)  # the worker dies between commit and publish

        await house.settled()


async def test_everything_is_closed_when_the_process_stops(redis):
    before = tasks_of_live()
    async with House(redis.url) as house:
        await house.join("a", "b")
        await house.commit("a")
        await house.settled()
        during = tasks_of_live()

    await until(lambda: tasks_of_live() <= before)
    assert during > before
    async with Redis.from_url(redis.url) as admin:
        assert len(await admin.client_list()) == 1


def tasks_of_live() -> set[asyncio.Task]:
    names = ("Bus.", "LogReader.", "Broadcast.", "Subscriber.")
    return {task for task in asyncio.all_tasks() if task.get_coro().__qualname__.startswith(names)}
