"""One subscriber after the other: where it begins and what it gets. Time is virtual."""

from tests.fakes.feed_house import at, in_house
from tests.fakes.subscriber import until


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
