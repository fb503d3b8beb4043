"""Every subscriber receives exactly the log, in order, once, whatever breaks in between."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.embedded.servers import EmbeddedServers
from app.settings import Settings, environment_for_children
from app.web import Web, serving
from app.wiring import Backend, open_backend
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.database import migrate, open_database
from documents.event import EventLog
from documents.transaction import Transaction
from domain.facts.severity import Severity
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.tenant import Tenant, make_tenant

FEED = """
subscription($after: Cursor) {
  alertRaised(after: $after) {
    __typename
    ... on AlertRaised { cursor alert { title } }
    ... on StreamReset { cursor reason }
  }
}
"""
CURSOR = "{ liveCursor }"
DEADLINE = 60


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Servers that these tests may break."""
    with EmbeddedServers(tmp_path_factory.mktemp("live")) as servers:
        yield servers


@pytest.fixture(scope="module")
async def own(
    own_servers: EmbeddedServers, backend: Backend, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Backend]:
    urls = own_servers.urls
    assert urls.mongodb_url is not None
    assert urls.redis_url is not None
    settings = Settings().model_copy(
        update={
            "data_dir": tmp_path_factory.mktemp("keys"),
            "mongodb_url": SecretStr(urls.mongodb_url),
            "redis_url": SecretStr(urls.redis_url),
            "live_tick": timedelta(seconds=1),
            "max_connections_per_user": 500,
        }
    )
    async with open_backend(settings) as opened:
        await migrate(opened.client, settings.mongodb_database)
        yield opened
    # The documents of a process are bound to one database: back to the one the other tests use.
    await open_database(backend.client, backend.settings.mongodb_database)


@pytest.fixture(scope="module")
async def here(own: Backend) -> AsyncIterator[str]:
    async with serving(Web(own)) as address:
        yield address


async def raise_alerts(backend: Backend, tenant: Tenant, first: int, last: int, *, message: str = "m") -> None:
    """Alerts titled first to last, each in a transaction of its own."""
    for number in range(first, last + 1):
        await backend.writer.commit(lambda tx, n=number: one_alert(tx, tenant, n, message))


async def one_alert(tx: Transaction, tenant: Tenant, number: int, message: str = "m") -> None:
    cause = Cause(
        fingerprint=f"test:{number}",
        source=AlertSource.FINDING,
        severity=Severity.HIGH,
        title=str(number),
        message=message,
    )
    await raise_alert(tx, tenant.organization.id, cause, utc_now())


async def logged(tenant: Tenant) -> list[str]:
    """The titles in the log, which is the truth."""
    return [event.payload["title"] for event in await EventLog().fetch(tenant.org_id, 0, 100_000)]


async def receive(address: str, tenant: Tenant, until: str, *, after: str | None) -> list[str]:
    """Titles as one subscriber receives them, up to the one given. Resumes from its cursor when the socket ends."""
    titles: list[str] = []
    while True:
        async with socket(address, tenant.token) as opened:
            await subscribe(opened, FEED, after=after)
            async for message in messages(opened):
                assert message["type"] == "next", message
                item = message["payload"]["data"]["alertRaised"]
                assert item["__typename"] == "AlertRaised", item
                after = item["cursor"]
                titles.append(item["alert"]["title"])
                if titles[-1] == until:
                    return titles


async def start(graph: Graph, tenant: Tenant) -> str:
    cursor: str = (await graph.ask(CURSOR, tenant.token))["liveCursor"]
    return cursor


@pytest.fixture
async def client(here: str) -> AsyncIterator[Graph]:
    async with Graph.connected(here) as graph:
        yield graph


async def test_nothing_is_lost_while_redis_is_killed_and_started_again(
    own: Backend, own_servers: EmbeddedServers, here: str, client: Graph
) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)
    subscribers = [asyncio.create_task(receive(here, tenant, "90", after=cursor)) for _ in range(5)]

    await raise_alerts(own, tenant, 1, 30)
    assert own_servers.redis is not None
    pid = own_servers.redis.record(is_ready=True).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await raise_alerts(own, tenant, 31, 60)
    await asyncio.to_thread(revived, own_servers)
    await raise_alerts(own, tenant, 61, 90)

    async with asyncio.timeout(DEADLINE):
        received = await asyncio.gather(*subscribers)
    assert received == [await logged(tenant)] * 5


def revived(servers: EmbeddedServers) -> None:
    while not servers.revive():
        pass


async def test_nothing_is_lost_while_all_redis_connections_are_killed(own: Backend, here: str, client: Graph) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)
    subscribers = [asyncio.create_task(receive(here, tenant, "60", after=cursor)) for _ in range(5)]
    assert own.settings.redis_url is not None
    axe = Redis.from_url(own.settings.redis_url.get_secret_value())

    for number in range(1, 61):
        await raise_alerts(own, tenant, number, number)
        if number % 10 == 0:
            for kind in ("normal", "pubsub"):
                await axe.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    await axe.aclose()

    async with asyncio.timeout(DEADLINE):
        received = await asyncio.gather(*subscribers)
    assert received == [await logged(tenant)] * 5


