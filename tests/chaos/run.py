"""One run: tenants, subscribers, writers and receivers, and what breaks meanwhile; and whether anything was lost."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from pydantic import SecretStr
from pymongo.errors import PyMongoError

import documents
from app.settings import Settings
from app.wiring import Backend, migrate, open_backend
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.event import EventLog
from documents.transaction import Transaction
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.channel_settings import WebhookSettings
from domain.facts.severity import Severity
from live.cursor import encode
from live.position import Position
from tests.chaos.processes import Process, answers
from tests.chaos.recorder import Recorder
from tests.chaos.servers import ReplicaSet, replica_set
from tests.chaos.subscriber import Subscriber
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.live_redis import LiveRedis, free_port

# Alerts of one transaction; what is written together must arrive together, and in order.
AT_ONCE = 4
ALL_TOLD_WITHIN = 180.0
ALL_DELIVERED_WITHIN = 600.0


@dataclass(frozen=True)
class Plan:
    """`breaks`: how often each of the things that can break does."""

    tenants: int
    subscribers: int
    events: int
    breaks: int
    seconds: float
    seed: int


@dataclass
class Outcome:
    """What was counted, and in `faults` what must not have been. `own_alerts` are those that nobody here wrote."""

    faults: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    own_alerts: list[str] = field(default_factory=list)


@dataclass
class House:
    plan: Plan
    chance: random.Random
    mongodb: ReplicaSet
    redis: LiveRedis
    web: Process
    worker: Process
    address: str
    backend: Backend
    recorder: Recorder
    tenants: list[Tenant] = field(default_factory=list)
    subscribers: list[Subscriber] = field(default_factory=list)
    written: set[str] = field(default_factory=set)


async def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Raises nothing for what was lost: that stands in the outcome."""
    async with AsyncExitStack() as stack:
        house = await _open(plan, folder, stack)
        say(f"{plan.tenants} tenants, {plan.subscribers} subscribers, {plan.events} events; seed {plan.seed}")
        await _people(house)
        following = [asyncio.create_task(subscriber.run()) for subscriber in house.subscribers]
        stack.callback(lambda: [task.cancel() for task in following])
        started = time.monotonic()
        await asyncio.gather(_break(house, say), *(_write(house, tenant) for tenant in house.tenants))
        say(f"all written after {time.monotonic() - started:.0f} s; waiting for everybody to have it")
        logs = {tenant.org_id: await _logged(tenant) for tenant in house.tenants}
        await _until(lambda: _all_told(house, logs), ALL_TOLD_WITHIN)
        say("waiting for the receivers of the webhooks")
        await _until(lambda: _all_delivered(house, logs), ALL_DELIVERED_WITHIN)
        return _judge(house, logs, time.monotonic() - started)


async def _open(plan: Plan, folder: Path, stack: AsyncExitStack) -> House:
    chance = random.Random(plan.seed)
    mongodb = stack.enter_context(replica_set(folder / "mongodb"))
    (folder / "redis").mkdir()
    redis = LiveRedis(folder / "redis")
    redis.start()
    stack.callback(redis.kill)
    recorder = Recorder(random.Random(plan.seed + 1))
    server = await recorder.start()
    stack.callback(server.close)
    port = free_port()
    settings = Settings().model_copy(
        update={
            "data_dir": folder / "data",
            "mongodb_url": SecretStr(mongodb.url),
            "redis_url": SecretStr(redis.url),
            "port": port,
        }
    )
    backend = await stack.enter_async_context(open_backend(settings))
    await migrate(backend)
    environment = _environment(settings, plan, port)
    web = Process("app.web", environment, folder / "web.log")
    worker = Process("app.worker", environment, folder / "worker.log")
    for process in (web, worker):
        process.start()
        stack.callback(process.stop)
    address = f"http://127.0.0.1:{port}"
    await answers(address)
    return House(plan, chance, mongodb, redis, web, worker, address, backend, recorder)


def _environment(settings: Settings, plan: Plan, port: int) -> dict[str, str]:
    assert settings.mongodb_url is not None
    assert settings.redis_url is not None
    return {
        **os.environ,
        "CLOUDWATCHER_DATA_DIR": str(settings.data_dir),
        "MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "PORT": str(port),
        # The addresses of all these people are one.
        "CLOUDWATCHER_MAX_CONNECTIONS_PER_USER": str(4 * plan.subscribers),
        "CLOUDWATCHER_MAX_CONNECTIONS_PER_ADDRESS": str(8 * plan.subscribers),
        "CLOUDWATCHER_COST_PER_MINUTE": "60000000",
        "CLOUDWATCHER_COST_PER_MINUTE_PER_ADDRESS": "60000000",
        "CLOUDWATCHER_LOG_LEVEL": "WARNING",
    }


async def _people(house: House) -> None:
    plan = house.plan
    for _ in range(plan.tenants):
        tenant = await make_tenant(house.backend)
        house.tenants.append(tenant)
        await _add_webhook(house, tenant)
    signing = house.backend.keys.cursors[0]
    for number in range(plan.subscribers):
        tenant = house.tenants[number % plan.tenants]
        bounds = await EventLog().bounds(tenant.org_id)
        after = encode({tenant.org_id: Position(bounds.epoch, bounds.last)}, signing)
        chance = random.Random(plan.seed * 1000 + number)
        house.subscribers.append(Subscriber(house.address, tenant.token, after, chance))


