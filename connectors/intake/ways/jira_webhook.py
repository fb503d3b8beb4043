"""Webhooks of Jira Cloud, signed with a shared secret. Source: Atlassian, "Webhooks", section "Secure admin webhooks".

The signature covers the body, in which Jira writes when it happened. An event is known by its body: the identifier
that Jira sends stands in a header, X-Atlassian-Webhook-Identifier, which is not signed.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.intake.proof import digest_of, require_signature, secret_of
from connectors.intake.reading import name_of, object_in, only_post
from connectors.intake.receiver import Endpoint, Incoming, Receiver, Refusal, Surroundings, Taken, TakenMessage
from domain.facts.intake import IntakeWay

# Jira tries five times, up to 15 minutes apart; an outage of its own may add hours.
OLDEST = timedelta(days=1)


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """One event by its webhookEvent, such as jira:issue_updated."""
    only_post(incoming)
    require_signature(incoming.headers.get("x-hub-signature"), "sha256=", secret_of(endpoint), incoming.body)
    body = object_in(incoming.body)
    sent_at = _sent_at(body)
    if sent_at is not None and abs(around.now - sent_at) > OLDEST:
        raise Refusal(400, "the event is more than a day old")
    message = TakenMessage(id=digest_of(incoming.body), kind=name_of(body, "webhookEvent"), body=body, sent_at=sent_at)
    return Taken((message,), status=200, is_confirmed=True)


def _sent_at(body: dict[str, Any]) -> datetime | None:
    """`timestamp` is in milliseconds; events made by automation have none."""
    found = body.get("timestamp")
    if found is None:
        return None
    if type(found) is not int or not 0 < found < 10**14:
        raise Refusal(400, "the timestamp is no time")
    return datetime.fromtimestamp(found / 1000, UTC)


RECEIVER = Receiver(way=IntakeWay.JIRA_WEBHOOK, receive=receive)
