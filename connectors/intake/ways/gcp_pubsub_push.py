"""Events of Google Cloud that Pub/Sub posts to us, proven by the token of the service account that pushes.

Source: cloud.google.com/pubsub/docs/authenticate-push-subscriptions and /push.
"""

from datetime import timedelta
from typing import Any

from connectors.intake import token
from connectors.intake.keys import moved
from connectors.intake.pubsub_message import decoded, message_of, project_of
from connectors.intake.reading import (
    BAD_REQUEST,
    FORBIDDEN,
    UNAUTHORIZED,
    as_object,
    check_age,
    id_of,
    instant_of,
    object_in,
    only_post,
    text_of,
)
from connectors.intake.receiver import (
    Endpoint,
    Incoming,
    Receiver,
    Refusal,
    Surroundings,
    Taken,
)
from connectors.intake.token import Expected
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import PubsubPushSettings

AUTHORITY = "google"
KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs"
ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
# The longest that Google's tokens are valid.
OLDEST_TOKEN = timedelta(hours=1)
# A subscription keeps what could not be delivered for 31 days at most.
OLDEST = timedelta(days=31)
# The data in base64, and the little that stands around it.
MOST_BYTES = 1536 * 1024


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """Raises Refusal for what is not proven or of another subscription, Unavailable without keys to tell."""
    only_post(incoming)
    settings: PubsubPushSettings = endpoint.settings
    await _prove(incoming, settings, around)
    envelope = object_in(incoming.body)
    if text_of(envelope, "subscription") != settings.subscription:
        raise Refusal(FORBIDDEN, "It is of another subscription.")
    if project_of(settings.subscription) not in endpoint.accounts:
        raise Refusal(FORBIDDEN, "Its subscription is of a project that is not connected.")
    message = as_object(envelope.get("message"), "The message")
    at = instant_of(message, "publishTime")
    check_age(at, around.now, OLDEST)
    id = id_of(message, "messageId")
    taken = message_of(id, _data(message), _attributes(message), at, settings.subscription)
    return Taken(messages=(taken,), is_confirmed=True)


async def _prove(incoming: Incoming, settings: PubsubPushSettings, around: Surroundings) -> None:
    expected = Expected(
        keys_url=moved(KEYS_URL, around.authorities.get(AUTHORITY)),
        issuers=ISSUERS,
        audience=settings.audience or incoming.url.partition("?")[0],
        oldest=OLDEST_TOKEN,
    )
    claims = await token.proven_claims(incoming, expected, around)
    if claims.get("email") != settings.service_account or claims.get("email_verified") is not True:
        raise Refusal(UNAUTHORIZED, "The token is of another service account.")


def _data(message: dict[str, Any]) -> bytes:
    """A message of attributes alone has none."""
    found = message.get("data", "")
    if not isinstance(found, str):
        raise Refusal(BAD_REQUEST, "The data is not text.")
    return decoded(found)


def _attributes(message: dict[str, Any]) -> dict[str, str]:
    found = as_object(message.get("attributes") or {}, "The attributes")
    if not all(isinstance(value, str) for value in found.values()):
        raise Refusal(BAD_REQUEST, "An attribute is not text.")
    return found


RECEIVER = Receiver(
    way=IntakeWay.GCP_PUBSUB_PUSH, receive=receive, most_bytes=MOST_BYTES, has_secret=False, makes_secret=False
)
