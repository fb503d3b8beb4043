"""Hands requests to receivers in tests."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.intake.receiver import Incoming, Refusal, Taken
from connectors.intake.registry import receiver_of
from tests.fakes.genuine import BUILDERS, Genuine


async def take(genuine: Genuine) -> Taken:
    """What its way takes."""
    return await receiver_of(genuine.endpoint.way).receive(genuine.incoming, genuine.endpoint, genuine.around)


async def refused(genuine: Genuine) -> tuple[int, str]:
    """(status, reason) of what its way refuses."""
    with pytest.raises(Refusal) as caught:
        await take(genuine)
    return caught.value.status, caught.value.reason


def sent(genuine: Genuine, incoming: Incoming) -> Genuine:
    """Another request to the same endpoint."""
    return replace(genuine, incoming=incoming)


def with_headers(genuine: Genuine, **headers: str) -> Genuine:
    """The request with other headers, named with underscores."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return sent(genuine, replace(genuine.incoming, headers={**genuine.incoming.headers, **more}))


def genuine_of(way: Any) -> Genuine:
    """The first request of a way."""
    return BUILDERS[way](1)
