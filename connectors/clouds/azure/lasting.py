"""Calls that Azure takes and goes on with after it has answered.

Source: "Track asynchronous Azure operations" of Resource Manager, and its REST guidelines for long-running operations.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors.clouds.azure import error as azure_error
from connectors.reading.listing import Answer, Arguments, Operation
from connectors.rest.client import RestClient, detail, request_of, retry_after
from connectors.rest.paging import Reply, Request, followed
from domain.errors import Rejected, Unavailable

# Machines take some minutes. Whoever takes longer is asked for again, which comes to the same.
PATIENCE = timedelta(minutes=10)
# Where Azure does not say when to look again.
EVERY = timedelta(seconds=5)
MOST_LOOKS = 600
DONE, FAILED = "succeeded", frozenset({"failed", "canceled", "cancelled"})
WRITES = frozenset({"PUT", "PATCH"})

# How far it is, by a reply.
State = Callable[[Reply], str]


class Lasting:
    """Makes a call and waits until Azure is done with it."""

    def __init__(
        self, client: RestClient, base_url: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._client, self._base_url, self._sleep = client, base_url, sleep

    async def pages(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """What came of it; no page when the operation's `absent` says so.

        Raises Rejected, with Azure's code, when it failed; Unavailable when it takes too long; other ProviderErrors.
        """
        request = request_of(operation, self._base_url, arguments)
        # Calls that say nothing more than their path have no body.
        request = replace(request, body=request.body or None)
        begun = await self._client.reply(operation, request)
        if not _is_absent(operation, begun):
            ended = await self._ended(operation, request, begun)
            if not _is_absent(operation, ended):
                yield ended.body

    async def _ended(self, operation: Operation, request: Request, begun: Reply) -> Reply:
        status, location = begun.headers.get("azure-asyncoperation"), begun.headers.get("location")
        itself = Request(method="GET", url=request.url)
        if status:
            ended = await self._until_done(operation, _look(request, status), begun, _told)
            if request.method in WRITES:
                return await self._client.reply(operation, itself)
            is_elsewhere = location and location != status and request.method != "DELETE"
            return await self._client.reply(operation, _look(request, str(location))) if is_elsewhere else ended
        if location and begun.status == 202:
            ended = await self._until_done(operation, _look(request, location), begun, _taken)
            is_told = request.method not in WRITES or isinstance(ended.body, dict)
            return ended if is_told else await self._client.reply(operation, itself)
        if request.method in WRITES and _provisioned(begun) != DONE:
            return await self._until_done(operation, itself, begun, _provisioned)
        return begun

    async def _until_done(self, operation: Operation, look: Request, reply: Reply, state: State) -> Reply:
        left = PATIENCE
        for _ in range(MOST_LOOKS):
            asked = retry_after(reply)
            wait = EVERY if asked is None else asked
            if wait > left:
                break
            left -= wait
            await self._sleep(wait.total_seconds())
            reply = await self._client.reply(operation, look)
            now = DONE if _is_absent(operation, reply) else state(reply)
            if now in FAILED:
                raise _failed(operation, reply, now)
            if now == DONE:
                return reply
        minutes = int(PATIENCE.total_seconds() // 60)
        raise Unavailable(
            f"Azure is not done with {operation.name} after {minutes} minutes.", service=operation.service
        )


def _look(request: Request, url: str) -> Request:
    """Raises CutShort for an address on another server: the credentials stay here."""
    return replace(followed(request, url), method="GET", body=None)


def _is_absent(operation: Operation, reply: Reply) -> bool:
    return str(reply.status) in operation.absent or azure_error.code_of(reply) in operation.absent


def _told(reply: Reply) -> str:
    """Of Azure-AsyncOperation: the status is in the body, and an empty answer says that it is done."""
    return str(reply.body.get("status") or DONE).lower() if isinstance(reply.body, dict) else DONE


def _taken(reply: Reply) -> str:
    """Of Location: it is answered as taken for as long as it goes on."""
    return "running" if reply.status == 202 else _provisioned(reply)


def _provisioned(reply: Reply) -> str:
    """Of the thing itself. States without a name of their own, such as Updating, go on."""
    own: Any = reply.body.get("properties") if isinstance(reply.body, dict) else None
    state = own.get("provisioningState") if isinstance(own, dict) else None
    return state.lower() if isinstance(state, str) and state else DONE


def _failed(operation: Operation, reply: Reply, state: str) -> Rejected:
    code = azure_error.code_of(reply) or state
    return Rejected(f"Azure did not do {operation.name} ({code}): {detail(reply)}", service=operation.service)
