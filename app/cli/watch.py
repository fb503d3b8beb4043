"""`cloudwatcher watch`: live alerts in the terminal over the real subscription, resumed after a drop."""

import asyncio
import random
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx2
import orjson
import typer
from pydantic import SecretStr
from rich.console import Console
from rich.text import Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from app.cli.client import GraphClient

WATCH = """
subscription Watch($after: Cursor) {
  alertRaised(after: $after) {
    ... on AlertRaised { cursor at alert { severity title message source } }
    ... on StreamReset { cursor reason }
  }
}
"""
CURSOR = "query Now { liveCursor }"
COLOURS = {
    "CRITICAL": "bold white on red",
    "HIGH": "bold red",
    "MEDIUM": "yellow",
    "LOW": "cyan",
    "INFORMATIONAL": "dim",
}
LONGEST_PAUSE = 10.0


class Watcher:
    """`after` is the cursor to go on from; it moves with every message shown."""

    def __init__(self, url: str, email: str, password: SecretStr, console: Console) -> None:
        self._graph = GraphClient(url)
        self._email = email
        self._password = password
        self._console = console
        self.after: str | None = None
        self.shown = 0

    async def sign_in(self) -> str:
        """A fresh access token. Raises CloudWatcherError when the address, the password or a code is wrong."""
        return await self._graph.sign_in(self._email, self._password, _ask_code)

    async def now(self, token: str) -> str:
        """The cursor of this moment."""
        cursor: str = (await self._graph.ask(CURSOR, {}, token))["liveCursor"]
        return cursor

    async def follow(self, token: str, count: int) -> None:
        """Show alerts until the connection drops or `count` were shown."""
        parts = urlsplit(self._graph.url)
        address = urlunsplit(
            ("wss" if parts.scheme == "https" else "ws", parts.netloc, f"{parts.path}/graphql", "", "")
        )
        async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]  # any text is one
            await socket.send(orjson.dumps({"type": "connection_init", "payload": {"accessToken": token}}).decode())
            async for frame in socket:
                message = orjson.loads(frame)
                if message["type"] == "connection_ack":
                    start = {"query": WATCH, "variables": {"after": self.after}}
                    await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": start}).decode())
                elif message["type"] == "ping":
                    # It may carry where the feed stands, also when there was no alert yet.
                    self.after = message.get("payload", {}).get("cursor", self.after)
                    await socket.send('{"type":"pong"}')
                elif message["type"] == "next":
                    self._show(message["payload"])
                elif message["type"] in ("error", "complete"):
                    return
                if count and self.shown >= count:
                    return

    def _show(self, payload: dict[str, Any]) -> None:
        for error in payload.get("errors", []):
            self._console.print(f"[red]{error['message']}[/red]")
        item = (payload.get("data") or {}).get("alertRaised")
        if item is None:
            return
        self.after = item["cursor"]
        if "reason" in item:
            self._console.print(f"[yellow]The feed began anew: {item['reason']}[/yellow]")
            return
        alert = item["alert"]
        line = Text(f"{item['at'][11:19]} ")
        line.append(f" {alert['severity']:<8} ", style=COLOURS.get(alert["severity"], ""))
        line.append(f" {alert['title']}\n", style="bold")
        line.append(f"         {alert['message']}")
        self._console.print(line, soft_wrap=True)
        self.shown += 1


def _ask_code() -> str:
    return str(typer.prompt("Code of your authenticator app, or a recovery code"))


async def run_watch(url: str, email: str, password: SecretStr, *, after: str | None, count: int) -> None:
    """Show alerts until interrupted, or until `count` were shown (0: never)."""
    console = Console()
    watcher = Watcher(url, email, password, console)
    watcher.after = after
    token = await watcher.sign_in()
    watcher.after = after or await watcher.now(token)
    console.print(f"Watching {url} for alerts. Stop with Ctrl-C.")
    failures = 0
    while not count or watcher.shown < count:
        before = watcher.shown
        with suppress(OSError, ConnectionClosed, InvalidHandshake):
            await watcher.follow(token, count)
        failures = 0 if watcher.shown > before else failures + 1
        if not count or watcher.shown < count:
            token = await _reconnected(watcher, console, failures) or token
    console.print(f"Go on later with --after {watcher.after}", highlight=False, soft_wrap=True)


async def _reconnected(watcher: Watcher, console: Console, failures: int) -> str | None:
    pause = min(LONGEST_PAUSE, 0.5 * 2 ** min(failures, 6)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
    console.print("[dim]The connection ended; going on from the last alert…[/dim]")
    await asyncio.sleep(pause)
    try:
        return await watcher.sign_in()
    except (httpx2.HTTPError, ValueError):
        return None
