"""What stands at the other end of the webhooks: it records, and now and then fails in every way a receiver can."""

import asyncio
import hashlib
import hmac
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import orjson

# Of each request: how likely the receiver answers 500, hangs up without an answer, or takes its time.
ERRORS, HANG_UPS, SLOW = 0.05, 0.03, 0.02
SLOW_SECONDS = 1.0
HEAD_END = b"\r\n\r\n"


@dataclass
class Recorder:
    """`taken` counts the messages by place and id that were answered with success; `strangers` were for another place.

    `secrets` holds the signing secret of each place, `forged` counts what it did not sign.
    """

    chance: random.Random
    secrets: dict[str, str] = field(default_factory=dict)
    taken: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    titles: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    sequences: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    strangers: int = 0
    forged: int = 0
    refused: int = 0
    port: int = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def address(self, org_id: str) -> str:
        return f"http://127.0.0.1:{self.port}/{org_id}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(HEAD_END)
                await self._take(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _take(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        place = first.split(" ")[1].strip("/")
        luck = self.chance.random()
        if luck < ERRORS:
            self.refused += 1
            writer.write(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")
            return
        if luck < ERRORS + HANG_UPS:
            self.refused += 1
            raise ConnectionResetError
        if luck < ERRORS + HANG_UPS + SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        self._record(place, headers, body)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    def _record(self, place: str, headers: dict[str, str], body: bytes) -> None:
        signed = headers["cloudwatcher-timestamp"].encode() + b"." + body
        right = "v1=" + hmac.new(self.secrets[place].encode(), signed, hashlib.sha256).hexdigest()
        self.forged += right not in headers["cloudwatcher-signature"].split(",")
        told = orjson.loads(body)
        self.strangers += told["organizationId"] != place
        self.taken[place][told["id"]] += 1
        self.sequences[place][told["sequence"]] = told["id"]
        if told["type"] == "AlertRaised":
            self.titles[place][told["id"]] = told["data"]["title"]
