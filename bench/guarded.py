"""`python -m bench guard`: what the guard costs a call, next to the same call without it.

The call is one GET to a small HTTP server on loopback, and an empty one, which shows the guard alone. Guarded by one
process, guarded with Redis, and not at all, in turn and in several rounds; eight at once, as a sync does.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from app.embedded.servers import EmbeddedServers
from bench.measure import Spread, shown, table
from bench.results import save
from connectors.guard import Guard, Guards
from connectors.limits import Limit
from connectors.rest.client import open_http
from domain.facts.provider import Provider

AT_ONCE = 8
# No limit and a breaker: what is measured is asking, not waiting.
FREE = Limit(rate=1e9, burst=1_000_000, concurrency=AT_ONCE)
BUILDS = ("no guard", "guard, one process", "guard, Redis")
Send = Callable[[], Awaitable[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, EmbeddedServers(Path(name)) as servers:
        rounds = asyncio.run(_measured(servers.urls.redis_url or "", arguments.calls, arguments.rounds))
    save("guard", {"cores": os.cpu_count(), "calls": arguments.calls, "rounds": rounds})
    for call in ("GET on loopback", "empty call"):
        print(f"\n{call}, microseconds each, {AT_ONCE} at once\n{_table([one[call] for one in rounds])}", flush=True)


def _table(rounds: list[dict[str, float]]) -> str:
    bare = Spread.of([one[BUILDS[0]] for one in rounds]).median
    spreads = {name: Spread.of([one[name] for one in rounds]) for name in BUILDS}
    rows = [[name, str(spread), shown(spread.median / bare)] for name, spread in spreads.items()]
    return table(["build", "µs", "times the bare call"], rows)


async def _measured(redis_url: str, calls: int, rounds: int) -> list[dict[str, dict[str, float]]]:
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(Redis.from_url(redis_url))
        http = await stack.enter_async_context(open_http(allow_private=True))
        server = await asyncio.start_server(_serve, "127.0.0.1", 0)
        stack.callback(server.close)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        sends: dict[str, Send] = {"GET on loopback": lambda: http.get(url), "empty call": _nothing}
        guards: dict[str, Guard | None] = {
            BUILDS[0]: None,
            BUILDS[1]: _guard(Guards(limits=lambda *_: FREE)),
            BUILDS[2]: _guard(Guards(redis, limits=lambda *_: FREE)),
        }
        await _round(sends, guards, 100)
        return [await _round(sends, guards, calls) for _ in range(rounds)]


async def _round(sends: dict[str, Send], guards: dict[str, Guard | None], calls: int) -> dict[str, dict[str, float]]:
    return {
        call: {name: await _microseconds(guard, send, calls) for name, guard in guards.items()}
        for call, send in sends.items()
    }


async def _microseconds(guard: Guard | None, send: Send, calls: int) -> float:
    async def some() -> None:
        for _ in range(calls // AT_ONCE):
            if guard is None:
                await send()
            else:
                await guard.call("ec2", "DescribeVolumes", send)

    started = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return (time.perf_counter() - started) / calls * 1e6


def _guard(guards: Guards) -> Guard:
    return guards.of(Provider.AWS, "bench")(lambda *_: None)


async def _nothing() -> None:
    """An answer that takes no time."""


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
