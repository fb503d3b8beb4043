"""The guard before a real HTTP server that throttles, hangs and breaks: many accounts, and everything is read."""

import asyncio
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from connectors.guard import Guards
from connectors.guarding import patience
from connectors.limits import Limit
from connectors.reading.listing import Operation
from connectors.rest.client import RestClient, Vendor, open_http, translate
from connectors.rest.paging import Reply, Request
from domain.errors import Unavailable
from domain.facts.provider import Provider

GET = Operation(name="GET /things/{number}", service="things", permissions=())
Handler = Callable[[str], tuple[int, dict[str, str]]]


@asynccontextmanager
async def serving(answer: Handler) -> AsyncIterator[str]:
    """A small HTTP server; `answer` says status and headers for an account, 0 is silence."""

    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.add(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                account = head.decode().partition("x-account: ")[2].partition("\r\n")[0]
                status, headers = answer(account)
                if not status:
                    await asyncio.Event().wait()
                told = {"content-type": "application/json", "content-length": "2", **headers}
                lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
                writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n{{}}".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


def last_page(_: Request, __: Reply) -> None:
    return None


def client(http, guards: Guards, url: str, account: str) -> RestClient:
    async def authorize() -> dict[str, str]:
        return {"x-account": account}

    guard = guards.of(Provider.GITHUB, account)(translate)
    return RestClient(http, guard, Vendor(name="Storm", base_url=url, next_page=last_page, authorize=authorize))


async def read(client: RestClient, count: int) -> int:
    """How many of `count` things were read."""

    async def one(number: int) -> int:
        return len([page async for page in client.pages(GET, {"number": number})])

    return sum(await asyncio.gather(*(one(number) for number in range(count))))


async def test_a_storm_of_429_ends_with_everything_read_and_no_account_over_its_limit(servers):
    """Forty accounts on two processes, a server that is stricter than the table says, and no call is lost."""
    accounts, things, strict = 40, 6, 10
    taken: defaultdict[str, list[float]] = defaultdict(list)
    refused: Counter[str] = Counter()

    def answer(account: str) -> tuple[int, dict[str, str]]:
        now, recent = time.monotonic(), taken[account]
        if sum(at > now - 1 for at in recent) >= strict // 2:
            refused[account] += 1
            return 429, {"retry-after": "1"}
        recent.append(now)
        return 200, {}

    storm = uuid.uuid4().hex
    limit = Limit(rate=strict, burst=strict, attempts=8)
    redis = [Redis.from_url(servers.redis_url) for _ in range(2)]
    processes = [Guards(each, limits=lambda *_: limit) for each in redis]
    async with serving(answer) as url, open_http(allow_private=True) as http:
        read_of = await asyncio.gather(
            *(
                read(client(http, guards, url, f"{storm}-{number}"), things)
                for number in range(accounts)
                for guards in processes
            )
        )
    for each in redis:
        await each.aclose()

    assert read_of == [things] * (2 * accounts)
    assert sum(refused.values()) > 0
    # Twelve things each, five let through in a second. Without slowing down together, eight tries of sixteen places
    # would have knocked far more often than the calls there were.
    assert max(refused.values()) <= 2 * things


async def test_a_connection_that_hangs_is_given_up_and_then_the_service_is_left_alone():
    asked = 0

    def answer(_: str) -> tuple[int, dict[str, str]]:
        nonlocal asked
        asked += 1
        return 0, {}

    limit = Limit(timeout=timedelta(seconds=1.5), attempts=1, failures=3)
    guards = Guards(limits=lambda *_: limit)
    async with serving(answer) as url, open_http(allow_private=True) as http:
        hanging = client(http, guards, url, "account")
        started = time.monotonic()
        errors = [await outcome(hanging, number) for number in range(5)]
        took = time.monotonic() - started

    assert [error.retry_after is not None for error in errors] == [False, False, False, True, True]
    assert asked == 3
    assert 4.5 <= took < 9


async def outcome(client: RestClient, number: int) -> Unavailable:
    with pytest.raises(Unavailable) as raised:
        await read_one(client, number)
    return raised.value


async def read_one(client: RestClient, number: int) -> list[object]:
    return [page async for page in client.pages(GET, {"number": number})]


async def test_a_server_that_breaks_now_and_then_is_read_whole(monkeypatch):
    monkeypatch.setattr(patience, "FIRST_PAUSE", timedelta(milliseconds=10))
    asked = 0

    def answer(_: str) -> tuple[int, dict[str, str]]:
        nonlocal asked
        asked += 1
        return (503, {}) if asked % 3 == 0 else (200, {})

    # Which call meets the third answer is chance: with six tries one of sixty now and then met it six times.
    guards = Guards(limits=lambda *_: Limit(attempts=12))
    async with serving(answer) as url, open_http(allow_private=True) as http:
        assert await read(client(http, guards, url, "account"), 60) == 60
