"""Bucket and breaker on a real Redis: shared by all processes, the same as in one, and no loss without Redis."""

import asyncio
import multiprocessing
import time
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from app.embedded.servers import ServerUrls
from connectors.guard import Guards
from connectors.guarding import gate as gate_module
from connectors.guarding.arithmetic import Turn, Verdict
from connectors.guarding.gate import Gate
from connectors.limits import Limit
from domain.errors import ProviderError, Unavailable
from domain.facts.provider import Provider
from tests.integration.live_redis import LiveRedis, Proxy

LIMIT = Limit(rate=50, burst=10, failures=3, pause=timedelta(milliseconds=300), timeout=timedelta(milliseconds=200))


@pytest.fixture
async def redis(servers: ServerUrls) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def gates(redis: Redis, count: int) -> list[Gate]:
    """As many processes would have."""
    return [Gate(redis, time.monotonic) for _ in range(count)]


async def test_tokens_are_given_in_order_to_whichever_process_asks(redis, key):
    here, there = gates(redis, 2)
    slow = Limit(rate=1, burst=10)

    waits = [(await gate.enter(key, key, slow)).seconds for gate in (here, there) * 8]

    # Ten at once, then one each second; asking itself takes a little.
    assert waits[:10] == [0] * 10
    assert waits[10:] == sorted(waits[10:])
    assert 3 < waits[15] <= 6


async def test_many_at_once_get_exactly_the_burst_at_once(redis, key):
    slow = Limit(rate=0.1, burst=7)

    entries = await asyncio.gather(*(gate.enter(key, key, slow) for gate in gates(redis, 4) * 10))

    assert sum(entry.verdict is Verdict.GO and entry.seconds == 0 for entry in entries) == 7
    # A token each ten seconds: three may be waited for within half a minute.
    assert sum(entry.verdict is Verdict.GO and entry.seconds > 0 for entry in entries) == 3


async def test_a_drained_bucket_is_empty_for_all(redis, key):
    here, there = gates(redis, 2)

    await here.drain(key, LIMIT, timedelta(seconds=5))

    assert 4.9 < (await there.enter(key, key, LIMIT)).seconds <= 5


async def test_a_bucket_is_forgotten_when_it_is_full_again(redis, key):
    (gate,) = gates(redis, 1)
    await gate.enter(key, key, Limit(rate=0.1, burst=3))

    # It is full in ten seconds; a second is added.
    assert 10_000 < await redis.pttl(f"guard:bucket:{key}") <= 11_001


async def test_what_one_process_sees_fail_another_leaves_alone(redis, key):
    here, there = gates(redis, 2)

    turns = [await gate.settle(key, LIMIT, is_probe=False, is_failure=True) for gate in (here, there, here)]

    assert turns == [Turn.NONE, Turn.NONE, Turn.OPENED]
    entry = await there.enter(key, key, LIMIT)
    assert entry.verdict is Verdict.RESTING
    assert 0.2 < entry.seconds <= 0.3


async def open_breaker(gate: Gate, key: str) -> None:
    for _ in range(3):
        await gate.settle(key, LIMIT, is_probe=False, is_failure=True)


async def test_of_all_processes_one_tries_and_its_answer_closes_it_for_all(redis, key):
    here, there = gates(redis, 2)
    await open_breaker(here, key)
    await asyncio.sleep(0.31)

    entries = await asyncio.gather(*(gate.enter(key, key, LIMIT) for gate in (here, there) * 5))

    assert sorted(entry.verdict for entry in entries) == [Verdict.PROBE, *[Verdict.RESTING] * 9]
    assert await here.settle(key, LIMIT, is_probe=True, is_failure=False) is Turn.CLOSED
    assert (await there.enter(key, key, LIMIT)).verdict is Verdict.GO


async def test_a_process_that_dies_while_it_tries_blocks_nobody(redis, key):
    here, there = gates(redis, 2)
    await open_breaker(here, key)
    await asyncio.sleep(0.31)
    assert (await here.enter(key, key, LIMIT)).verdict is Verdict.PROBE

    # Its call would have had to end after 200 ms.
    await asyncio.sleep(0.22)

    assert (await there.enter(key, key, LIMIT)).verdict is Verdict.PROBE


async def test_a_failed_try_opens_it_again_and_it_remembers_since_when(redis, key):
    (gate,) = gates(redis, 1)
    await open_breaker(gate, key)
    await asyncio.sleep(0.31)
    await gate.enter(key, key, LIMIT)

    assert await gate.settle(key, LIMIT, is_probe=True, is_failure=True) is Turn.OPENED
    entry = await gate.enter(key, key, LIMIT)
    assert entry.verdict is Verdict.RESTING
    assert entry.age > 0.3


