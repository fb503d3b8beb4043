"""Calls a root field as somebody, and says in a word how far they got."""

import asyncio
import re
from contextlib import aclosing
from typing import Any

import orjson

from tests.contract.graph_walk import RootField
from tests.factories.graph import Graph, messages, socket, subscribe

# How much later than another operation, which is sent after it, a refusal may arrive.
SILENT_AFTER = 0.3
# What differs from answer to answer: ids and budgets of requests, and the instants at which something was worked out.
_VOLATILE = re.compile(r'"(requestId|available|asOf)":("[^"]*"|\d+|null)')


async def answer(graph: Graph, token: str | None, field: RootField, ids: dict[Any, Any]) -> str:
    """What the field says, without what differs from request to request."""
    document, variables = field.call(ids)
    if field.operation == "subscription":
        said = await _first_message(graph, token, document, variables)
    else:
        said = orjson.dumps(await graph.send(document, token, **variables)).decode()
    # Refused before anything was asked: that would say nothing of what is asked.
    assert '"code":"GRAPHQL_VALIDATION_FAILED"' not in said, said
    return _VOLATILE.sub("", said)


async def _first_message(graph: Graph, token: str | None, document: str, variables: dict[str, Any]) -> str:
    async with socket(graph.address, token) as opened:
        await subscribe(opened, document, **variables)
        # However busy the machine: silent is what has said nothing when a later operation has been answered.
        await subscribe(opened, "{ __typename }", id="later")
        async with aclosing(messages(opened)) as received:
            message = await anext(received)
            while message["id"] == "later" and message["type"] != "complete":
                message = await anext(received)
            try:
                async with asyncio.timeout(SILENT_AFTER):
                    while message["id"] == "later":
                        message = await anext(received)
            except TimeoutError:
                return "silence"
        return orjson.dumps(message["payload"]).decode()


def outcome(said: str) -> str:
    """refused: at the gate or for want of a right; anonymous: for want of a sign-in; else passed."""
    if '"code":"UNAUTHENTICATED"' in said:
        return "anonymous"
    assert '"code":"INTERNAL"' not in said, said
    return "refused" if '"code":"FORBIDDEN"' in said else "passed"
