"""A partner's own endpoint: signed JSON with an id, a sequence and a time. Of its answer the status alone is read.

Verifying it: docs/guides/webhooks.md.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from connectors.channels.channel import Channel, Message, Outlet, Sent
from connectors.channels.web import Request, by_status, post
from connectors.rest.paging import Reply
from domain.errors import ProviderError
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import WebhookSettings
from domain.facts.notice import Notice, NoticeKind

SAYS = "The webhook"
VERSION = "v1"


async def send(message: Message, settings: WebhookSettings, outlet: Outlet) -> Sent:
    """Post the message. Redirects are not followed, and addresses inside networks not called."""
    sent = body(message)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "cloudwatcher-id": message.key,
        "cloudwatcher-sequence": str(message.sequence or 0),
        **signed(sent, settings.secrets_at(message.at), message.at),
    }
    reply = await post(outlet, Request(url=settings.url, body=sent, says=SAYS, headers=headers), meaning)
    return Sent(answer=f"{reply.status}")


def body(message: Message) -> bytes:
    """The JSON, the same whenever it is tried again."""
    notice = message.notice
    type_ = str(notice.payload.get("type") or f"Notice{notice.kind.value.title()}")
    data = notice.payload.get("data") if notice.kind is NoticeKind.EVENT else _told(notice)
    return orjson.dumps(
        {
            "id": message.key,
            "sequence": message.sequence or 0,
            "type": type_,
            "organizationId": message.org_id,
            "at": notice.at,
            "data": data,
        }
    )


def signed(sent: bytes, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The time and the signatures over it and the body, one for each secret, separated by commas."""
    timestamp = str(int(at.timestamp()))
    signatures = [
        hmac.new(secret.encode(), f"{timestamp}.".encode() + sent, hashlib.sha256).hexdigest() for secret in secrets
    ]
    told = ",".join(f"{VERSION}={signature}" for signature in signatures)
    return {"cloudwatcher-timestamp": timestamp, "cloudwatcher-signature": told}


def meaning(reply: Reply, says: str) -> ProviderError | None:
    """By status alone: what stands behind an address that somebody names is not for them to read through us."""
    return by_status(Reply(status=reply.status, headers=reply.headers, body=None), says)


def _told(notice: Notice) -> dict[str, Any]:
    """A notice that is no event: what people would read."""
    return {
        "kind": notice.kind.value,
        "subject": notice.subject,
        "severity": notice.severity.value if notice.severity else None,
        "title": notice.title,
        "message": notice.message,
        "link": notice.link,
        "lines": [line.model_dump() for line in notice.lines],
    }


CHANNEL = Channel(
    kind=ChannelKind.WEBHOOK,
    name="Webhook",
    settings=WebhookSettings,
    send=send,
    # Ours: ten a second is what a small receiver bears.
    per_minute=600,
)
