"""Servers that stop while events go on: clients go on elsewhere from the cursor they were told, exactly."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from app.web import Web, serving
from app.wiring import Backend
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.severity import Severity
from tests.factories.graph import Graph, socket
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.resuming import OverEvents, OverSocket, Resuming, blocks, until

ALERTS = """
subscription($after: Cursor, $filter: AlertFilter) {
  alertRaised(after: $after, filter: $filter) { ... on AlertRaised { cursor alert { title } } }
}
"""
EVENTS = """
subscription($after: Cursor) {
  events(after: $after, topics: [ALERTS]) { ... on Event { cursor subject { ... on Alert { title } } } }
}
"""
CRITICAL = {"filter": {"severities": ["CRITICAL"]}}
EVENTS_IN_ALL = 200


async def raised(backend: Backend, tenant: Tenant, title: str, severity: Severity = Severity.HIGH) -> None:
    cause = Cause(fingerprint=title, source=AlertSource.FINDING, severity=severity, title=title, message="m")

    async def change(tx: Transaction) -> None:
        await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await backend.writer.commit(change)


async def moved(client: Resuming, *addresses: str) -> None:
    """Follow on one server after the other, the next one once the last has ended the connection."""
    for address in addresses:
        await client.follow(address)


async def test_nothing_is_lost_and_nothing_doubled_when_a_server_stops_while_events_go_on(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    clients: list[Resuming] = [
        kind(tenant.token, query) for kind in (OverSocket, OverEvents) for query in (ALERTS, EVENTS) for _ in range(3)
    ]
    quiet: list[Resuming] = [kind(tenant.token, ALERTS, CRITICAL) for kind in (OverSocket, OverEvents)]
    titles = [str(number) for number in range(EVENTS_IN_ALL)]

    async with AsyncExitStack() as second:
        last = await second.enter_async_context(serving(Web(backend)))
        async with serving(Web(backend)) as first:
            following = [asyncio.create_task(moved(client, first, last)) for client in [*clients, *quiet]]
            await until(lambda: all(client.cursors for client in [*clients, *quiet]))
            telling = asyncio.create_task(_raise_all(backend, tenant, titles))
            await until(lambda: all(len(client.titles) > EVENTS_IN_ALL // 4 for client in clients))
            began = [client.after for client in quiet]
        told_at_the_stop = [len(client.titles) for client in clients]
        told_while_quiet = [client.after for client in quiet]
        await telling
        await raised(backend, tenant, "the quiet are told, too", Severity.CRITICAL)
        await until(lambda: all(len(client.titles) > EVENTS_IN_ALL for client in clients))
        await until(lambda: all(client.titles for client in quiet))
    await asyncio.gather(*following)

    assert max(told_at_the_stop) < EVENTS_IN_ALL  # the server did stop in the middle
    assert [client.titles for client in clients] == [[*titles, "the quiet are told, too"]] * len(clients)
    assert [client.titles for client in quiet] == [["the quiet are told, too"]] * 2
    # The quiet need not go back to where they began: the server told where they stood when it stopped.
    assert all(before != after for before, after in zip(began, told_while_quiet, strict=True))
    assert {client.closes[0] for client in clients if isinstance(client, OverSocket)} == {1012}


async def _raise_all(backend: Backend, tenant: Tenant, titles: list[str]) -> None:
    for title in titles:
        await raised(backend, tenant, title)
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("kind", [OverSocket, OverEvents])
async def test_what_happens_while_a_quiet_feed_is_cut_off_without_a_word_is_told_afterwards(
    backend: Backend, kind: type[Resuming]
) -> None:
    tenant = await make_tenant(backend)
    client = kind(tenant.token, ALERTS)

    async with serving(Web(backend)) as address:
        cut_off = asyncio.create_task(client.follow(address))
        await until(lambda: client.cursors)
        cut_off.cancel()
        await asyncio.gather(cut_off, return_exceptions=True)
        assert client.titles == []
        await raised(backend, tenant, "meanwhile")
        again = asyncio.create_task(client.follow(address))
        await until(lambda: client.titles)
        await raised(backend, tenant, "afterwards")
        await until(lambda: len(client.titles) == 2)
        again.cancel()

    assert client.titles == ["meanwhile", "afterwards"]


async def test_a_quiet_feed_is_told_from_time_to_time_where_it_stands(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    web = Web(backend)
    for name in ("places_every", "keep_alive_every"):
        object.__setattr__(web.endpoint, name, timedelta(milliseconds=50))
    quiet: list[Resuming] = [kind(tenant.token, ALERTS, CRITICAL) for kind in (OverSocket, OverEvents)]

    async with serving(web) as address:
        following = [asyncio.create_task(client.follow(address)) for client in quiet]
        await until(lambda: all(client.cursors for client in quiet))
        began = [len(client.cursors) for client in quiet]
        await raised(backend, tenant, "of no concern")
        await until(lambda: all(len(client.cursors) > count for client, count in zip(quiet, began, strict=True)))
        await asyncio.sleep(0.3)
        moved_on = [len(client.cursors) for client in quiet]
    await asyncio.gather(*following)

    assert moved_on == [2, 2]  # once for each move, however much time goes by
    assert [client.titles for client in quiet] == [[], []]


async def test_the_id_of_an_event_stream_wins_over_the_cursor_in_the_document(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    client = OverEvents(tenant.token, ALERTS)

    async with serving(Web(backend)) as address, httpx2.AsyncClient(timeout=30) as http:
        following = asyncio.create_task(client.follow(address))
        await until(lambda: client.cursors)
        for title in ("1", "2", "3"):
            await raised(backend, tenant, title)
        await until(lambda: len(client.titles) == 3)
        following.cancel()
        first, second = client.cursors[1:3]
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {tenant.token}", "last-event-id": second}
        params = {"query": ALERTS, "variables": f'{{"after": "{first}"}}'}
        async with http.stream("GET", f"{address}/graphql/stream", params=params, headers=headers) as response:
            async for block in blocks(response):
                if block.get("event") == "next":
                    break

    assert '"title":"3"' in block["data"]


async def test_a_last_event_id_that_is_no_cursor_is_refused(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {tenant.token}", "last-event-id": "forged"}

    async with serving(Web(backend)) as address, httpx2.AsyncClient(timeout=30) as http:
        answer = await http.post(f"{address}/graphql/stream", json={"query": ALERTS}, headers=headers)

    assert '"code":"BAD_USER_INPUT"' in answer.text
    assert answer.text.rstrip().endswith("event: complete\ndata:")


async def test_an_organization_holds_only_so_many_connections_and_feeds(backend: Backend) -> None:
    settings = backend.settings.model_copy(
        update={"max_connections_per_organization": 2, "max_subscriptions_per_organization": 1}
    )
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {tenant.token}"}

    async with serving(Web(replace(backend, settings=settings))) as address, Graph.connected(address) as graph:
        first, second = OverSocket(tenant.token, ALERTS), OverSocket(tenant.token, EVENTS)
        async with socket(address, tenant.token) as one, socket(address, tenant.token) as two:
            await first.until_told_where(one)
            await two.send(
                '{"id":"1","type":"subscribe","payload":{"query":"subscription { alertRaised { __typename } }"}}'
            )
            refused = str(await two.recv())
            third = await graph._http.post(f"{address}/graphql/stream", json={"query": ALERTS}, headers=headers)
            stranger = OverSocket(other.token, ALERTS)
            async with socket(address, other.token) as elsewhere:
                await stranger.until_told_where(elsewhere)
        await asyncio.sleep(0.2)
        async with socket(address, tenant.token) as again:
            await second.until_told_where(again)

    assert '"code":"RATE_LIMITED"' in refused
    assert "Your organization has 1 subscriptions open here already." in refused
    assert third.status_code == 429
    assert third.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert "Your organization has 2 connections open here already." in third.text
    assert (stranger.cursors, second.cursors) != ([], [])
