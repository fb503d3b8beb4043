"""Event hooks of Okta: a challenge once, then a shared secret in a header. Source: Okta, "Event hooks".

Nothing is signed: whoever knows the secret is believed. Each event has an id of its own.
"""

from datetime import datetime, timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from connectors.intake.proof import require_equal, secret_of
from connectors.intake.reading import LONGEST_NAME, object_in, only_post
from connectors.intake.receiver import Endpoint, Incoming, Receiver, Refusal, Surroundings, Taken, TakenMessage
from domain.facts.intake import IntakeWay

# What Okta sends is a few dozen letters.
LONGEST_CHALLENGE = 500
# Okta tries twice, at once; what is a day old was kept by somebody else.
OLDEST = timedelta(days=1)
MOST_EVENTS = 1000


class _Event(BaseModel):
    uuid: str = Field(min_length=1, max_length=LONGEST_NAME)
    published: AwareDatetime | None = None


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """The answer to the challenge, or one message for each event, in the shape of the system log."""
    if incoming.method == "GET":
        return _answered(incoming)
    only_post(incoming)
    require_equal(incoming.headers.get(endpoint.settings.header.lower()), secret_of(endpoint), "shared secret")
    return Taken(_messages(object_in(incoming.body), around.now), status=200, is_confirmed=True)


def _answered(incoming: Incoming) -> Taken:
    challenge = incoming.headers.get("x-okta-verification-challenge", "")
    if not 0 < len(challenge) <= LONGEST_CHALLENGE or not challenge.isascii() or not challenge.isprintable():
        raise Refusal(400, "there is no challenge")
    return Taken(status=200, body={"verification": challenge})


def _messages(body: dict[str, Any], now: datetime) -> tuple[TakenMessage, ...]:
    data = body.get("data")
    events = data.get("events") if isinstance(data, dict) else None
    if not isinstance(events, list) or not 0 < len(events) <= MOST_EVENTS:
        raise Refusal(400, "there are no events")
    return tuple(_message(event, now) for event in events)


def _message(event: Any, now: datetime) -> TakenMessage:
    try:
        known = _Event.model_validate(event)
    except ValidationError:
        raise Refusal(400, "an event has no uuid or no time that can be read") from None
    if known.published is not None and abs(now - known.published) > OLDEST:
        raise Refusal(400, "an event is more than a day old")
    return TakenMessage(id=known.uuid, kind="system_log", body=event, sent_at=known.published)


RECEIVER = Receiver(way=IntakeWay.OKTA_EVENT_HOOK, receive=receive)
