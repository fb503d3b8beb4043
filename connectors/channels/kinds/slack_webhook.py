"""Slack by incoming webhook: one way, without threads."""

from connectors.channels.channel import Channel, Message, Outlet, Sent
from connectors.channels.slack import blocks, fallback
from connectors.channels.web import by_status, post, request_of
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import SlackWebhookSettings

SAYS = "Slack"


async def send(message: Message, settings: SlackWebhookSettings, outlet: Outlet) -> Sent:
    """Post the message. 403, 404 and 410 say that the webhook is gone, or its channel is."""
    payload = {"text": fallback(message), "blocks": blocks(message)}
    reply = await post(outlet, request_of(settings.url.get_secret_value(), payload, SAYS), by_status)
    return Sent(answer=f"{reply.status}")


CHANNEL = Channel(
    kind=ChannelKind.SLACK_WEBHOOK,
    name="Slack webhook",
    settings=SlackWebhookSettings,
    send=send,
    # One message a second and channel. Source: Slack, "Rate limits", posting messages.
    per_minute=60,
)
