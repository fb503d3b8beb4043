"""However members come, stall, go and return: each gets exactly the log from its place, in order, once.

The cursor of each message is exact too: what is behind it was received before, what is not comes after.
"""

import asyncio
from dataclasses import dataclass, field
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from live.log_reader import ReaderOptions
from tests.fakes.feed_house import at, open_house
from tests.fakes.group_house import GroupHouse, Guest
from tests.fakes.virtual_time import run_in_virtual_time

ORGS = ("a", "b")

org = st.sampled_from(ORGS)
which = st.integers(0, 5)
room = st.sampled_from([0, 1, 2, 5, float("inf")])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), org, st.integers(1, 9)),
        st.tuples(st.just("commit for nobody"), org, st.integers(1, 3)),
        st.tuples(st.just("commit unheard"), org, st.integers(1, 3)),
        st.tuples(st.just("pass time"), st.sampled_from([0.0, 0.001, 0.02, 0.5, 16.0])),
        st.tuples(st.just("turn"), st.integers(1, 5)),
        st.tuples(st.just("slow log"), st.sampled_from([0.0, 0.01, 0.3])),
        st.tuples(st.just("join now"), room),
        st.tuples(st.just("join back"), room, st.integers(0, 20), st.integers(0, 20)),
        st.tuples(st.just("drain"), which, room),
        st.tuples(st.just("leave"), which),
        st.tuples(st.just("return"), which, room),
    ),
    max_size=30,
)
# Rings, pages, trails, slices and chunks so small that every boundary is crossed.
sizes = st.sampled_from([(5, 3, 1, 1, 1), (2, 7, 3, 2, 2), (64, 32, 256, 1, 3), (1, 1, 2, 64, 32)])


@dataclass
class World:
    here: GroupHouse
    present: list[Guest] = field(default_factory=list)
    left: list[Guest] = field(default_factory=list)


async def take(world: World, verb: str, *args) -> None:  # noqa: C901 - one line per verb of the story
    here, house, present = world.here, world.here.house, world.present
    match verb, args:
        case "commit", (name, count):
            house.commit(name, count)
        case "commit for nobody", (name, count):
            house.commit(name, count, topic="other")
        case "commit unheard", (name, count):
            house.log.append(name, count)
        case "pass time", (seconds,):
            await asyncio.sleep(seconds)
        case "turn", (count,):
            for _ in range(count):
                await asyncio.sleep(0)
        case "slow log", (latency,):
            house.log.latency = latency
        case "join now", (space,):
            present.append(await here.join(room=space))
        case "join back", (space, *back):
            after = {name: at(max(0, house.log.last(name) - less)) for name, less in zip(ORGS, back, strict=True)}
            present.append(await here.join(after, room=space))
        case "drain", (index, space) if present:
            present[index % len(present)].socket.drain(space)
        case "leave", (index,) if present:
            world.left.append(present.pop(index % len(present)))
            await world.left[-1].leave()
        case "return", (index, space) if world.left:
            guest = world.left[index % len(world.left)]
            present.append(await here.join(guest.member.stand, room=space))


def knows_its_place(guest: Guest, here: GroupHouse) -> bool:
    """Whether the place it would be told now is behind all that it got, and behind nothing else that it wants."""
    place = guest.member.place()
    return all(
        guest.seqs(name) == [seq for seq in here.wanted(name, guest.begins[name]) if seq <= place[name].seq]
        for name in ORGS
    )


async def live_through(story: list[tuple], size: tuple[int, ...]) -> World:
    async with open_house(ReaderOptions(ring_size=size[0], page_size=size[1])) as house:
        world = World(GroupHouse(house, ORGS))
        for step in story:
            await take(world, *step)
            assert all(knows_its_place(guest, world.here) for guest in world.present)
        house.log.latency = 0.0
        for guest in world.present:
            guest.socket.drain()
        await asyncio.sleep(40)  # two ticks, with nothing else to help
    return world


def goes_on_exactly(guest: Guest, here: GroupHouse) -> bool:
    """Whether one who reads up to any message and comes back with its cursor would have the same messages."""
    messages = guest.messages
    begins_again = any(
        message["cursor"][name] < seq <= guest.begins[name]
        for message in messages
        for name in ORGS
        for seq in here.wanted(name, 0)
    )
    return not begins_again and all(
        (earlier["seq"] <= message["cursor"][earlier["org"]]) == (index <= place)
        for place, message in enumerate(messages)
        for index, earlier in enumerate(messages)
    )


@settings(max_examples=400, deadline=None)
@given(steps, sizes)
def test_every_member_gets_exactly_the_log_from_its_place_in_order_once(story, size):
    with (
        patch("app.graphql.payloads.MOST_KEPT", size[2]),
        patch("app.graphql.group.SLICE", size[3]),
        patch("app.graphql.group.CHUNK_MESSAGES", size[4]),
    ):
        world = run_in_virtual_time(live_through(story, size))

    for guest in world.present:
        assert {name: guest.seqs(name) for name in ORGS} == {
            name: world.here.wanted(name, guest.begins[name]) for name in ORGS
        }
    for guest in world.left:
        for name in ORGS:
            received = guest.seqs(name)
            assert received == world.here.wanted(name, guest.begins[name])[: len(received)]
            assert all(seq <= guest.member.stand[name].seq for seq in received)
    assert all(goes_on_exactly(guest, world.here) for guest in world.present + world.left)
    assert not world.here.group.members
