"""What channels are made from and changed with, and what comes back."""

import strawberry
from pydantic import BaseModel, Field

from schema.channel import Channel, Delivery
from schema.channel_values import ChannelSettingsInput, NoticeKind, WebhookTopic
from schema.errors import payload
from schema.node import said
from schema.organization import IDEMPOTENCY_KEY
from schema.quiet import QuietHoursInput

CHANNEL_ID: strawberry.ID = Field(description="Global id of the channel.")
EXPECTED_VERSION: int | None = Field(
    default=None, ge=1, description="Refuse when the channel has another version by now."
)


@strawberry.pydantic.input(description="A channel to make.")
class CreateChannelInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant it belongs to; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    settings: ChannelSettingsInput = Field(description="The kind and its settings.")
    topics: list[WebhookTopic] = Field(default_factory=list, max_length=5, description="What a webhook is told of.")
    quiet: QuietHoursInput | None = Field(default=None, description="When it stays quiet.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="An organization's own words for messages of a kind.")
class ChannelTemplateInput(BaseModel):
    kind: NoticeKind = Field(description="What the messages tell.")
    text: str | None = Field(max_length=4000, description="The template; null for CloudWatcher's own words.")


@strawberry.pydantic.input(description="What to change of a channel; what is left out stays.")
class UpdateChannelInput(BaseModel):
    channel_id: strawberry.ID = CHANNEL_ID
    expected_version: int | None = EXPECTED_VERSION
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    settings: ChannelSettingsInput | None = Field(
        default=None, description="Other settings of the same kind; the channel is UNVERIFIED until it is tested."
    )
    topics: list[WebhookTopic] | None = Field(default=None, max_length=5, description="What a webhook is told of.")
    quiet: QuietHoursInput | None = Field(default=None, description="When it stays quiet.")
    templates: list[ChannelTemplateInput] | None = Field(
        default=None, max_length=11, description="Words of your own, for these kinds of messages."
    )


@strawberry.pydantic.input(description="The channel that is meant.")
class ChannelInput(BaseModel):
    channel_id: strawberry.ID = CHANNEL_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="The channel to test.")
class TestChannelInput(BaseModel):
    channel_id: strawberry.ID = CHANNEL_ID
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The webhook whose secret to replace.")
class RotateWebhookSecretInput(BaseModel):
    channel_id: strawberry.ID = CHANNEL_ID
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The message to deliver once more.")
class ReplayDeliveryInput(BaseModel):
    delivery_id: strawberry.ID = Field(description="Global id of the delivery.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The webhook, and from which of its messages on.")
class ReplayWebhookInput(BaseModel):
    channel_id: strawberry.ID = CHANNEL_ID
    from_sequence: int = Field(ge=1, description="The number of the first message to deliver once more.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.type(description="A channel that was just made, or given another secret.")
class IssuedChannel:
    channel: Channel = said("The channel.")
    secret: str | None = said("What a webhook's messages are signed with, shown this once; null for other kinds.")


CreateChannelPayload = payload("CreateChannel", "created", IssuedChannel, "The new channel.")
RotateWebhookSecretPayload = payload("RotateWebhookSecret", "rotated", IssuedChannel, "The channel and its secret.")
UpdateChannelPayload = payload("UpdateChannel", "channel", Channel, "The channel, changed.")
DeleteChannelPayload = payload("DeleteChannel", "channel", Channel, "The channel as it was.")
DisableChannelPayload = payload("DisableChannel", "channel", Channel, "The channel, switched off.")
EnableChannelPayload = payload("EnableChannel", "channel", Channel, "The channel, switched on.")
TestChannelPayload = payload("TestChannel", "delivery", Delivery, "The test message on its way; ask for it again.")
ReplayDeliveryPayload = payload("ReplayDelivery", "delivery", Delivery, "The message on its way once more.")
ReplayWebhookPayload = payload("ReplayWebhook", "channel", Channel, "The channel; its messages are on their way.")
