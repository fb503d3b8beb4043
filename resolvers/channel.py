"""Channels: list them, look at what was delivered, try a template, follow them live."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.channel_change import channel_of
from documents.page import Keyset
from domain.errors import Invalid
from domain.facts.channel import DeliveryState
from domain.facts.event import LoggedEvent
from domain.facts.notice import Notice, NoticeKind, NoticeLine
from domain.facts.severity import Severity
from resolvers.context import Info
from resolvers.feed import LiveFeed
from resolvers.fields import query, subscription
from schema.arguments import FeedAfter, InOrganization
from schema.channel import Channel, ChannelChanged, ChannelFeed, Delivery, TemplatePreview
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id
from schema.scalars import Cursor

BY_NAME = Keyset((("name", 1),))
NEWEST_FIRST = Keyset((("created_at", -1),))
TYPES = frozenset({"ChannelChanged", "ChannelDeleted"})
States = Annotated[list[DeliveryState] | None, strawberry.argument(description="In these states only.")]


@strawberry.type
class ChannelQueries:
    @query(Connection[Channel], may=Permission.CHANNELS_READ, description="Channels in reach, by name.")
    async def channels(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id is not None:
            scope = scope.narrowed(local_id("Organization", organization_id))
        return await info.context.ports.pager.page(
            info, documents.Channel, scope, {}, BY_NAME, first=first, after=after
        )

    @query(
        Connection[Delivery],
        may=Permission.CHANNELS_READ,
        description="What was sent, or is to be sent, through a channel or all of them, newest first; for 30 days.",
    )
    async def deliveries(
        self,
        info: Info,
        channel_id: Annotated[strawberry.ID | None, strawberry.argument(description="Of this channel only.")] = None,
        states: States = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope, where = info.context.scope, dict[str, Any]()
        if channel_id is not None:
            channel = await documents.Channel.get_in(scope, local_id("Channel", channel_id))
            scope, where = scope.narrowed(str(channel.org_id)), {"channel_id": channel.id}
        if states:
            where["state"] = {"$in": sorted({state.value for state in states})}
        return await info.context.ports.pager.page(
            info, documents.Delivery, scope, where, NEWEST_FIRST, first=first, after=after
        )

    @query(
        TemplatePreview,
        may=Permission.CHANNELS_READ,
        description="What a template makes of an example of this kind of message. Nothing is stored or sent.",
    )
    def preview_template(
        self,
        info: Info,
        kind: Annotated[NoticeKind, strawberry.argument(description="What the message tells.")],
        text: Annotated[str, strawberry.argument(description="The template, 4000 characters at most.")],
    ) -> Any:
        try:
            return TemplatePreview(text=info.context.ports.render_template(text, example(kind)), problem=None)
        except Invalid as error:
            return TemplatePreview(text=None, problem=error.message)


@strawberry.type
class ChannelSubscriptions:
    @subscription(
        ChannelFeed,
        may=Permission.CHANNELS_READ,
        description="Channels that are changed, tested, found failing or working again, or deleted. With `after`, "
        "first what happened since; each change once, in order.",
    )
    async def channel_changed(self, info: Info, after: FeedAfter = None) -> AsyncIterator[Any]:
        def wanted(event: LoggedEvent) -> bool:
            return event.type in TYPES

        def message(event: LoggedEvent, cursor: Cursor) -> ChannelChanged:
            is_deleted = event.type == "ChannelDeleted"
            return ChannelChanged(cursor=cursor, at=event.at, channel=channel_of(event), is_deleted=is_deleted)

        context = info.context
        return LiveFeed(context, context.scope.org_ids, after, key=("channelChanged",), wants=wanted, message=message)


def example(kind: NoticeKind) -> Notice:
    """A message as it might be, for trying templates."""
    return Notice(
        kind=kind,
        subject="alert:example",
        title="Trail is stopped: example-trail",
        message="Trail example-trail records nothing: what happens in the account leaves no trace in it.",
        organization="Example Company",
        at=datetime(2026, 11, 26, 12, tzinfo=UTC),
        severity=Severity.CRITICAL,
        link="https://cloudwatcher.example.com/alerts/example",
        lines=(NoticeLine(label="Account", text="production"), NoticeLine(label="Region", text="eu-west-1")),
        values={"account": "production", "region": "eu-west-1"},
    )
