"""Whatever happens to wake-ups and reads: each subscriber gets exactly the log from its position, in order, once."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from live.feed import Feed
from live.log_reader import ReaderOptions
from live.position import Position
from tests.fakes.event_log import EPOCH, FakeEventLog
from tests.fakes.subscriber import Subscriber, until
from tests.fakes.virtual_time import run_in_virtual_time
from tests.fakes.wakes import FakeWakes

ORGS = ("a", "b", "c")

# Rings and pages far smaller than the logs, so that every boundary is crossed.
sizes = st.sampled_from([(5, 3), (2, 7), (1, 1)])


@dataclass
class Expected:
    """A subscriber and the seq after which it began, per organization."""

    subscriber: Subscriber
    after: dict[str, int]


@dataclass
class World:
    log: FakeEventLog
    wakes: FakeWakes
    feed: Feed
    present: list[Expected] = field(default_factory=list)
    left: list[tuple[Expected, dict[str, int]]] = field(default_factory=list)

    async def join(self, after: dict[str, int | None]) -> None:
        positions = {org: None if seq is None else Position(EPOCH, seq) for org, seq in after.items()}
        committed = {org: self.log.last(org) for org in after}
        subscriber = await Subscriber(self.feed, positions).join()
        begins = {org: committed[org] if seq is None else seq for org, seq in after.items()}
        self.present.append(Expected(subscriber, begins))

    async def leave(self, index: int) -> None:
        expected = self.present.pop(index % len(self.present))
        await expected.subscriber.leave()
        self.left.append((expected, {org: p.seq for org, p in expected.subscriber.follower.positions.items()}))


org = st.sampled_from(ORGS)
which = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), org, st.integers(1, 9)),
        st.tuples(st.just("commit unheard"), org, st.integers(1, 9)),
        st.tuples(st.just("gap"), org),
        st.tuples(st.just("late wake"), org, st.integers(0, 40)),
        st.tuples(st.just("commit hidden"), org),
        st.tuples(st.just("show"), org),
        st.tuples(st.just("fail"), st.integers(1, 3)),
        st.tuples(st.just("slow"), st.sampled_from([0.0, 0.01, 0.3])),
        st.tuples(st.just("pass time"), st.sampled_from([0.0, 0.001, 0.02, 0.5, 16.0])),
        st.tuples(st.just("stall"), which),
        st.tuples(st.just("go on"), which),
        st.tuples(st.just("join now"), st.sets(org, min_size=1)),
        st.tuples(st.just("join back"), org, st.integers(0, 30)),
        st.tuples(st.just("leave"), which),
        st.tuples(st.just("return"), which),
    ),
    max_size=40,
)


async def take(world: World, verb: str, *args) -> None:  # noqa: C901 - one line per verb of the story
    log, wakes, present = world.log, world.wakes, world.present
    match verb, args:
        case "commit", (name, count):
            wakes.wake(name, log.append(name, count))
        case "commit unheard", (name, count):
            log.append(name, count)
        case "gap", (name,):
            wakes.gap(name)
        case "late wake", (name, seq):
            wakes.wake(name, seq)
        case "commit hidden", (name,):
            # Not readable yet; what a reader has seen once stays readable.
            log.hidden.add((name, log.append(name, 1)))
        case "show", (name,):
            log.hidden = {row for row in log.hidden if row[0] != name}
        case "fail", (count,):
            log.failures = count
        case "slow", (latency,):
            log.latency = latency
        case "pass time", (seconds,):
            if seconds > 1:  # no committed row stays invisible that long
                log.hidden.clear()
            await asyncio.sleep(seconds)
        case "stall", (index,) if present:
            present[index % len(present)].subscriber.may_read.clear()
        case "go on", (index,) if present:
            present[index % len(present)].subscriber.may_read.set()
        case "join now", (names,):
            log.hidden.clear()
            await world.join(dict.fromkeys(names))
        case "join back", (name, back):
            log.hidden.clear()
            await world.join({name: max(0, log.last(name) - back)})
        case "leave", (index,) if present:
            await world.leave(index)
        case "return", (index,) if world.left:
            log.hidden.clear()
            await world.join(dict(world.left[index % len(world.left)][1]))


async def live_through(story: list[tuple], size: tuple[int, int]) -> World:
    log, wakes = FakeEventLog(), FakeWakes()
    options = ReaderOptions(ring_size=size[0], page_size=size[1], grace=timedelta(seconds=1))
    world = World(log, wakes, Feed(log, wakes, options))
    for step in story:
        await take(world, *step)
    await calm_down(world)
    return world


async def calm_down(world: World) -> None:
    """Let the faults end and two ticks pass, with nothing else to help."""
    world.log.hidden.clear()
    world.log.latency, world.log.failures = 0.0, 0
    for expected in world.present:
        expected.subscriber.may_read.set()
    await asyncio.sleep(40)
    await world.feed.close()
    await until(lambda: len(asyncio.all_tasks()) == 1)


@settings(max_examples=400, deadline=None)
@given(steps, sizes)
def test_every_subscriber_gets_exactly_the_log_from_its_position_in_order_once(story, size):
    world = run_in_virtual_time(live_through(story, size))

    for expected in world.present:
        assert expected.subscriber.resets == []
        assert expected.subscriber.seqs == {name: world.log.seqs(name, after) for name, after in expected.after.items()}
    for expected, reached in world.left:
        assert expected.subscriber.seqs == {
            name: list(range(after + 1, reached[name] + 1)) for name, after in expected.after.items()
        }
