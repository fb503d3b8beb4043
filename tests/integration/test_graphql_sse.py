"""Server-sent events on a real server, read off the wire line by line."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from app.graphql.connections import Connections
from tests.fakes.toy_server import PATIENCE_SECONDS, RunningToy, Toy, eventually, running_toy

EVENTS = {"accept": "text/event-stream"}


@dataclass
class Events:
    response: httpx2.Response
    lines: AsyncIterator[str]

    async def line(self) -> str:
        """The next line; raises StopAsyncIteration at the end of the response."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await anext(self.lines)

    async def next(self) -> tuple[str, Any]:
        """(event, data) of the next event; comments and hints are passed over."""
        event, data = "", None
        while True:
            line = await self.line()
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data = line.removeprefix("data:").strip()
            elif not line and event:
                return event, json.loads(data) if data else None

    async def all(self) -> list[tuple[str, Any]]:
        events = []
        with contextlib.suppress(StopAsyncIteration):
            while True:
                events.append(await self.next())
        return events


@contextlib.asynccontextmanager
async def stream(running: RunningToy, query: str, token: str = "ada", **request: Any) -> AsyncIterator[Events]:
    body = {"query": query, **request}
    headers = {**EVENTS, "authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient() as client,
        client.stream("POST", running.stream_url, json=body, headers=headers) as response,
    ):
        yield Events(response, aiter(response.aiter_lines()))


async def test_a_subscription_gives_its_events_and_completes():
    query = "subscription($to: Int!) { count(to: $to) }"
    async with running_toy(Toy()) as running, stream(running, query, variables={"to": 2}) as events:
        received = await events.all()

    assert events.response.status_code == 200
    assert events.response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert events.response.headers["x-request-id"]
    assert [(event, data and data["data"]) for event, data in received] == [
        ("next", {"count": 1}),
        ("next", {"count": 2}),
        ("complete", None),
    ]
    assert received[0][1]["extensions"]["cost"]["requested"] == 1


async def test_get_subscribes_too():
    async with running_toy(Toy()) as running, httpx2.AsyncClient() as client:
        response = await client.get(
            running.stream_url, params={"query": "subscription { count(to: 1) }"}, headers=EVENTS
        )

    assert "event: next\ndata: " in response.text
    assert response.text.endswith("event: complete\ndata:\n\n")


async def test_queries_run_too_but_no_mutation_by_get():
    async with running_toy(Toy()) as running, httpx2.AsyncClient() as client:
        query = await client.get(running.stream_url, params={"query": "{ hello }"}, headers=EVENTS)
        mutation = await client.get(
            running.stream_url, params={"query": 'mutation { signIn(password: "x") }'}, headers=EVENTS
        )
        toy_log = running.toy.log.resolved

    assert '"hello":"Hello, world!"' in query.text
    assert '"code":"BAD_USER_INPUT"' in mutation.text
    assert toy_log == ["hello"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { missing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($to: Int!) { count(to: $to) }", "BAD_USER_INPUT"),
        ("{ items(first: 10000) { nodes { name } } }", "COST_LIMIT_EXCEEDED"),
    ],
)
async def test_a_refused_operation_is_told_in_the_stream(query, code):
    async with running_toy(Toy()) as running, stream(running, query) as events:
        received = await events.all()

    assert [event for event, _ in received] == ["next", "complete"]
    assert received[0][1]["errors"][0]["extensions"]["code"] == code
    assert "data" not in received[0][1]
    assert "cost" in received[0][1]["extensions"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"json": []}, 400),
        ({"json": {"query": 1}}, 400),
        ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415),
        ({"json": {"query": "{ hello }"}, "headers": {"accept": "application/json"}}, 406),
        ({"json": {"query": "{ hello }"}, "headers": {"authorization": "Bearer bad"}}, 401),
        ({"json": {"query": "{ hello }"}, "headers": {"authorization": "Bearer broken"}}, 500),
        ({"content": b"x" * 1_000_001, "headers": {"content-type": "application/json"}}, 413),
    ],
)
async def test_a_request_that_cannot_be_read_is_refused_in_json(request_, status):
    request_ = {**request_, "headers": {**EVENTS, **request_.get("headers", {})}}
    async with running_toy(Toy()) as running, httpx2.AsyncClient() as client:
        response = await client.post(running.stream_url, **request_)

    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["requestId"] == response.headers["x-request-id"]
    assert "hunter2" not in response.text


