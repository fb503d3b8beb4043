"""Many subscribers cost little, and leave nothing behind. Time is virtual."""

import asyncio
from datetime import timedelta

from live.log_reader import ReaderOptions
from tests.fakes.feed_house import at, in_house
from tests.fakes.subscriber import until


@in_house(ReaderOptions())
async def test_thousand_subscribers_of_one_organization_cost_one_read_per_wake_up(house):
    subscribers = [await house.subscriber({"a": None}) for _ in range(1000)]
    before = house.log.fetches

    house.commit("a")

    await until(lambda: all(subscriber.seqs["a"] == [1] for subscriber in subscribers))
    assert house.log.fetches == before + 1


@in_house(ReaderOptions())
async def test_thousand_subscribers_that_join_at_once_share_a_few_looks_at_the_log(house):
    house.log.latency = 0.01
    house.log.append("a", 10)

    await asyncio.gather(*(house.subscriber({"a": None}) for _ in range(1000)))

    assert house.log.bounds_reads <= 2


@in_house()
async def test_joining_a_running_reader_does_not_wait_for_its_tick(house):
    await house.subscriber({"a": None})
    began_at = asyncio.get_running_loop().time()

    await house.subscriber({"a": None})

    assert asyncio.get_running_loop().time() - began_at < 0.1


@in_house(ReaderOptions(ring_size=64, page_size=100))
async def test_two_hundred_subscribers_that_come_back_with_one_cursor_share_the_pages(house):
    house.log.append("a", 1000)

    subscribers = await asyncio.gather(*(house.subscriber({"a": at(0)}) for _ in range(200)))

    await until(lambda: all(subscriber.seqs["a"] == list(range(1, 1001)) for subscriber in subscribers))
    # Ten pages, and the reader's own look.
    assert house.log.fetches <= 12


@in_house(ReaderOptions(grace=timedelta(seconds=30)))
async def test_reader_stops_some_time_after_its_last_subscriber_left(house):
    subscriber = await house.subscriber({"a": None})
    await subscriber.leave()
    kept_for_a_while = "a" in house.wakes.watched

    await asyncio.sleep(31)

    assert kept_for_a_while
    assert house.wakes.watched == {}
    assert len(asyncio.all_tasks()) == 1


@in_house(ReaderOptions(grace=timedelta(seconds=30)))
async def test_subscriber_that_comes_back_within_the_grace_keeps_the_reader(house):
    first = await house.subscriber({"a": None})
    await first.leave()
    await asyncio.sleep(29)
    second = await house.subscriber({"a": None})
    await asyncio.sleep(60)

    house.commit("a")

    await until(lambda: second.seqs["a"] == [1], within=0.1)


@in_house(ReaderOptions(grace=timedelta(seconds=30)))
async def test_subscriber_that_leaves_while_it_joins_leaves_nothing_behind(house):
    house.log.latency = 5.0
    joining = asyncio.create_task(house.feed.follow({"a": None, "b": None}).__aenter__())
    await asyncio.sleep(1)

    joining.cancel()
    await asyncio.gather(joining, return_exceptions=True)

    await asyncio.sleep(31)
    assert house.wakes.watched == {}
    assert len(asyncio.all_tasks()) == 1


@in_house()
async def test_closing_the_feed_ends_every_iteration(house):
    subscribers = [await house.subscriber({"a": None}) for _ in range(3)]

    await house.feed.close()

    await until(lambda: all(subscriber.is_done for subscriber in subscribers))
