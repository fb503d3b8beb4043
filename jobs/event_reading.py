"""Turns a stored message into events, or into a sentence that says why it cannot be read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import orjson
import structlog

from connectors import events as parsers
from connectors.events.reading import UNDATED, without_secrets
from documents.received_event import ReceivedEvent
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import ProviderEvent

log = structlog.get_logger()

Parse = Callable[[str, Any], tuple[ProviderEvent, ...]]
NO_JSON = "It is not JSON."
# Shown instead of what a defect of ours says; the log has that.
DEFECT = "It could not be read because of an error of ours, which is logged."


@dataclass(frozen=True, slots=True)
class Read:
    """One stored message and what it says; `problem` is why it says nothing.

    `clean` is what is kept of a body that holds secrets, None where it holds none.
    """

    received: ReceivedEvent
    events: tuple[ProviderEvent, ...] = ()
    problem: str | None = None
    clean: str | None = None


@cache
def parser_of(provider: Provider) -> Parse | None:
    """`parse_events` of `connectors/events/<provider>.py`; None for providers whose events nobody reads."""
    name = f"{parsers.__name__}.{provider.value.lower()}"
    if find_spec(name) is None:
        return None
    parse: Parse = import_module(name).parse_events
    return parse


def read_message(received: ReceivedEvent) -> Read:
    """What a stored message says. An event without an id or time has those of the message. Never raises."""
    parse = parser_of(received.provider)
    if parse is None:
        return Read(received, problem=f"There is no reader for events of {received.provider.value}.")
    clean = None
    try:
        body = orjson.loads(received.body)
        clean = _clean(body)
        found = parse(received.kind, body)
    except orjson.JSONDecodeError:
        return Read(received, problem=NO_JSON)
    except Misshapen as error:
        return Read(received, problem=error.message, clean=clean)
    except Exception:  # one message must never hold up the others, whatever a parser stumbles over
        log.exception("event_unreadable", received=str(received.id))
        return Read(received, problem=DEFECT, clean=clean)
    return Read(received, tuple(_completed(event, received) for event in found), clean=clean)


def _clean(body: Any) -> str | None:
    hidden = without_secrets(body)
    return None if hidden == body else orjson.dumps(hidden).decode()


def _completed(event: ProviderEvent, received: ReceivedEvent) -> ProviderEvent:
    missing: dict[str, Any] = {}
    if not event.id:
        missing["id"] = received.event_id
    if event.at == UNDATED:
        missing["at"] = received.sent_at or received.received_at
    return event.model_copy(update=missing) if missing else event
