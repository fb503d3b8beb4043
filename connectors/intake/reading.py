"""Reads what providers write, and refuses what they would not have written. Nothing here proves anything."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from connectors.intake.receiver import Incoming, Refusal

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, METHOD_NOT_ALLOWED = 400, 401, 403, 405
# Of an event's id. Those of the providers are UUIDs or numbers; AWS promises no more than text.
LONGEST_ID = 256
# No event is called by more.
LONGEST_NAME = 100
# Clocks differ.
AHEAD = timedelta(minutes=5)


def json_in(text: bytes | str, what: str = "The body") -> Any:
    """Raises Refusal (400) for what is not JSON."""
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise Refusal(BAD_REQUEST, f"{what} is not JSON.") from error


def object_in(text: bytes | str, what: str = "The body") -> dict[str, Any]:
    """Raises Refusal (400) for what is not a JSON object."""
    return as_object(json_in(text, what), what)


def as_object(value: Any, what: str) -> dict[str, Any]:
    """Raises Refusal (400) for what is not a JSON object."""
    if not isinstance(value, dict):
        raise Refusal(BAD_REQUEST, f"{what} is not an object.")
    return value


def text_of(fields: Mapping[str, Any], name: str, longest: int | None = None) -> str:
    """A field that must be text and not empty. Raises Refusal (400)."""
    found = fields.get(name)
    if not isinstance(found, str) or not found or (longest is not None and len(found) > longest):
        raise Refusal(BAD_REQUEST, f"{name} is missing, or not what it should be.")
    return found


def name_of(fields: Mapping[str, Any], name: str) -> str:
    """What an event is called. Raises Refusal (400)."""
    return text_of(fields, name, LONGEST_NAME)


def id_of(fields: Mapping[str, Any], name: str) -> str:
    return text_of(fields, name, LONGEST_ID)


def instant_of(fields: Mapping[str, Any], name: str) -> datetime:
    """A moment with its offset, in UTC and to the millisecond. Raises Refusal (400)."""
    text = text_of(fields, name, LONGEST_ID)
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise ValueError("no offset")
        at = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal(BAD_REQUEST, f"{name} is no moment.") from error
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def check_age(at: datetime, now: datetime, oldest: timedelta) -> None:
    """Raises Refusal (403) for what was sent longer ago, or is of a time to come."""
    if now - at > oldest:
        raise Refusal(FORBIDDEN, f"It was sent more than {oldest} ago.")
    if at - now > AHEAD:
        raise Refusal(FORBIDDEN, "It was sent at a time to come.")


def only_post(incoming: Incoming) -> None:
    """Raises Refusal (405) for every other method."""
    if incoming.method != "POST":
        raise Refusal(METHOD_NOT_ALLOWED, f"{incoming.method} is not how events come.")