async def test_answers_and_failures_do_to_the_shared_breaker_what_they_do_to_one_alone(redis):
    """The script and the arithmetic are two writings of one thing: the same story has the same turns in both."""
    patient = Limit(rate=1000, burst=1000, failures=2, pause=timedelta(hours=1), timeout=timedelta(hours=1))
    now = 0.0
    for story in range(2**6):
        key, alone = uuid.uuid4().hex, Gate(None, lambda: now)
        shared = Gate(redis, time.monotonic)
        told: list[list[Any]] = [[], []]
        for step in range(6):
            is_failure = bool(story >> step & 1)
            for gate, turns in zip((shared, alone), told, strict=True):
                entry = await gate.enter(key, key, patient)
                turn = await gate.settle(key, patient, is_probe=False, is_failure=is_failure)
                turns.append((entry.verdict, entry.failures, turn))

        assert told[0] == told[1], f"{story:06b}"


def send_from_a_process(url: str, key: str, rate: float, burst: int, calls: int, out: Any) -> None:
    async def work() -> list[float]:
        sent: list[float] = []
        redis = Redis.from_url(url)
        guards = Guards(redis, limits=lambda *_: Limit(rate=rate, burst=burst, concurrency=50))
        guard = guards.of(Provider.AWS, key)(lambda *_: None)

        async def send() -> None:
            sent.append(time.time())

        await asyncio.gather(*(guard.call("ec2", "DescribeVolumes", send) for _ in range(calls)))
        await redis.aclose()
        return sent

    out.put(asyncio.run(work()))


async def test_two_real_processes_stay_within_the_rate_together(servers, key):
    rate, burst, calls = 40.0, 10, 40
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    arguments = (servers.redis_url, key, rate, burst, calls, out)
    processes = [context.Process(target=send_from_a_process, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()

    sent = sorted([at for _ in processes for at in await asyncio.to_thread(out.get, True, 60)])
    for process in processes:
        process.join(30)

    assert len(sent) == 2 * calls
    # A call may be sent a little later than its turn, and so nearer to the next one: a twentieth of a second's worth.
    slack = rate * 0.05
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + rate * (sent[last] - sent[first]) + slack + 1


@pytest.fixture
def own_redis(tmp_path: Path) -> Any:
    server = LiveRedis(tmp_path)
    server.start()
    yield server
    server.kill()


def as_it_is(error: Exception, service: str, operation: str) -> ProviderError | None:
    return error if isinstance(error, ProviderError) else None


async def answers() -> str:
    return "answer"


async def gone() -> None:
    raise Unavailable("gone", service="ec2")


async def test_when_redis_is_killed_in_the_middle_no_call_fails_and_limits_hold_in_the_process(own_redis, monkeypatch):
    monkeypatch.setattr(gate_module, "ASK_AGAIN_AFTER", timedelta(milliseconds=200))
    redis = Redis.from_url(own_redis.url)
    limit = Limit(rate=20, burst=5, attempts=1, failures=3, concurrency=20)
    guard = Guards(redis, limits=lambda *_: limit).of(Provider.AWS, "account")(as_it_is)
    await asyncio.gather(*(guard.call("s3", "ListBuckets", answers) for _ in range(5)))

    own_redis.kill()
    started = time.monotonic()
    told = await asyncio.gather(*(guard.call("s3", "ListBuckets", answers) for _ in range(15)))
    took = time.monotonic() - started

    assert told == ["answer"] * 15
    # A bucket of five of its own, then ten more at twenty a second.
    assert took >= 0.45
    for _ in range(3):
        with pytest.raises(Unavailable, match="gone"):
            await guard.call("ec2", "DescribeVolumes", gone)
    with pytest.raises(Unavailable, match="left alone"):
        await guard.call("ec2", "DescribeVolumes", answers)

    own_redis.start()
    await asyncio.sleep(0.25)
    await guard.call("s3", "ListBuckets", answers)
    assert await redis.exists("guard:bucket:AWS:account:s3")
    await redis.aclose()


async def test_a_redis_that_hangs_costs_a_quarter_of_a_second_once_and_not_each_call(own_redis):
    async with Proxy(own_redis.port) as proxy:
        redis = Redis.from_url(proxy.url)
        guard = Guards(redis).of(Provider.AWS, "account")(as_it_is)
        await guard.call("s3", "ListBuckets", answers)

        proxy.freeze()
        started = time.monotonic()
        for _ in range(10):
            await guard.call("s3", "ListBuckets", answers)
        took = time.monotonic() - started

        assert 0.2 < took < 0.9
        await redis.aclose()


async def test_calls_that_miss_redis_together_tell_of_it_once(own_redis):
    redis = Redis.from_url(own_redis.url)
    gate = Gate(redis, time.monotonic)
    own_redis.kill()

    with capture_logs() as told:
        await asyncio.gather(*(gate.enter("bucket", "breaker", LIMIT) for _ in range(8)))

    assert [one["event"] for one in told] == ["guard.counts_alone"]
    await redis.aclose()