async def _add_webhook(house: House, tenant: Tenant) -> None:
    secret = f"chaos-secret-of-{tenant.org_id}"
    settings = WebhookSettings(url=house.recorder.address(tenant.org_id), secret=SecretStr(secret))
    house.recorder.secrets[tenant.org_id] = secret
    sealed = await house.backend.vault.seal(tenant.org_id, orjson.dumps(settings.revealed()).decode())
    await documents.Channel(
        org_id=tenant.organization.id,
        name="chaos",
        kind=ChannelKind.WEBHOOK,
        shown="recorder",
        settings=sealed,
        state=ChannelState.VERIFIED,
        verified_at=utc_now(),
        topics=["alerts"],
        proven_version=1,
    ).insert()


async def _write(house: House, tenant: Tenant) -> None:
    """Raise this tenant's share of alerts, evenly over the time; what cannot be written just now is written again."""
    share = house.plan.events // house.plan.tenants
    pause = house.plan.seconds / max(1, share // AT_ONCE)
    for first in range(0, share, AT_ONCE):

        async def change(tx: Transaction, first: int = first) -> None:
            for number in range(first, min(first + AT_ONCE, share)):
                title = f"{tenant.org_id} {number}"
                house.written.add(title)
                cause = Cause(f"chaos:{number}", AlertSource.EVENT, Severity.LOW, title, "m")
                await raise_alert(tx, tenant.organization.id, cause, utc_now())

        while True:
            try:
                await house.backend.writer.commit(change)
                break
            except PyMongoError:  # nobody leads the replica set just now
                await asyncio.sleep(0.5)
        await asyncio.sleep(pause * house.chance.uniform(0.5, 1.5))


async def _break(house: House, say: Callable[[str], None]) -> None:
    """Break everything so many times, in an order of chance, evenly over the time."""
    ways: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        ("redis is killed and comes back", lambda: _redis_dies(house)),
        ("the web process is killed and comes back", lambda: _dies(house.web)),
        ("the worker is killed and comes back", lambda: _dies(house.worker)),
        ("the primary of MongoDB steps down", house.mongodb.step_down),
    ]
    order = ways * house.plan.breaks
    house.chance.shuffle(order)
    for name, way in order:
        await asyncio.sleep(house.plan.seconds / (len(order) + 1))
        say(name)
        await way()


async def _redis_dies(house: House) -> None:
    await asyncio.to_thread(house.redis.kill)
    await asyncio.sleep(house.chance.uniform(0.5, 3))
    await asyncio.to_thread(house.redis.start)


async def _dies(process: Process) -> None:
    await asyncio.to_thread(process.kill)
    await asyncio.sleep(0.5)
    process.start()


async def _logged(tenant: Tenant) -> list[str]:
    """The titles in the log of an organization: the truth."""
    events = await EventLog().fetch(tenant.org_id, 0, 1_000_000)
    return [event.payload["title"] for event in events if event.type == "AlertRaised"]


def _of(house: House, subscriber: Subscriber) -> Tenant:
    return next(tenant for tenant in house.tenants if tenant.token == subscriber.token)


def _all_told(house: House, logs: dict[str, list[str]]) -> bool:
    return all(len(one.titles) >= len(logs[_of(house, one).org_id]) for one in house.subscribers)


def _all_delivered(house: House, logs: dict[str, list[str]]) -> bool:
    return all(len(house.recorder.titles[org_id]) >= len(log) for org_id, log in logs.items())


async def _until(is_done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_done() and time.monotonic() < deadline:  # noqa: ASYNC110 - the counts are of many tasks
        await asyncio.sleep(0.5)


def _is_own(house: House, titles: list[str]) -> bool:
    """Whether these came after the logs were read: alerts that nobody here wrote, each of them once."""
    return len(set(titles)) == len(titles) and house.written.isdisjoint(titles)


def _judge(house: House, logs: dict[str, list[str]], seconds: float) -> Outcome:
    outcome, recorder = Outcome(), house.recorder
    for number, one in enumerate(house.subscribers):
        log = logs[_of(house, one).org_id]
        if one.titles[: len(log)] != log or not _is_own(house, one.titles[len(log) :]):
            extra = len(one.titles) - len(set(one.titles))
            outcome.faults.append(f"subscriber {number} has {len(one.titles)} of {len(log)}, {extra} twice")
        if one.resets:
            outcome.faults.append(f"subscriber {number} was reset: {one.resets[0]}")
    for tenant in house.tenants:
        log, told = logs[tenant.org_id], recorder.titles[tenant.org_id]
        beyond = Counter(told.values()) - Counter(log)
        if Counter(log) - Counter(told.values()) or not _is_own(house, list(beyond.elements())):
            outcome.faults.append(f"the webhook of {tenant.org_id} took {len(told)} of {len(log)} alerts")
    if recorder.strangers:
        outcome.faults.append(f"{recorder.strangers} messages went to another tenant")
    if recorder.forged:
        outcome.faults.append(f"{recorder.forged} messages were not signed as they should be")
    raised = [title for log in logs.values() for title in log]
    written = [title for title in raised if title in house.written]
    if sorted(written) != sorted(house.written):
        outcome.faults.append(f"{len(written)} of {len(house.written)} events are in the logs")
    # What breaks is itself worth an alert now and then, such as a worker that could not see the primary.
    outcome.own_alerts = sorted(set(raised) - house.written)
    taken = [count for counts in recorder.taken.values() for count in counts.values()]
    outcome.figures = {
        "seconds": round(seconds),
        "messages to subscribers": sum(len(one.titles) for one in house.subscribers),
        "connections of subscribers": sum(one.connections for one in house.subscribers),
        "stalls of subscribers": sum(one.stalls for one in house.subscribers),
        "webhook messages": len(taken),
        "of these taken more than once": sum(count > 1 for count in taken),
        "refused by the receiver": recorder.refused,
    }
    return outcome