KILLED_AFTER_COMMIT = """
import asyncio, os, signal, sys
from app.settings import Settings
from app.wiring import open_backend
from documents.transaction import commit
from documents.organization import load_organizations
from tests.factories.tenant import Tenant
from tests.journeys.test_nothing_is_lost import one_alert

async def die(org_id, seq):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(org_id, number):
    async with open_backend(Settings()):
        (organization,) = await load_organizations([org_id])
        tenant = Tenant(organization=organization, user=None, token="")
        await commit(lambda tx: one_alert(tx, tenant, number), announce=die)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_an_alert_whose_writer_is_killed_between_commit_and_wake_up_arrives(
    own: Backend, here: str, client: Graph
) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)
    subscriber = asyncio.create_task(receive(here, tenant, "3", after=cursor))

    for number in range(1, 4):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            KILLED_AFTER_COMMIT,
            tenant.org_id,
            str(number),
            env=environment_for_children(own.settings),
            cwd=Path(__file__).parents[2],
        )
        assert await process.wait() == -signal.SIGKILL

    async with asyncio.timeout(DEADLINE):
        assert await subscriber == ["1", "2", "3"] == await logged(tenant)


async def test_a_client_that_stalls_receives_all_it_missed(own: Backend, here: str, client: Graph) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)
    # Enough to fill every socket buffer on the way many times over.
    big = "x" * 20_000

    async with socket(here, tenant.token) as opened, asyncio.timeout(DEADLINE):
        await subscribe(opened, FEED.replace("title", "title message"), after=cursor)
        await raise_alerts(own, tenant, 1, 400, message=big)  # nothing is read from the socket meanwhile
        received = []
        async for message in messages(opened):
            received.append(message["payload"]["data"]["alertRaised"]["alert"]["title"])
            if received[-1] == "400":
                break

    assert received == await logged(tenant)


async def test_two_hundred_clients_that_join_at_once_each_receive_the_log(
    own: Backend, here: str, client: Graph
) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)
    await raise_alerts(own, tenant, 1, 20)

    subscribers = [asyncio.create_task(receive(here, tenant, "60", after=cursor)) for _ in range(200)]
    await raise_alerts(own, tenant, 21, 60)

    async with asyncio.timeout(DEADLINE):
        received = await asyncio.gather(*subscribers)
    assert received == [await logged(tenant)] * 200


async def test_a_cursor_older_than_the_log_begins_anew_with_a_reset(own: Backend, here: str, client: Graph) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)
    await raise_alerts(own, tenant, 1, 3)
    counters, events = own.database["event_counters"], own.database["events"]
    await counters.update_one({"_id": tenant.organization.id}, {"$set": {"first": 3}})
    await events.delete_many({"org_id": tenant.organization.id, "seq": {"$lt": 3}})

    async with socket(here, tenant.token) as opened, asyncio.timeout(DEADLINE):
        await subscribe(opened, FEED, after=cursor)
        message = await anext(messages(opened))

    item: dict[str, Any] = message["payload"]["data"]["alertRaised"]
    assert item["__typename"] == "StreamReset"
    assert "older" in item["reason"]


async def test_another_tenant_hears_nothing(own: Backend, here: str, client: Graph) -> None:
    tenant, other = await make_tenant(own), await make_tenant(own)
    cursor = await start(client, other)

    await raise_alerts(own, tenant, 1, 5)
    await raise_alerts(own, other, 6, 6)

    async with asyncio.timeout(DEADLINE):
        assert await receive(here, other, "6", after=cursor) == ["6"]


async def test_a_forged_cursor_is_refused(own: Backend, here: str) -> None:
    tenant = await make_tenant(own)

    async with socket(here, tenant.token) as opened, asyncio.timeout(DEADLINE):
        await subscribe(opened, FEED, after="Zm9yZ2Vk")
        message = await anext(messages(opened))

    assert "cursor" in orjson.dumps(message).decode()
    assert "BAD_USER_INPUT" in orjson.dumps(message).decode()


async def test_a_feed_ends_when_the_membership_does(own: Backend, here: str, client: Graph) -> None:
    tenant = await make_tenant(own)
    cursor = await start(client, tenant)

    async with socket(here, tenant.token) as opened, asyncio.timeout(DEADLINE):
        await subscribe(opened, FEED, after=cursor)
        await raise_alerts(own, tenant, 1, 1)
        first = await anext(messages(opened))
        await own.database["memberships"].delete_many({"user_id": tenant.user.id})
        await asyncio.sleep(1.1)  # what a viewer may do is read again once a second
        await raise_alerts(own, tenant, 2, 2)
        second = await anext(messages(opened))

    assert first["payload"]["data"]["alertRaised"]["alert"]["title"] == "1"
    assert "FORBIDDEN" in orjson.dumps(second).decode()
