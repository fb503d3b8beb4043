"""graphql-transport-ws on a real server: frames of every kind, contexts, limits, ends."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
import websockets
from structlog.testing import capture_logs

from app.graphql.connections import MAX_WEBSOCKET_MESSAGE, Connections
from domain.errors import Forbidden
from tests.fakes.toy_server import PATIENCE_SECONDS, Toy, ToySocket, eventually, running_toy

TICKS = "subscription { tick }"


async def test_a_subscription_gives_its_events_and_completes():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.subscribe("1", "subscription($to: Int!) { count(to: $to) }", variables={"to": 2})

        frames = [await ws.receive() for _ in range(3)]

    assert [frame["type"] for frame in frames] == ["next", "next", "complete"]
    assert [frame["payload"]["data"] for frame in frames[:2]] == [{"count": 1}, {"count": 2}]
    assert frames[0]["payload"]["extensions"]["cost"]["requested"] == 1


async def test_queries_and_mutations_run_too():
    async with running_toy(Toy()) as running, running.session("ada") as ws:
        await ws.subscribe("q", "query A { who } query B { hello }", operationName="A")
        query = [await ws.receive(), await ws.receive()]
        await ws.subscribe("m", 'mutation { signIn(password: "x") }')
        mutation = await ws.receive()

    assert query[0]["payload"]["data"] == {"who": "user:ada"}
    assert query[1] == {"id": "q", "type": "complete"}
    assert mutation["payload"]["data"] == {"signIn": "x"}


async def test_each_operation_has_a_context_and_a_request_id_of_its_own():
    toy = Toy()
    async with running_toy(toy) as running, running.session() as ws:
        for id in ("1", "2"):
            await ws.subscribe(id, "{ requestId }")
            await ws.receive()
            await ws.receive()

    first, second = toy.log.contexts
    assert first is not second
    assert first.call.session is second.call.session
    assert first.call.request_id != second.call.request_id


async def test_messages_are_text_frames():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.subscribe("1", "{ hello }")

        assert isinstance(await ws.connection.recv(), str)


async def test_the_ack_tells_how_long_to_wait_before_connecting_again():
    toy = Toy(options={"connections": Connections(reconnect_within=timedelta(seconds=3))})
    async with running_toy(toy) as running:
        delays = []
        for _ in range(20):
            async with running.session() as ws:
                delays.append(ws.ack["payload"]["reconnectDelayMs"])

    assert all(0 <= delay <= 3000 for delay in delays)
    assert len(set(delays)) > 1


@pytest.mark.parametrize(("token", "code", "reason"), [("bad", 4403, "not valid"), ("broken", 1011, "on our side")])
async def test_a_connection_that_cannot_be_authenticated_is_closed(token, code, reason):
    async with running_toy(Toy()) as running, running.connect() as connection:
        ws = ToySocket(connection)
        await ws.send({"type": "connection_init", "payload": {"token": token}})

        closed = await ws.closed()

    assert closed[0] == code
    assert reason in closed[1]
    assert "hunter2" not in closed[1]


@pytest.mark.parametrize(
    "frame",
    [
        "", "not json", "[", "[" * 3000, "[]", "[1]", "null", "7", '"text"', "{}", '{"type": 1}', '{"type": null}',
        '{"type": []}', '{"type": "unknown"}', '{"type": "subscribe"}', '{"type": "subscribe", "id": 1}',
        '{"type": "subscribe", "id": {}}', '{"type": "subscribe", "id": ""}', '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": []}', '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "operationName": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "extensions": 1}}',
        '{"type": "complete"}', '{"type": "complete", "id": []}', b"\x00\x01", b'{"type": "ping"}',
        '{"type": "' + "x" * 5000 + '"}',
    ],
)  # fmt: skip
async def test_a_frame_that_is_no_message_closes_with_4400(frame):
    async with running_toy(Toy()) as running, running.session() as ws:
        with capture_logs() as logs:
            await ws.send(frame)
            code, reason = await ws.closed()

    assert code == 4400
    assert reason
    assert [line for line in logs if line["log_level"] == "error"] == []


@pytest.mark.parametrize("payload", [[], "text", 7, True])
async def test_a_connection_init_with_a_strange_payload_closes_with_4400(payload):
    async with running_toy(Toy()) as running, running.connect() as connection:
        ws = ToySocket(connection)
        await ws.send({"type": "connection_init", "payload": payload})

        assert (await ws.closed())[0] == 4400


async def test_a_connection_init_without_payload_is_anonymous():
    async with running_toy(Toy()) as running, running.connect() as connection:
        ws = ToySocket(connection)
        await ws.send({"type": "connection_init", "payload": None})

        assert (await ws.receive())["type"] == "connection_ack"


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([{"id": "1", "type": "subscribe", "payload": {"query": "{ hello }"}}], 4401),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
    ],
)
async def test_the_order_of_messages_is_kept(frames, code):
    async with running_toy(Toy()) as running, running.connect() as connection:
        ws = ToySocket(connection)
        for frame in frames:
            await ws.send(frame)

        assert (await ws.closed())[0] == code


async def test_an_id_that_is_in_use_closes_with_4409():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.subscribe("1", "subscription { silence }")
        await ws.subscribe("1", "subscription { silence }")

        assert (await ws.closed())[0] == 4409


async def test_a_client_that_never_says_connection_init_is_closed():
    toy = Toy(options={"init_within": timedelta(milliseconds=50)})
    async with running_toy(toy) as running, running.connect() as connection:
        assert (await ToySocket(connection).closed())[0] == 4408


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["made-up"]])
async def test_other_subprotocols_are_refused(subprotocols):
    async with running_toy(Toy()) as running:
        url = f"ws://127.0.0.1:{running.port}/graphql"
        async with websockets.connect(url, subprotocols=subprotocols) as connection:
            assert (await ToySocket(connection).closed())[0] == 4406


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [(None, True), ("https://app.example.com", True), ("https://evil.example.com", False), ("null", False)],
)
async def test_pages_of_other_origins_stay_out(origin, is_let_in):
    toy = Toy(options={"allowed_origins": ("https://app.example.com",)})
    async with running_toy(toy) as running:
        if is_let_in:
            async with running.session(origin=origin) as ws:
                assert ws.ack["type"] == "connection_ack"
        else:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await running.connect(origin=origin)
            assert refused.value.response.status_code == 403


async def test_a_frame_that_is_too_large_closes_the_connection():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.send(json.dumps({"type": "ping", "payload": {"x": "x" * MAX_WEBSOCKET_MESSAGE}}))

        assert (await ws.closed())[0] == 1009


async def test_a_ping_is_answered():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.send({"type": "ping"})

        assert await ws.receive() == {"type": "pong"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_VALIDATION_FAILED"),
        ("{ missing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count tick }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { count(to: 99999999999) }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($to: Int!) { count(to: $to) }", "BAD_USER_INPUT"),
        ("fragment F on Query { hello }", "BAD_USER_INPUT"),
        ("{ items(first: 10000) { nodes { name } } }", "COST_LIMIT_EXCEEDED"),
        ("{ x" + "y" * 50_000 + " }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_refused_operation_is_an_error_and_the_connection_goes_on(query, code):
    async with running_toy(Toy()) as running, running.session() as ws:
        with capture_logs() as logs:
            await ws.subscribe("1", query)
            refused = await ws.receive()
            await ws.subscribe("2", "{ hello }")
            answered = await ws.receive()

    assert (refused["id"], refused["type"]) == ("1", "error")
    assert {error["extensions"]["code"] for error in refused["payload"]} == {code}
    assert all(error["extensions"]["requestId"] for error in refused["payload"])
    assert "did you mean" not in json.dumps(refused).lower()
    assert answered["payload"]["data"] == {"hello": "Hello, world!"}
    assert [line for line in logs if line["log_level"] == "error"] == []


async def test_a_stream_that_breaks_is_masked_and_completed():
    async with running_toy(Toy()) as running, running.session() as ws:
        with capture_logs() as logs:
            await ws.subscribe("1", "subscription { crashAfter(events: 1) }")
            frames = [await ws.receive() for _ in range(3)]

    (error,) = frames[1]["payload"]["errors"]
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert [frame["type"] for frame in frames] == ["next", "next", "complete"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in json.dumps(frames)
    assert line["request_id"] == error["extensions"]["requestId"]


async def test_an_event_with_a_broken_field_does_not_end_the_stream():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.subscribe("1", "subscription { parts { name broken } }")
        frames = [await ws.receive() for _ in range(3)]

    assert [frame["type"] for frame in frames] == ["next", "next", "complete"]
    assert [frame["payload"]["errors"][0]["extensions"]["code"] for frame in frames[:2]] == ["INTERNAL", "INTERNAL"]
    assert "hunter2" not in json.dumps(frames)


async def test_a_context_that_is_refused_is_an_error_of_its_operation():
    async with running_toy(Toy(context_error=Forbidden("Suspended."))) as running, running.session() as ws:
        await ws.subscribe("1", "{ hello }")

        frame = await ws.receive()

    assert frame["type"] == "error"
    assert frame["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_result_that_json_cannot_hold_is_masked():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.subscribe("1", "{ notJson }")
        frame = await ws.receive()
        await ws.subscribe("1", "{ hello }")
        again = await ws.receive()

    assert frame["payload"][0]["extensions"]["code"] == "INTERNAL"
    assert again["payload"]["data"] == {"hello": "Hello, world!"}


async def test_completing_an_operation_stops_it_and_frees_its_id():
    toy = Toy()
    async with running_toy(toy) as running, running.session() as ws:
        await ws.subscribe("1", TICKS)
        await ws.receive()
        await ws.send({"id": "1", "type": "complete"})
        await eventually(lambda: toy.log.streams_closed == 1)
        await ws.subscribe("1", "subscription { count(to: 1) }")
        received = [await ws.receive()]
        while "count" not in (received[-1].get("payload") or {}).get("data", {}):
            received.append(await ws.receive())

    assert all(frame["type"] == "next" for frame in received)


async def test_an_unknown_id_may_be_completed():
    async with running_toy(Toy()) as running, running.session() as ws:
        await ws.send({"id": "nothing", "type": "complete"})
        await ws.send({"type": "ping"})

        assert await ws.receive() == {"type": "pong"}


async def test_a_client_that_leaves_stops_its_operations():
    toy = Toy()
    async with running_toy(toy) as running:
        async with running.session() as ws:
            await ws.subscribe("1", "subscription { silence }")
            await ws.subscribe("2", TICKS)
            await eventually(lambda: toy.log.streams_open == 2)

        await eventually(lambda: toy.log.streams_closed == 2)
        await eventually(lambda: len(running.endpoint.connections) == 0)


async def test_one_connection_runs_only_so_many_operations():
    toy = Toy(options={"operations_per_connection": 2})
    async with running_toy(toy) as running, running.session() as ws:
        for id in ("1", "2", "3"):
            await ws.subscribe(id, "subscription { silence }")

        refused = await ws.receive()

    assert (refused["id"], refused["type"]) == ("3", "error")
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_one_principal_holds_only_so_many_connections():
    toy = Toy(options={"connections": Connections(per_principal=1)})
    async with running_toy(toy) as running, running.session("ada"):
        async with running.session("bob") as other:
            assert other.ack["type"] == "connection_ack"
        async with running.connect() as connection:
            ws = ToySocket(connection)
            await ws.send({"type": "connection_init", "payload": {"token": "ada"}})

            assert (await ws.closed())[0] == 4429


async def test_a_stream_ends_when_its_token_expires():
    toy = Toy(expires_at=datetime.now(UTC) + timedelta(seconds=1))
    async with running_toy(toy) as running, running.session() as ws:
        await ws.subscribe("1", TICKS)
        assert (await ws.receive())["type"] == "next"

        code, reason = await ws.closed()

    assert (code, reason) == (4403, "The access token has expired. Connect again with a new one.")
    assert datetime.now(UTC) >= toy.expires_at
    assert toy.log.streams_closed == 1


async def test_ending_a_principal_ends_its_connections_alone():
    async with running_toy(Toy()) as running, running.session("ada") as ada, running.session("bob") as bob:
        await running.endpoint.connections.close_subjects(lambda subject: subject == "ada", "You were signed out.")

        assert await ada.closed() == (4403, "You were signed out.")
        await bob.send({"type": "ping"})
        assert await bob.receive() == {"type": "pong"}


async def test_stopping_the_server_tells_clients_to_come_back():
    toy = Toy()
    async with running_toy(toy) as running, running.session() as ws:
        await ws.subscribe("1", "subscription { silence }")
        await eventually(lambda: toy.log.streams_open == 1)

        running.server.should_exit = True
        code, reason = await ws.closed()

    assert code == 1012
    assert "Connect again" in reason
    assert toy.log.streams_closed == 1


async def test_a_draining_process_lets_nobody_in():
    async with running_toy(Toy()) as running:
        await running.endpoint.connections.drain()

        with pytest.raises(websockets.InvalidStatus):
            await running.connect()


async def test_a_client_that_does_not_read_stalls_its_stream_and_can_still_be_ended():
    toy = Toy()
    async with running_toy(toy) as running, running.session(max_queue=1, close_timeout=0.1) as ws:
        await ws.subscribe("1", "subscription { tick(seconds: 0) }")
        ticks = -1
        async with asyncio.timeout(PATIENCE_SECONDS):
            while toy.log.ticks != ticks:
                ticks = toy.log.ticks
                await asyncio.sleep(0.2)
            await running.endpoint.connections.close_subjects(lambda subject: subject == "ada", "You were signed out.")

        await eventually(lambda: toy.log.streams_closed == 1)
        assert toy.log.ticks == ticks
