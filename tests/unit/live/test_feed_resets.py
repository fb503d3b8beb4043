"""Where a subscriber cannot go on it is told so, once. Time is virtual."""

import asyncio

from live.position import Reset, ResetReason
from tests.fakes.event_log import EPOCH
from tests.fakes.feed_house import at, in_house
from tests.fakes.subscriber import until


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
