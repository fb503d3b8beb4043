"""Bytes over a socket, for what no HTTP client would send."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

PATIENCE = 20


class RawConnection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def head(self) -> tuple[int, dict[str, str]]:
        """(status, headers) of an answer."""
        async with asyncio.timeout(PATIENCE):
            text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = text.split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        return int(status.split()[1]), headers

    async def is_closed(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read() == b""


@asynccontextmanager
async def raw(address: str) -> AsyncIterator[RawConnection]:
    """A connection to a server given by its URL."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()


def status_of(answer: bytes) -> int:
    """The status of the first answer among the bytes; 0 for none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
