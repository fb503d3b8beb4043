"""One subscriber after the other: where it begins, what it gets, what it costs. Time is virtual."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from live.feed import Feed
from live.log_reader import ReaderOptions
from live.position import Position, Reset, ResetReason
from tests.fakes.event_log import EPOCH, FakeEventLog
from tests.fakes.subscriber import Subscriber, until
from tests.fakes.virtual_time import run_in_virtual_time
from tests.fakes.wakes import FakeWakes

SMALL = ReaderOptions(ring_size=8, page_size=4)


class House:
    """A log, its wake-ups, and a feed over both."""

    def __init__(self, options: ReaderOptions) -> None:
        self.log, self.wakes = FakeEventLog(), FakeWakes()
        self.counted: list[str] = []
        self.feed = Feed(self.log, self.wakes, options, self.counted.append)

    async def subscriber(self, positions: Mapping[str, Position | None], **options) -> Subscriber:
        return await Subscriber(self.feed, positions, **options).join()

    def commit(self, org_id: str, count: int = 1, **row) -> None:
        self.wakes.wake(org_id, self.log.append(org_id, count, **row))


@asynccontextmanager
async def open_house(options: ReaderOptions):
    house = House(options)
    try:
        yield house
    finally:
        await house.feed.close()
        # What a stopped house leaves behind would be a leak in the web process.
        await until(lambda: len(asyncio.all_tasks()) == 1)


def in_house(options: ReaderOptions = SMALL):
    def decorate(test: Callable[[House], Awaitable[None]]) -> Callable[[], None]:
        async def main() -> None:
            async with open_house(options) as house:
                await test(house)

        def run() -> None:
            run_in_virtual_time(main())

        return run

    return decorate


def at(seq: int, epoch: str = EPOCH) -> Position:
    return Position(epoch, seq)


# Where a subscription begins


@in_house()
async def test_subscriber_from_now_gets_what_is_committed_after_it_joined_and_nothing_before(house):
    house.log.append("a", 3)
    subscriber = await house.subscriber({"a": None})

    house.commit("a", 2)

    await until(lambda: subscriber.seqs["a"] == [4, 5])


@in_house()
async def test_event_committed_before_joining_but_not_yet_read_by_the_running_reader_is_not_delivered(house):
    await house.subscriber({"a": None})
    house.log.append("a")  # its wake-up is lost, so the reader does not know of it
    late = await house.subscriber({"a": None})

    house.commit("a")

    await until(lambda: late.seqs["a"] == [2])


@in_house()
async def test_subscriber_of_an_empty_log_gets_its_first_event(house):
    subscriber = await house.subscriber({"a": None})

    house.commit("a")

    await until(lambda: subscriber.seqs["a"] == [1])


@in_house()
async def test_subscriber_with_a_position_gets_the_rest_of_the_log_and_then_what_follows(house):
    house.log.append("a", 30)
    subscriber = await house.subscriber({"a": at(7)})

    house.commit("a", 2)

    await until(lambda: subscriber.seqs["a"] == list(range(8, 33)))


@in_house()
async def test_subscriber_that_comes_back_with_its_position_misses_nothing_and_gets_nothing_twice(house):
    first = await house.subscriber({"a": None})
    house.commit("a", 3)
    await until(lambda: first.seqs["a"] == [1, 2, 3])
    await first.leave()
    house.commit("a", 20)

    second = await house.subscriber(first.follower.positions)

    await until(lambda: second.seqs["a"] == list(range(4, 24)))


@in_house()
async def test_position_at_an_event_is_where_a_client_goes_on_after_it(house):
    house.log.append("a", 4)
    house.log.append("b", 9)
    async with house.feed.follow({"a": at(0), "b": None}) as follower:
        events = await anext(follower)

        positions = follower.positions_at(events[1])

    assert positions == {"a": at(2), "b": at(9)}


# Many organizations


@in_house()
async def test_follower_of_many_organizations_gets_each_log_in_order(house):
    subscriber = await house.subscriber({"a": None, "b": None, "c": None})

    for _ in range(5):
        house.commit("a")
        house.commit("c", 2)

    await until(lambda: subscriber.seqs == {"a": [1, 2, 3, 4, 5], "b": [], "c": list(range(1, 11))})


@in_house()
async def test_events_of_an_organization_not_followed_stay_away(house):
    subscriber = await house.subscriber({"a": None})
    stranger = await house.subscriber({"b": None})

    house.commit("b")
    house.commit("a")

    await until(lambda: subscriber.seqs == {"a": [1]} and stranger.seqs == {"b": [1]})


@in_house()
async def test_busy_organization_does_not_keep_a_quiet_one_waiting(house):
    house.log.append("busy", 400)
    house.log.append("quiet", 1)

    async with house.feed.follow({"busy": at(0), "quiet": at(0)}) as follower:
        origins = [(await anext(follower))[0].org_id for _ in range(2)]

    assert origins == ["busy", "quiet"]


@in_house()
async def test_unwanted_events_are_passed_over_and_the_position_moves_on(house):
    subscriber = await house.subscriber({"a": None}, wants=lambda event: event.topic == "alerts")

    house.commit("a", 3, topic="costs")
    house.commit("a", 1, topic="alerts")
    house.commit("a", 2, topic="costs")

    await until(lambda: subscriber.follower.positions == {"a": at(6)})
    assert subscriber.seqs["a"] == [4]


# Wake-ups that do not come, and a database that does not answer


@in_house()
async def test_lost_wake_up_is_repaired_by_the_tick_alone(house):
    subscriber = await house.subscriber({"a": None})
    house.log.append("a", 3)
    lost_at = asyncio.get_running_loop().time()

    await until(lambda: subscriber.seqs["a"] == [1, 2, 3])

    # The default tick of 15 s, spread by a tenth.
    assert asyncio.get_running_loop().time() - lost_at <= 16.6


@in_house()
async def test_gap_signal_makes_the_reader_look_at_once(house):
    subscriber = await house.subscriber({"a": None})
    house.log.append("a", 3)

    house.wakes.gap("a")

    await until(lambda: subscriber.seqs["a"] == [1, 2, 3], within=0.1)


@in_house()
async def test_wake_up_that_comes_while_the_reader_reads_is_not_forgotten(house):
    subscriber = await house.subscriber({"a": None})
    house.log.latency = 0.2
    house.commit("a")
    await asyncio.sleep(0.15)  # the answer, without the next event, is on its way

    house.commit("a")

    await until(lambda: subscriber.seqs["a"] == [1, 2], within=1)


@in_house()
async def test_failing_database_delays_and_loses_nothing(house):
    subscriber = await house.subscriber({"a": None})
    house.log.failures = 7

    house.commit("a", 20)

    await until(lambda: subscriber.seqs["a"] == list(range(1, 21)))
    assert house.counted == ["event_log_read_failed"] * 7


@in_house()
async def test_read_that_never_ends_is_given_up_and_repeated(house):
    subscriber = await house.subscriber({"a": None})
    house.log.latency = 1_000_000.0
    house.commit("a")
    await asyncio.sleep(1)
    house.log.latency = 0.0

    await until(lambda: subscriber.seqs["a"] == [1])


@in_house()
async def test_subscriber_may_join_while_the_database_is_away(house):
    house.log.append("a", 3)
    house.log.failures = 5

    subscriber = await house.subscriber({"a": at(1)})

    await until(lambda: subscriber.seqs["a"] == [2, 3])


@in_house()
async def test_event_that_is_not_visible_yet_holds_back_those_behind_it(house):
    subscriber = await house.subscriber({"a": None})
    house.log.hidden.add(("a", 2))
    house.commit("a", 3)
    await until(lambda: subscriber.seqs["a"] == [1])
    await asyncio.sleep(1)
    seen_before = list(subscriber.seqs["a"])

    house.log.hidden.clear()

    await until(lambda: subscriber.seqs["a"] == [1, 2, 3])
    assert seen_before == [1]


@in_house()
async def test_row_that_never_appears_ends_in_a_reset_and_not_in_silence(house):
    subscriber = await house.subscriber({"a": None})
    house.log.hidden.add(("a", 2))

    house.commit("a", 4)

    await until(lambda: subscriber.seqs["a"] == [1, 3, 4], within=60)
    assert subscriber.resets == [Reset("a", at(2), ResetReason.EXPIRED)]


@in_house()
async def test_row_missing_from_the_past_ends_in_a_reset_and_not_in_silence(house):
    house.log.append("a", 40)
    house.log.lose("a", 10)

    subscriber = await house.subscriber({"a": at(3)})

    await until(lambda: subscriber.resets == [Reset("a", at(40), ResetReason.EXPIRED)])
    assert subscriber.seqs["a"] == [4, 5, 6, 7, 8, 9]


# Subscribers that stall


@in_house()
async def test_stalled_subscriber_finds_in_the_log_what_the_ring_no_longer_holds(house):
    subscriber = await house.subscriber({"a": None})
    house.commit("a")
    await until(lambda: subscriber.seqs["a"] == [1])
    subscriber.may_read.clear()
    for _ in range(100):
        house.commit("a")
        await asyncio.sleep(0.01)

    subscriber.may_read.set()

    await until(lambda: subscriber.seqs["a"] == list(range(1, 102)))
    assert subscriber.resets == []


@in_house(ReaderOptions(ring_size=2, page_size=50))
async def test_page_from_the_log_does_not_run_ahead_of_the_reader(house):
    house.log.append("a", 10)
    await house.subscriber({"a": None})
    house.log.append("a", 5)  # not heard of
    house.log.latency = 0.1
    subscriber = await house.subscriber({"a": at(0)})
    house.log.append("a", 5)

    await until(lambda: subscriber.seqs["a"] == list(range(1, 21)))

    assert subscriber.resets == []


@in_house()
async def test_stalled_subscriber_does_not_delay_the_others(house):
    stalled = await house.subscriber({"a": None})
    stalled.may_read.clear()
    lively = await house.subscriber({"a": None})

    house.commit("a", 50)

    await until(lambda: lively.seqs["a"] == list(range(1, 51)), within=1)
    stalled.may_read.set()


@in_house()
async def test_cancelled_wait_for_the_next_batch_loses_nothing(house):
    house.log.append("a", 40)
    house.log.latency = 0.01
    seqs: list[int] = []
    async with house.feed.follow({"a": at(0)}) as follower:
        while len(seqs) < 40:
            waiting = asyncio.ensure_future(anext(follower))
            done, _ = await asyncio.wait({waiting}, timeout=0.004)
            if done:
                seqs.extend(event.seq for event in waiting.result())
            else:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            house.log.latency *= 0.9

    assert seqs == list(range(1, 41))


# Positions that cannot be continued


@in_house()
async def test_position_older_than_the_log_resets_to_now_once(house):
    house.log.append("a", 50)
    house.log.trim("a", keep=20)
    subscriber = await house.subscriber({"a": at(29)})

    house.commit("a")

    await until(lambda: subscriber.seqs["a"] == [51])
    assert subscriber.resets == [Reset("a", at(50), ResetReason.EXPIRED)]


@in_house()
async def test_oldest_position_the_log_can_continue_from_is_continued(house):
    house.log.append("a", 50)
    house.log.trim("a", keep=20)

    subscriber = await house.subscriber({"a": at(30)})

    await until(lambda: subscriber.seqs["a"] == list(range(31, 51)))
    assert subscriber.resets == []


@in_house()
async def test_position_at_the_end_of_a_log_whose_rows_are_all_gone_is_continued(house):
    house.log.append("a", 5)
    house.log.trim("a", keep=0)
    subscriber = await house.subscriber({"a": at(5)})

    house.commit("a")

    await until(lambda: subscriber.seqs["a"] == [6])
    assert subscriber.resets == []


@in_house()
async def test_position_of_another_epoch_resets_to_now(house):
    house.log.append("a", 5)
    subscriber = await house.subscriber({"a": at(3, "another epoch")})

    house.commit("a")

    await until(lambda: subscriber.seqs["a"] == [6])
    assert subscriber.resets == [Reset("a", at(5), ResetReason.REPLACED)]


@in_house()
async def test_position_beyond_the_end_resets_to_now(house):
    house.log.append("a", 5)
    subscriber = await house.subscriber({"a": at(6)})

    house.commit("a")

    await until(lambda: subscriber.seqs["a"] == [6])
    assert subscriber.resets == [Reset("a", at(5), ResetReason.AHEAD)]


@in_house()
async def test_log_made_anew_under_a_running_reader_resets_its_subscribers_within_a_tick(house):
    subscriber = await house.subscriber({"a": None})
    house.commit("a", 5)
    await until(lambda: subscriber.seqs["a"] == [1, 2, 3, 4, 5])
    house.log.remake("a", epoch="epoch-2", last=2)

    await until(lambda: bool(subscriber.resets), within=17)

    house.commit("a")
    await until(lambda: subscriber.seqs["a"] == [1, 2, 3, 4, 5, 3])
    assert subscriber.resets == [Reset("a", at(2, "epoch-2"), ResetReason.REPLACED)]


@in_house()
async def test_log_that_lost_its_newest_part_resets_those_who_had_seen_it(house):
    ahead = await house.subscriber({"a": None})
    behind = await house.subscriber({"a": at(0)})
    behind.may_read.clear()
    house.commit("a", 5)
    await until(lambda: ahead.seqs["a"] == [1, 2, 3, 4, 5])
    house.log.remake("a", epoch=EPOCH, last=3)

    await until(lambda: bool(ahead.resets), within=17)

    assert ahead.resets == [Reset("a", at(3), ResetReason.AHEAD)]
    behind.may_read.set()


@in_house()
async def test_pages_of_a_log_made_anew_are_read_anew(house):
    house.log.append("a", 16)
    before = await house.subscriber({"a": at(0)})
    await until(lambda: before.seqs["a"] == list(range(1, 17)))
    house.log.remake("a", epoch="epoch-2", last=16)

    async with house.feed.follow({"a": at(0, "epoch-2")}) as follower:
        events = await anext(follower)

    assert {event.payload["epoch"] for event in events} == {"epoch-2"}


@in_house()
async def test_rows_trimmed_before_they_were_ever_read_reset_at_once_and_the_rest_is_delivered(house):
    subscriber = await house.subscriber({"a": None})
    house.log.append("a", 50)
    house.log.trim("a", keep=3)

    house.wakes.gap("a")

    await until(lambda: subscriber.seqs["a"] == [48, 49, 50], within=1)
    assert subscriber.resets == [Reset("a", at(47), ResetReason.EXPIRED)]


@in_house()
async def test_subscriber_overtaken_by_retention_while_it_stalls_is_reset(house):
    subscriber = await house.subscriber({"a": None})
    subscriber.may_read.clear()
    house.commit("a", 40)
    await until(lambda: house.log.fetches > 10)
    house.log.trim("a", keep=5)
    await asyncio.sleep(20)  # a tick, so that the reader knows

    subscriber.may_read.set()

    await until(lambda: bool(subscriber.resets))
    assert subscriber.resets == [Reset("a", at(40), ResetReason.EXPIRED)]


@in_house()
async def test_reset_of_one_organization_leaves_the_others_alone(house):
    house.log.append("a", 5)
    house.log.append("b", 5)

    subscriber = await house.subscriber({"a": at(9), "b": at(2)})

    await until(lambda: subscriber.seqs == {"a": [], "b": [3, 4, 5]})
    assert [reset.org_id for reset in subscriber.resets] == ["a"]


# What it costs


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
