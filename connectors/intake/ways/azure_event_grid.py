"""Events of Azure that Event Grid posts to us, in either of its schemas. It signs nothing: a token or secret proves it.

Sources: learn.microsoft.com, Azure Event Grid: "Event Grid event schema", "CloudEvents v1.0 schema", "Webhook event
delivery", "Deliver events to webhooks in different Microsoft Entra tenants"; CloudEvents HTTP 1.1 Web Hooks, 4.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.intake import token
from connectors.intake.keys import moved
from connectors.intake.proof import require_equal, secret_of
from connectors.intake.reading import (
    BAD_REQUEST,
    FORBIDDEN,
    UNAUTHORIZED,
    as_object,
    check_age,
    id_of,
    instant_of,
    json_in,
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
    TakenMessage,
)
from connectors.intake.token import Expected
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import EventGridSettings

EVENT_GRID, CLOUD_EVENT = "event_grid", "cloud_event"
AUTHORITY = "entra"
LOGIN = "https://login.microsoftonline.com"
ROLE = "AzureEventGridSecureWebhookSubscriber"
# Static delivery headers may have any name; in the address it is ?secret=...
HEADER, PARAMETER = "x-cloudwatcher-secret", "secret"
ORIGIN = "eventgrid.azure.net"
# Requests a minute, of which each may bring many events.
RATE = 1000
# Event Grid tries again for a day.
OLDEST = timedelta(days=2)
SEGMENT = "/subscriptions/"


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """Raises Refusal for what is not proven or of another subscription, Unavailable without keys to tell."""
    if incoming.method == "OPTIONS":
        return _agree(incoming)
    only_post(incoming)
    await _prove(incoming, endpoint, around)
    events = _events(incoming)
    for event in events:
        _check_subscription(event, endpoint.accounts)
    code = _validation_code(events)
    if code is not None:
        return Taken(status=200, body={"validationResponse": code}, is_confirmed=True)
    return Taken(messages=tuple(_taken(event, around) for event in events), is_confirmed=True)


def _agree(incoming: Incoming) -> Taken:
    """The handshake of CloudEvents: whether Event Grid may send here at all. It proves nothing, and opens nothing."""
    if incoming.headers.get("webhook-request-origin", "").strip().lower() != ORIGIN:
        raise Refusal(FORBIDDEN, "Somebody else than Event Grid asks to send.")
    asked = incoming.headers.get("webhook-request-rate", "")
    rate = min(int(asked), RATE) if asked.isascii() and asked.isdigit() and 0 < len(asked) < 10 else RATE
    return Taken(status=200, headers={"WebHook-Allowed-Origin": ORIGIN, "WebHook-Allowed-Rate": str(max(rate, 1))})


async def _prove(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> None:
    settings: EventGridSettings = endpoint.settings
    if settings.tenant_id is not None and settings.audience is not None:
        await _prove_by_token(incoming, settings.tenant_id, settings.audience, settings.sender, around)
        return
    given = incoming.headers.get(HEADER, incoming.query.get(PARAMETER))
    require_equal(given, secret_of(endpoint), "secret")


async def _prove_by_token(incoming: Incoming, tenant: str, audience: str, sender: str, around: Surroundings) -> None:
    expected = Expected(
        keys_url=moved(f"{LOGIN}/{tenant}/discovery/v2.0/keys", around.authorities.get(AUTHORITY)),
        issuers=frozenset({f"https://sts.windows.net/{tenant}/", f"{LOGIN}/{tenant}/v2.0"}),
        audience=audience,
    )
    claims = await token.proven_claims(incoming, expected, around)
    if claims.get("tid", tenant) != tenant:
        raise Refusal(UNAUTHORIZED, "The token is of another tenant.")
    # Tokens of version 1 have appid, those of version 2 azp.
    if claims.get("appid", claims.get("azp")) != sender:
        raise Refusal(UNAUTHORIZED, "The token is of another application than Event Grid.")
    roles = claims.get("roles")
    if not isinstance(roles, list) or ROLE not in roles:
        raise Refusal(FORBIDDEN, f"The token lacks the role {ROLE}.")


def _events(incoming: Incoming) -> Sequence[Mapping[str, Any]]:
    found = json_in(incoming.body)
    listed = found if isinstance(found, list) else [found]
    if not listed:
        raise Refusal(BAD_REQUEST, "There is no event.")
    return [as_object(event, "An event") for event in listed]


def _is_cloud_event(event: Mapping[str, Any]) -> bool:
    if "specversion" in event and event["specversion"] != "1.0":
        raise Refusal(BAD_REQUEST, "It is of a version of CloudEvents that we do not know.")
    return "specversion" in event


def _type(event: Mapping[str, Any]) -> str:
    return text_of(event, "type" if _is_cloud_event(event) else "eventType")


def _check_subscription(event: Mapping[str, Any], subscriptions: frozenset[str]) -> None:
    """The topic of the one schema, the source of the other: /subscriptions/<id>, and what is in it."""
    topic = text_of(event, "source" if _is_cloud_event(event) else "topic").lower()
    found = topic[len(SEGMENT) :].partition("/")[0] if topic.startswith(SEGMENT) else None
    if found not in {one.lower() for one in subscriptions}:
        raise Refusal(FORBIDDEN, "It is of a subscription that is not connected.")


def _validation_code(events: Sequence[Mapping[str, Any]]) -> str | None:
    """What to answer with so that Event Grid begins to send; None for events of every other kind."""
    asked = [event for event in events if _type(event) == "Microsoft.EventGrid.SubscriptionValidationEvent"]
    if not asked:
        return None
    if len(events) != 1:
        raise Refusal(BAD_REQUEST, "A validation comes alone.")
    return text_of(as_object(asked[0].get("data"), "The validation"), "validationCode", 300)


def _taken(event: Mapping[str, Any], around: Surroundings) -> TakenMessage:
    is_cloud_event = _is_cloud_event(event)
    at = instant_of(event, "time" if is_cloud_event else "eventTime")
    check_age(at, around.now, OLDEST)
    kind = CLOUD_EVENT if is_cloud_event else EVENT_GRID
    return TakenMessage(id_of(event, "id"), kind, event, at)


RECEIVER = Receiver(way=IntakeWay.AZURE_EVENT_GRID, receive=receive)
