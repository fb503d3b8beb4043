"""Finds what follows from what a provider sent."""

from collections.abc import Awaitable, Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from documents.received_event import ReceivedEvent
from domain.facts.provider import Provider
from jobs import incoming
from jobs.context import JobContext

# Told twice of one event it changes nothing the second time.
Handle = Callable[[JobContext, ReceivedEvent, Any], Awaitable[None]]


@cache
def handler_of(provider: Provider) -> Handle | None:
    """`handle(context, received, body)` of `jobs/incoming/<provider>.py`; None for providers that detectors read."""
    name = f"{incoming.__name__}.{provider.value.lower()}"
    if find_spec(name) is None:
        return None
    handle: Handle = import_module(name).handle
    return handle