async def test_a_stream_that_breaks_is_masked_and_completed():
    async with running_toy(Toy()) as running:
        with capture_logs() as logs:
            async with stream(running, "subscription { crashAfter(events: 1) }") as events:
                received = await events.all()

    assert [event for event, _ in received] == ["next", "next", "complete"]
    assert received[1][1]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in json.dumps(received)
    assert len([line for line in logs if line["log_level"] == "error"]) == 1


async def test_a_result_that_json_cannot_hold_is_masked():
    async with running_toy(Toy()) as running, stream(running, "{ notJson }") as events:
        received = await events.all()

    assert [event for event, _ in received] == ["next", "complete"]
    assert received[0][1]["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_a_silent_stream_is_kept_alive_by_comments():
    toy = Toy(options={"keep_alive_every": timedelta(milliseconds=20)})
    async with running_toy(toy) as running, stream(running, "subscription { silence }") as events:
        lines = [await events.line() for _ in range(6)]

    assert lines[0].startswith("retry: ")
    assert lines.count(": keep-alive") >= 2


async def test_a_client_that_leaves_stops_its_operation():
    toy = Toy()
    async with running_toy(toy) as running:
        async with stream(running, "subscription { silence }"):
            await eventually(lambda: toy.log.streams_open == 1)

        await eventually(lambda: toy.log.streams_closed == 1)
        await eventually(lambda: len(running.endpoint.connections) == 0)


async def test_a_stream_ends_when_its_token_expires():
    toy = Toy(expires_at=datetime.now(UTC) + timedelta(seconds=1))
    async with running_toy(toy) as running, stream(running, "subscription { tick }") as events:
        received = await events.all()

    assert received[-1] == ("complete", None)
    assert received[-2][1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert received[0][1]["data"] == {"tick": 1}
    assert toy.log.streams_closed == 1


async def test_ending_a_principal_ends_its_stream():
    toy = Toy()
    async with running_toy(toy) as running, stream(running, "subscription { silence }") as events:
        await eventually(lambda: toy.log.streams_open == 1)
        await running.endpoint.connections.close_subjects(lambda subject: subject == "ada", "You were signed out.")

        received = await events.all()

    assert [event for event, _ in received] == ["next", "complete"]
    assert received[0][1]["errors"][0]["message"] == "You were signed out."


async def test_streams_and_sockets_share_the_limit_of_a_principal():
    toy = Toy(options={"connections": Connections(per_principal=1)})
    async with running_toy(toy) as running, running.session("ada"), httpx2.AsyncClient() as client:
        response = await client.post(
            running.stream_url,
            json={"query": "subscription { silence }"},
            headers={**EVENTS, "authorization": "Bearer ada"},
        )

    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_stopping_the_server_ends_streams_without_completing_them():
    toy = Toy()
    async with running_toy(toy) as running, stream(running, "subscription { silence }") as events:
        await eventually(lambda: toy.log.streams_open == 1)

        running.server.should_exit = True
        received = await events.all()

    assert received == []
    assert toy.log.streams_closed == 1


async def test_a_draining_process_lets_nobody_in():
    async with running_toy(Toy()) as running, httpx2.AsyncClient() as client:
        await running.endpoint.connections.drain()

        response = await client.post(running.stream_url, json={"query": "{ hello }"}, headers=EVENTS)

    assert response.status_code == 503
    assert response.headers["retry-after"]
