"""Calls a root field as somebody, and says in a word how far they got."""

import asyncio
import re
from typing import Any

import orjson

from tests.contract.graph_walk import RootField
from tests.factories.graph import Graph, messages, socket, subscribe

# Longer than a refusal takes to arrive on a machine that is busy.
SILENT_AFTER = 0.5
# What differs from answer to answer: ids and budgets of requests, and the instants at which something was worked out.
_VOLATILE = re.compile(r'"(requestId|available|asOf)":("[^"]*"|\d+|null)')


async def answer(graph: Graph, token: str | None, field: RootField, ids: dict[Any, Any]) -> str:
    """What the field says, without what differs from request to request."""
    document, variables = field.call(ids)
    if field.operation == "subscription":
        said = await _first_message(graph, token, document, variables)
    else:
        said = orjson.dumps(await graph.send(document, token, **variables)).decode()
    return _VOLATILE.sub("", said)


async def _first_message(graph: Graph, token: str | None, document: str, variables: dict[str, Any]) -> str:
    async with socket(graph.address, token) as opened:
        await subscribe(opened, document, **variables)
        try:
            async with asyncio.timeout(SILENT_AFTER):
                return orjson.dumps((await anext(messages(opened)))["payload"]).decode()
        except TimeoutError:
            return "silence"


def outcome(said: str) -> str:
    """refused: at the gate or for want of a right; anonymous: for want of a sign-in; else passed."""
    if '"code":"UNAUTHENTICATED"' in said:
        return "anonymous"
    assert '"code":"INTERNAL"' not in said, said
    assert '"code":"GRAPHQL_VALIDATION_FAILED"' not in said, said
    return "refused" if '"code":"FORBIDDEN"' in said else "passed"
