"""Traces on their way to a collector: a real process, a real exporter, and a server that takes what it is sent."""

import asyncio
import os
import sys

import pytest

from app import tracing
from app.settings import Settings
from domain.errors import Invalid

PROGRAM = """
import asyncio
from app.settings import Settings
from app.tracing import start_tracing
from connectors.guard import Guards
from domain.facts.provider import Provider

async def main():
    async def send():
        return "an answer that is nobody's business"
    await Guards().of(Provider.AWS, "an account")(lambda *_: None).call("s3", "ListBuckets", send)

start_tracing(Settings(), "worker")
asyncio.run(main())
"""


async def test_spans_of_a_process_reach_the_collector_when_it_ends():
    bodies: list[bytes] = []
    heads: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        heads.append(head)
        bodies.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    variables = {**os.environ, "CLOUDWATCHER_OTEL_ENDPOINT": url, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=variables)
    async with asyncio.timeout(60):
        assert await process.wait() == 0
    server.close()
    await server.wait_closed()

    sent = b"".join(bodies)
    assert heads[0].startswith(b"POST /v1/traces ")
    for part in (b"cloudwatcher-worker", b"s3 ListBuckets", b"cloudwatcher.outcome", b"answered"):
        assert part in sent
    assert b"nobody" not in sent
    assert b"an account" not in sent


def test_without_the_libraries_the_start_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(tracing, "find_spec", lambda name: None)
    settings = Settings().model_copy(update={"otel_endpoint": "http://127.0.0.1:4318"})

    with pytest.raises(Invalid, match="install the extra `tracing`"):
        tracing.start_tracing(settings, "web")


def test_without_a_collector_nothing_is_asked_for(monkeypatch):
    def never(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(tracing, "find_spec", never)

    tracing.start_tracing(Settings().model_copy(update={"otel_endpoint": None}), "web")
