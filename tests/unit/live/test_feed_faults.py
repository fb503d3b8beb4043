"""What breaks on the way delays a subscriber and loses nothing. Time is virtual."""

import asyncio

from live.log_reader import ReaderOptions
from live.position import Reset, ResetReason
from tests.fakes.feed_house import at, in_house
from tests.fakes.subscriber import until


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
