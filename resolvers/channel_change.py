"""What people do with channels: make, change, test, switch, delete, give another secret, and deliver once more."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.alert import resolve_alerts
from documents.channel_change import announce_channel, change_channel, fingerprint, next_sequence, remove_channel
from documents.delivery import add_delivery, ask_delivery
from documents.delivery_run import replay
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.channel import ChannelKind, ChannelState
from domain.facts.notice import Notice, NoticeKind
from resolvers.channel_entering import (
    ChannelEntry,
    channel_entry,
    new_secret,
    opened,
    quiet_of,
    resealed,
    topics_of,
)
from resolvers.context import Context, Info
from resolvers.fields import mutation
from schema.channel_input import (
    ChannelInput,
    CreateChannelInput,
    CreateChannelPayload,
    DeleteChannelPayload,
    DisableChannelPayload,
    EnableChannelPayload,
    IssuedChannel,
    ReplayDeliveryInput,
    ReplayDeliveryPayload,
    ReplayWebhookInput,
    ReplayWebhookPayload,
    RotateWebhookSecretInput,
    RotateWebhookSecretPayload,
    TestChannelInput,
    TestChannelPayload,
    UpdateChannelInput,
    UpdateChannelPayload,
)
from schema.node import local_id

WHAT = "What to do it with."
AUDITED = {"name", "kind", "shown", "state", "topics", "quiet", "templates"}
# What one wish to replay brings back; the next one goes on from there.
MOST_REPLAYED = 1000


@strawberry.type
class ChannelMutations:
    @mutation(
        CreateChannelPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.create",
        step_up=True,
        shows_secret=True,
        description="Make a channel. It is used once a test message was delivered: ask for one with testChannel. What "
        "a webhook's messages are signed with is shown this once.",
    )
    async def create_channel(
        self, info: Info, input: Annotated[CreateChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        entry = channel_entry(input.settings, context.ports.allow_private_endpoints)
        channel = documents.Channel(
            org_id=org_id,
            name=input.name,
            kind=entry.kind,
            topics=topics_of(entry.kind, input.topics),
            quiet=None if input.quiet is None else quiet_of(input.quiet),
            **await entry.fields(context.ports, org_id),
        )

        async def change(tx: Transaction) -> documents.Channel:
            await channel.insert(session=tx.session)
            announce_channel(tx, channel)
            tx.audit(channel.org_id, target=_target(channel), after=_audited(channel))
            return channel

        try:
            return IssuedChannel(channel=await context.ports.writer.commit(change), secret=entry.secret)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        UpdateChannelPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.update",
        # Where messages go outlasts the session that has changed it.
        step_up=True,
        description="Change a channel. With other settings it is not used until a test message was delivered.",
    )
    async def update_channel(
        self, info: Info, input: Annotated[UpdateChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel = await _channel(context, input.channel_id)
        changes = await _changes(context, channel, input)
        if not changes:
            raise Invalid("Say what to change of the channel.", path=("input",))
        try:
            return await _changed(context, channel, changes, input.expected_version)
        except DuplicateKeyError as error:
            raise _taken(input.name or "") from error

    @mutation(
        TestChannelPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.test",
        description="Send a test message. The channel is VERIFIED when it was delivered: `node` with the id of the "
        "delivery tells, and channelChanged does.",
    )
    async def test_channel(
        self, info: Info, input: Annotated[TestChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel = await _channel(context, input.channel_id)
        if channel.state is ChannelState.DISABLED:
            raise Conflict("The channel is disabled. Enable it first with enableChannel.", current=channel)

        async def change(tx: Transaction) -> documents.Delivery:
            id = await _add_test(tx, context, channel)
            tx.audit(channel.org_id, target=_target(channel), after={"delivery": str(id)})
            return await documents.Delivery.get_in(context.scope, str(id), session=tx.session)

        return await context.ports.writer.commit(change)

    @mutation(
        DeleteChannelPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.delete",
        description="Delete a channel. What waits for it is not sent; the log of deliveries stays for its 30 days.",
    )
    async def delete_channel(
        self, info: Info, input: Annotated[ChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel = await _channel(context, input.channel_id)

        async def change(tx: Transaction) -> documents.Channel:
            last = await change_channel(channel, {}, tx.session, expected_version=input.expected_version)
            await remove_channel(tx, last, context.now())
            tx.audit(channel.org_id, target=_target(channel), before=_audited(channel))
            return last

        return await context.ports.writer.commit(change)

    @mutation(
        DisableChannelPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.disable",
        description="Switch a channel off. What waits for it is not sent.",
    )
    async def disable_channel(
        self, info: Info, input: Annotated[ChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel = await _channel(context, input.channel_id)
        changes = {"state": ChannelState.DISABLED.value, "failures": 0, "problem": None}
        return await _changed(context, channel, changes, input.expected_version, is_over=True)

    @mutation(
        EnableChannelPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.enable",
        description="Switch a channel on again. It is used at once if its settings were tested before.",
    )
    async def enable_channel(
        self, info: Info, input: Annotated[ChannelInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel = await _channel(context, input.channel_id)
        if channel.state is not ChannelState.DISABLED:
            raise Conflict("The channel is not disabled.", current=channel)
        is_proven = channel.proven_version == channel.settings_version
        state = ChannelState.VERIFIED if is_proven else ChannelState.UNVERIFIED
        return await _changed(context, channel, {"state": state.value}, input.expected_version)

    @mutation(
        RotateWebhookSecretPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.rotate_secret",
        step_up=True,
        shows_secret=True,
        description="Give a webhook another secret, which is shown this once. For 24 hours messages are signed with "
        "both.",
    )
    async def rotate_webhook_secret(
        self, info: Info, input: Annotated[RotateWebhookSecretInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel, secret = await _channel(context, input.channel_id), new_secret()
        changes = {"settings": await resealed(context.ports, channel, secret, context.now())}
        return IssuedChannel(channel=await _changed(context, channel, changes, None), secret=secret)

    @mutation(
        ReplayDeliveryPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="delivery.replay",
        description="Deliver a message once more, with the id it had.",
    )
    async def replay_delivery(
        self, info: Info, input: Annotated[ReplayDeliveryInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        delivery = await documents.Delivery.get_in(context.scope, local_id("Delivery", input.delivery_id))

        async def change(tx: Transaction) -> documents.Delivery:
            if not await replay(tx, delivery.org_id, {"_id": delivery.id}, context.now()):
                raise Conflict("Only what was sent, failed or expired can be delivered once more.", current=delivery)
            ask_delivery(tx, delivery.org_id, ObjectId(str(delivery.id)))
            tx.audit(delivery.org_id, target=f"delivery:{delivery.id}", after={"channel": str(delivery.channel_id)})
            return await documents.Delivery.get_in(context.scope, str(delivery.id), session=tx.session)

        return await context.ports.writer.commit(change)

    @mutation(
        ReplayWebhookPayload,
        may=Permission.CHANNELS_MANAGE,
        audit="channel.replay",
        description="Deliver the messages of a webhook once more from a number on, with the ids they had: 1000 at "
        "most, and those of the last 30 days.",
    )
    async def replay_webhook(
        self, info: Info, input: Annotated[ReplayWebhookInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        channel = await _channel(context, input.channel_id)
        wanted = {"channel_id": channel.id, "sequence": {"$gte": input.from_sequence}}

        async def change(tx: Transaction) -> documents.Channel:
            found = await replay(tx, channel.org_id, wanted, context.now(), limit=MOST_REPLAYED)
            after = {"from_sequence": input.from_sequence, "messages": len(found)}
            tx.audit(channel.org_id, target=_target(channel), after=after)
            return channel

        return await context.ports.writer.commit(change)


async def _channel(context: Context, id: str) -> documents.Channel:
    return await documents.Channel.get_in(context.scope, local_id("Channel", id))


async def _changes(context: Context, channel: documents.Channel, input: UpdateChannelInput) -> dict[str, Any]:
    changes: dict[str, Any] = {} if input.name is None else {"name": input.name}
    if input.topics is not None:
        changes["topics"] = topics_of(channel.kind, input.topics)
    if input.quiet is not None:
        changes["quiet"] = quiet_of(input.quiet)
    if input.templates is not None:
        changes["templates"] = _templates(context, channel, input)
    if input.settings is None:
        return changes
    old = await opened(context.ports, channel) if channel.kind is ChannelKind.WEBHOOK else None
    entry = channel_entry(input.settings, context.ports.allow_private_endpoints, old)
    return changes | await _replaced(context, channel, entry)


async def _replaced(context: Context, channel: documents.Channel, entry: ChannelEntry) -> dict[str, Any]:
    if entry.kind is not channel.kind:
        raise Invalid(f"This is a channel of kind {channel.kind.value}.", path=("input", "settings"))
    is_off = channel.state is ChannelState.DISABLED
    return {
        **await entry.fields(context.ports, str(channel.org_id)),
        "settings_version": channel.settings_version + 1,
        "state": (ChannelState.DISABLED if is_off else ChannelState.UNVERIFIED).value,
        "problem": None,
        "failures": 0,
    }


def _templates(context: Context, channel: documents.Channel, input: UpdateChannelInput) -> dict[str, str]:
    templates = dict(channel.templates)
    for number, one in enumerate(input.templates or []):
        templates.pop(one.kind.value, None)
        if one.text is None:
            continue
        try:
            context.ports.check_template(one.text)
        except Invalid as error:
            raise Invalid(error.message, path=("input", "templates", str(number), "text")) from error
        templates[one.kind.value] = one.text
    return templates


async def _changed(
    context: Context,
    channel: documents.Channel,
    changes: dict[str, Any],
    expected_version: int | None,
    *,
    is_over: bool = False,
) -> documents.Channel:
    """Change, announce and audit it. `is_over`, and other settings: an alert about it has lost its cause."""

    async def change(tx: Transaction) -> documents.Channel:
        changed = await change_channel(channel, changes, tx.session, expected_version=expected_version)
        announce_channel(tx, changed)
        if is_over or "settings_version" in changes:
            await resolve_alerts(tx, channel.org_id, [fingerprint(channel)], context.now())
        before, after = _audited(channel), _audited(changed)
        if "settings" in changes:
            before, after = {**before, "settings": "old"}, {**after, "settings": "new"}
        tx.audit(channel.org_id, target=_target(channel), before=before, after=after)
        return changed

    return await context.ports.writer.commit(change)


async def _add_test(tx: Transaction, context: Context, channel: documents.Channel) -> ObjectId | None:
    id = PydanticObjectId()
    notice = Notice(
        kind=NoticeKind.TEST,
        subject=f"test:{id}",
        title=f"Test of {channel.name}",
        message="This channel works. There is nothing to do.",
        organization="CloudWatcher",
        at=context.now(),
    )
    sequence = await next_sequence(tx, channel) if channel.kind is ChannelKind.WEBHOOK else None
    return await add_delivery(tx, channel.org_id, PydanticObjectId(channel.id), f"test:{id}", notice, sequence=sequence)


def _audited(channel: documents.Channel) -> dict[str, Any]:
    """What the audit log is told of a channel; never its settings."""
    shown: dict[str, Any] = channel.model_dump(include=AUDITED)
    return shown


def _target(channel: documents.Channel) -> str:
    return f"channel:{channel.id}"


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a channel called {name} already: choose another name.", path=("input", "name"))
