"""One try at one message: the channel's settings opened, the organization's words put in, and handed to its sender."""

import hashlib
from dataclasses import dataclass

import orjson
import structlog
from bson import ObjectId

from connectors.channels.channel import Message, Outlet, Sent
from connectors.channels.registry import channels
from connectors.channels.template import render_template
from connectors.channels.web import translate
from documents.channel import Channel
from documents.delivery import Delivery
from documents.delivery_run import reference_for
from domain.errors import Invalid, Rejected
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import ChannelSettings
from domain.facts.notice import Notice, NoticeKind
from jobs.context import JobContext
from jobs.opened_secret import opened_secret

log = structlog.get_logger()

LOST = "The stored settings of the channel are lost: give them again with updateChannel."


@dataclass(frozen=True, slots=True)
class Worded:
    """`text` is None where the organization has no words of its own, or they fail; `problem` says why they do."""

    text: str | None = None
    problem: str | None = None


async def send_message(context: JobContext, delivery: Delivery, channel: Channel) -> tuple[Sent, str | None]:
    """What the channel answered, and what is wrong with the organization's template. Raises ProviderError."""
    kind = channels()[channel.kind]
    settings = await _opened(context, channel)
    notice = Notice.model_validate(delivery.notice)
    worded = words_for(channel, notice)
    message = Message(
        key=message_key(delivery.org_id, delivery.key),
        notice=notice,
        at=context.now(),
        text=worded.text,
        reference=await reference_for(delivery),
        sequence=delivery.sequence,
        org_id=str(delivery.org_id),
    )
    guard = context.guards.of(None, f"channel:{channel.id}", limit=kind.limit)(translate)
    outlet = Outlet(
        guard=guard, post=context.post, allow_private=context.allow_private_endpoints, public_url=context.public_url
    )
    try:
        sent = await kind.send(message, settings, outlet)
    except Invalid as error:
        raise Rejected(error.message, service=kind.name) from error
    return sent, worded.problem


def message_key(org_id: ObjectId, key: str) -> str:
    """The name of a message outside: the same for the same message, and for no other one of any organization."""
    return hashlib.sha256(f"{org_id}:{key}".encode()).hexdigest()[:40]


def words_for(channel: Channel, notice: Notice) -> Worded:
    """What the organization's template makes of the notice; ours take its place when it fails."""
    template = channel.templates.get(notice.kind.value)
    if template is None or channel.kind is ChannelKind.WEBHOOK or notice.kind is NoticeKind.EVENT:
        return Worded()
    try:
        return Worded(text=render_template(template, notice))
    except Invalid as error:
        log.warning("template_failed", channel_id=str(channel.id), kind=notice.kind.value)
        return Worded(problem=f"Sent in CloudWatcher's words: {error.message}")


async def _opened(context: JobContext, channel: Channel) -> ChannelSettings:
    secret = await opened_secret(context.vault, channel.settings, lost=LOST)
    return channels()[channel.kind].settings.model_validate(orjson.loads(secret))
