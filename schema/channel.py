"""Channels, the log of what was delivered through them, and their live feed."""

from datetime import datetime
from typing import Annotated, Any, Union

import strawberry

import documents
from domain.alerting import quiet
from schema.channel_values import ChannelKind, ChannelState, DeliveryState, NoticeKind, WebhookTopic
from schema.feed import StreamReset
from schema.node import Node, derived, said, view
from schema.quiet import QuietHours
from schema.relation import organization_id_of, related
from schema.scalars import Cursor


@strawberry.type(description="An organization's own words for messages of a kind.")
class ChannelTemplate:
    kind: NoticeKind = said("What the messages tell.")
    text: str = said("The template: Jinja with values, tests, filters, and the lines of the message.")


@view(documents.Channel, description="A way to tell people or their systems. Its secrets are never shown.")
class Channel(Node):
    name: str = said("What people call it.")
    kind: ChannelKind = said("How it tells.")
    shown: str = said("Where its messages go, in a line.")
    state: ChannelState = said("Whether it is used.")
    problem: str | None = said("Why its last message was not taken; null while all is well.")
    verified_at: datetime | None = said("When a test message was delivered last.")
    created_at: datetime = said("When it was made.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    quiet: strawberry.Private[Any]
    templates: strawberry.Private[Any]
    topics: strawberry.Private[Any]

    @derived("What a webhook is told of; empty for other kinds.", reads=("topics",), name="topics")
    def told_topics(self) -> list[WebhookTopic]:
        return [WebhookTopic(topic) for topic in self.topics or []]

    @derived("When it stays quiet; null when it never does.", reads=("quiet",), name="quiet")
    def told_quiet(self) -> QuietHours | None:
        return None if self.quiet is None else quiet.QuietHours.model_validate(self.quiet)  # type: ignore[return-value]  # the view reads the fact

    @derived("The organization's own words, by kind of message.", reads=("templates",), name="templates")
    def told_templates(self) -> list[ChannelTemplate]:
        found = sorted((self.templates or {}).items())
        return [ChannelTemplate(kind=NoticeKind(kind), text=text) for kind, text in found]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.Delivery, description="One message to one channel, and what became of it. Kept for 30 days.")
class Delivery(Node):
    kind: NoticeKind = said("What it tells.")
    subject: str = said("What it is about, such as alert:<id>.")
    title: str = said("Its first line.")
    state: DeliveryState = said("What became of it.")
    tries: int = said("How often it was tried.")
    due_at: datetime = said("When it is to be tried next, while it waits.")
    answer: str | None = said("What the channel answered when it took it.")
    problem: str | None = said("Why the last try failed, or what was wrong with the template.")
    sequence: int | None = said("Its number among the messages of a webhook; null for other kinds.")
    sent_at: datetime | None = said("When the channel took it.")
    created_at: datetime = said("When it was asked for.")
    channel: Channel | None = related("channel_id", "Where it goes; null when the channel was deleted.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="A channel was changed, tested, found failing or working again, or deleted.")
class ChannelChanged:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it changed.")
    channel: Channel = said("The channel as it was at that moment, without templates.")
    is_deleted: bool = said("Whether it is gone now.")


ChannelFeed = Annotated[
    Union[ChannelChanged, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("ChannelFeed", description="One message of the feed of channels."),
]


@strawberry.type(description="What a template makes of an example.")
class TemplatePreview:
    text: str | None = said("The text; null when the template cannot be used.")
    problem: str | None = said("What is wrong with the template; null when nothing is.")
