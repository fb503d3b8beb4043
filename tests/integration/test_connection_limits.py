"""What a client may cost before it has said anything worth answering; over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.http.peers import Peers
from app.http.protocol import MAX_HEAD, MAX_HEADERS, ConnectionLimits
from app.web import Web, serving
from app.wiring import Backend
from tests.factories.raw_http import RawConnection, raw, status_of

SOON = timedelta(milliseconds=300)
LATER = timedelta(seconds=60)
QUERY = b'{"query": "{ __typename }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"


def limits(**changes: object) -> ConnectionLimits:
    chosen = {"peers": Peers(per_address=1000, in_all=1000), "head_within": LATER, "body_within": LATER} | changes
    return ConnectionLimits(**chosen)  # type: ignore[arg-type]


@asynccontextmanager
async def limited(backend: Backend, **changes: object) -> AsyncIterator[str]:
    async with serving(Web(backend), limits=limits(**changes)) as address:
        yield address


async def whole(connection: RawConnection) -> dict[str, object]:
    """The data of a request that is sent and answered on the connection, which stays open."""
    await connection.send(HEAD + b"content-length: %d\r\n\r\n" % len(QUERY) + QUERY)
    status, headers = await connection.head()
    assert status == 200
    answer: dict[str, object] = json.loads(await connection.reader.readexactly(int(headers["content-length"])))
    return answer


@pytest.mark.parametrize("sent", [b"", b"POST /graphql HTTP/1.1\r\n", HEAD])
async def test_a_head_that_does_not_come_to_its_end_is_408(backend: Backend, sent: bytes) -> None:
    async with limited(backend, head_within=SOON) as address, raw(address) as connection:
        await connection.send(sent)

        assert status_of(await connection.rest()) == 408


async def test_a_head_sent_line_by_line_gets_no_more_time(backend: Backend) -> None:
    clock = asyncio.get_running_loop().time
    async with limited(backend, head_within=SOON) as address, raw(address) as connection:
        began = clock()
        await connection.send(HEAD)
        with suppress(ConnectionError):
            while not connection.reader.at_eof() and clock() - began < 10:
                await connection.send(b"x-slow: 1\r\n")
                await asyncio.sleep(0.05)

    assert SOON.total_seconds() <= clock() - began < 5


@pytest.mark.parametrize("sent", [b"", b"{"])
async def test_a_body_that_does_not_come_is_408(backend: Backend, sent: bytes) -> None:
    async with limited(backend, body_within=SOON) as address, raw(address) as connection:
        await connection.send(HEAD + b"content-length: 27\r\n\r\n" + sent)

        assert status_of(await connection.rest()) == 408


async def test_a_body_has_a_time_of_its_own(backend: Backend) -> None:
    async with limited(backend, head_within=SOON) as address, raw(address) as connection:
        await connection.send(HEAD)
        await connection.send(b"content-length: %d\r\n\r\n" % len(QUERY))
        await asyncio.sleep(2 * SOON.total_seconds())
        await connection.send(QUERY)

        assert (await connection.head())[0] == 200


async def test_the_second_request_of_a_connection_is_held_to_the_same(backend: Backend) -> None:
    async with limited(backend, head_within=SOON) as address, raw(address) as connection:
        assert (await whole(connection))["data"] == {"__typename": "Query"}
        await asyncio.sleep(2 * SOON.total_seconds())  # idle between requests: another limit's business
        assert (await whole(connection))["data"] == {"__typename": "Query"}
        await connection.send(b"POST /gra")

        assert status_of(await connection.rest()) == 408


async def test_a_body_that_goes_on_after_the_answer_ends(backend: Backend) -> None:
    async with limited(backend, body_within=SOON) as address, raw(address) as connection:
        await connection.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n")
        status, _ = await connection.head()

        assert status == 200
        assert b"408 Request Timeout" in await connection.rest()


async def test_a_head_that_is_too_long_is_431(backend: Backend) -> None:
    async with limited(backend) as address, raw(address) as connection:
        await connection.send(HEAD + b"x-long: " + b"x" * MAX_HEAD + b"\r\ncontent-length: 0\r\n\r\n")

        assert status_of(await connection.rest()) == 431


async def test_a_head_that_never_ends_is_431(backend: Backend) -> None:
    async with limited(backend) as address, raw(address) as connection:
        await connection.send(b"GET /" + b"x" * MAX_HEAD)

        assert status_of(await connection.rest()) == 431


async def test_too_many_headers_are_431(backend: Backend) -> None:
    async with limited(backend) as address, raw(address) as connection:
        await connection.send(HEAD + b"x: y\r\n" * MAX_HEADERS + b"content-length: 0\r\n\r\n")

        assert status_of(await connection.rest()) == 431


async def test_a_long_head_before_the_limit_is_fine(backend: Backend) -> None:
    async with limited(backend) as address, raw(address) as connection:
        head = HEAD + b"x-long: " + b"x" * (MAX_HEAD // 2) + b"\r\n"
        await connection.send(head + b"content-length: %d\r\n\r\n" % len(QUERY) + QUERY)

        assert (await connection.head())[0] == 200


async def test_what_is_no_http_is_400(backend: Backend) -> None:
    async with limited(backend) as address, raw(address) as connection:
        await connection.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")

        assert status_of(await connection.rest()) == 400


async def test_a_body_of_more_than_a_megabyte_is_413_on_every_path(address: str) -> None:
    body = b"x" * 1_000_001
    headers = {"content-type": "application/json"}
    async with httpx2.AsyncClient() as client:
        graph, stream = [
            await client.post(f"{address}{path}", content=body, headers=headers)
            for path in ("/graphql", "/graphql/stream")
        ]

    assert (graph.status_code, stream.status_code) == (413, 413)


async def test_an_address_has_so_many_connections(backend: Backend) -> None:
    peers = Peers(per_address=2, in_all=1000)
    async with limited(backend, peers=peers) as address:
        async with raw(address) as first, raw(address) as second, raw(address) as third:
            assert (await whole(first))["data"] == (await whole(second))["data"] == {"__typename": "Query"}
            await third.send(b"GET /graphql HTTP/1.1\r\nhost: x\r\n\r\n")
            status, headers = await third.head()
            assert (status, headers["retry-after"], headers["connection"]) == (429, "5", "close")

        await until_gone(peers)
        async with raw(address) as later:
            assert (await whole(later))["data"] == {"__typename": "Query"}


async def until_gone(peers: Peers) -> None:
    """Waits until the server has seen that all connections have ended."""
    async with asyncio.timeout(60):
        while len(peers):  # noqa: ASYNC110  # what is waited for sets no event
            await asyncio.sleep(0.01)


async def test_a_proxy_of_ours_has_as_many_as_it_needs(backend: Backend) -> None:
    peers = Peers(per_address=1, in_all=1000)
    is_ours = "127.0.0.1".__eq__
    async with (
        limited(backend, peers=peers, is_proxy=is_ours) as address,
        raw(address) as first,
        raw(address) as second,
    ):
        assert (await whole(first))["data"] == (await whole(second))["data"] == {"__typename": "Query"}


async def test_a_full_process_answers_503_but_stays_healthy(backend: Backend) -> None:
    peers = Peers(per_address=1000, in_all=1)
    async with (
        limited(backend, peers=peers) as address,
        raw(address) as first,
        raw(address) as second,
        raw(address) as third,
    ):
        assert (await whole(first))["data"] == {"__typename": "Query"}
        await second.send(b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await second.head())[0] == 503
        await third.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await third.head())[0] == 200


async def test_sockets_count_like_other_connections(backend: Backend) -> None:
    peers = Peers(per_address=1, in_all=1000)
    async with limited(backend, peers=peers) as address:
        url = address.replace("http", "ws", 1) + "/graphql"
        async with connect(url, subprotocols=["graphql-transport-ws"]):  # type: ignore[list-item]
            with pytest.raises(InvalidStatus) as refused:
                async with connect(url, subprotocols=["graphql-transport-ws"]):  # type: ignore[list-item]
                    pass
        await until_gone(peers)

    assert refused.value.response.status_code == 429


async def test_a_client_that_does_not_read_is_left(backend: Backend) -> None:
    """It asks again and again on one connection and takes no answer: the server stops keeping them for it."""
    peers = Peers(per_address=1000, in_all=1000)
    question = HEAD + b"content-length: %d\r\n\r\n" % len(QUERY) + QUERY
    async with limited(backend, peers=peers, stalled_within=SOON) as address, raw(address) as connection:
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
        connection.writer.write(question * 60_000)

        await until_gone(peers)


async def test_streams_are_counted_by_the_address_behind_the_proxy(backend: Backend) -> None:
    chosen = {"trusted_proxies": ["127.0.0.0/8"], "max_connections_per_address": 1}
    proxied = replace(backend, settings=backend.settings.model_copy(update=chosen))
    one, other = {"x-forwarded-for": "198.51.100.7"}, {"x-forwarded-for": "198.51.100.8"}
    async with serving(Web(proxied)) as address, httpx2.AsyncClient() as client:
        url = address.replace("http", "ws", 1) + "/graphql"
        async with connect(url, subprotocols=["graphql-transport-ws"], additional_headers=one):  # type: ignore[list-item]
            with pytest.raises(InvalidStatus) as refused:
                async with connect(url, subprotocols=["graphql-transport-ws"], additional_headers=one):  # type: ignore[list-item]
                    pass
            stream = await client.post(f"{address}/graphql/stream", json={"query": "{ version }"}, headers=one)
            elsewhere = await client.post(f"{address}/graphql/stream", json={"query": "{ version }"}, headers=other)

    assert refused.value.response.status_code == stream.status_code == 429
    assert refused.value.response.headers["retry-after"] == stream.headers["retry-after"] == "5"
    assert elsewhere.status_code == 200
