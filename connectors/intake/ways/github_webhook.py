"""Webhooks of GitHub, signed with a shared secret. Source: GitHub docs, "Validating webhook deliveries".

The signature covers the body and nothing else. So an event is known by its body: the delivery's id stands in a header
that anybody can change who has seen a delivery. Blind spot: two events alike to the last byte are one.
"""

import re

from connectors.intake.proof import digest_of, require_signature, secret_of
from connectors.intake.reading import object_in, only_post
from connectors.intake.receiver import Endpoint, Incoming, Receiver, Refusal, Surroundings, Taken, TakenMessage
from domain.facts.intake import IntakeWay

KIND = re.compile(r"[a-z_]{1,60}")
# GitHub sends up to 25 MB; a stored event is one document of MongoDB, which holds 16.
MOST_BYTES = 10 * 1024 * 1024


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """One event by its kind, as X-GitHub-Event names it. A ping, which is sent once on setting up, is not stored."""
    only_post(incoming)
    sent = incoming.headers.get("x-hub-signature-256")
    require_signature(sent, "sha256=", secret_of(endpoint), incoming.body)
    kind = incoming.headers.get("x-github-event", "")
    if not KIND.fullmatch(kind):
        raise Refusal(400, "there is no X-GitHub-Event")
    body = object_in(incoming.body)
    # Told by its body: the header is not signed.
    if kind == "ping" or {"zen", "hook_id"} <= body.keys():
        return Taken(is_confirmed=True)
    return Taken((TakenMessage(id=digest_of(incoming.body), kind=kind, body=body),), is_confirmed=True)


RECEIVER = Receiver(way=IntakeWay.GITHUB_WEBHOOK, receive=receive, most_bytes=MOST_BYTES)
