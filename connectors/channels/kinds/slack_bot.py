"""Slack by bot: one thread for each subject. What becomes of it is shown at its first message and in its thread."""

from contextlib import suppress
from typing import Any

from connectors.channels.channel import Channel, Message, Outlet, Sent
from connectors.channels.slack import blocks, fallback
from connectors.channels.web import by_status, post, request_of
from connectors.rest.client import retry_after
from connectors.rest.paging import Reply
from domain.errors import CredentialsRejected, PermissionMissing, ProviderError, Rejected, Throttled, Unavailable
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import SlackBotSettings

SAYS = "Slack"
API = "https://slack.com/api"
# Slack answers 200 and says in the body what is wrong. Source: errors of chat.postMessage and chat.update.
LATER = {"ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"}
TROUBLE = {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "accesslimited"}
CREDENTIALS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "org_login_required"}
PERMISSIONS = {"missing_scope", "no_permission", "not_allowed_token_type", "ekm_access_denied"}
ADVICE = {
    "channel_not_found": "There is no such channel, or the bot is not in it: invite it.",
    "not_in_channel": "The bot is not in the channel: invite it.",
    "is_archived": "The channel is archived.",
    "restricted_action": "The workspace does not let the bot post there.",
}
# The first message is gone, or too old to be changed: the thread goes on without it.
NOT_CHANGEABLE = {"message_not_found", "cant_update_message", "edit_window_closed"}


async def send(message: Message, settings: SlackBotSettings, outlet: Outlet) -> Sent:
    """Post the first message of a subject; bring it up to date for each later one, which is put into its thread."""
    channel, _, root = (message.reference or "").partition(":")
    if not root:
        return _sent(await _call("chat.postMessage", _posted(message, settings.channel), settings, outlet))
    update = {"channel": channel, "ts": root, "text": fallback(message), "blocks": blocks(message)}
    with suppress(_Unchangeable):
        await _call("chat.update", update, settings, outlet)
    reply = {"channel": channel, "thread_ts": root, "text": fallback(message), "unfurl_links": False}
    await _call("chat.postMessage", reply, settings, outlet)
    return Sent(reference=message.reference, answer="ok, in its thread")


class _Unchangeable(Rejected):
    """The message that a thread hangs on cannot be changed."""


def _posted(message: Message, channel: str) -> dict[str, Any]:
    return {"channel": channel, "text": fallback(message), "blocks": blocks(message), "unfurl_links": False}


async def _call(method: str, arguments: dict[str, Any], settings: SlackBotSettings, outlet: Outlet) -> Reply:
    headers = {"authorization": f"Bearer {settings.token.get_secret_value()}"}
    url = f"{(settings.endpoint_url or API).rstrip('/')}/{method}"
    return await post(outlet, request_of(url, arguments, SAYS, headers), meaning)


def meaning(reply: Reply, says: str) -> ProviderError | None:
    """What an answer of the Web API means, by status and by its error."""
    if error := by_status(reply, says):
        return error
    answer = reply.body if isinstance(reply.body, dict) else {}
    if answer.get("ok") is True:
        return None
    code = str(answer.get("error") or "an answer without ok")[:100]
    message = f"{says} answered {code}. {ADVICE.get(code, '')}".strip()
    if code in LATER:
        return Throttled(message, service=says, retry_after=retry_after(reply))
    if code in TROUBLE:
        return Unavailable(message, service=says, retry_after=retry_after(reply))
    if code in CREDENTIALS:
        return CredentialsRejected(message, service=says)
    if code in PERMISSIONS:
        return PermissionMissing(message, service=says, permission="chat:write")
    return (_Unchangeable if code in NOT_CHANGEABLE else Rejected)(message, service=says)


def _sent(reply: Reply) -> Sent:
    channel, ts = reply.body.get("channel"), reply.body.get("ts")
    return Sent(reference=f"{channel}:{ts}" if channel and ts else None, answer="ok")


CHANNEL = Channel(
    kind=ChannelKind.SLACK_BOT,
    name="Slack bot",
    settings=SlackBotSettings,
    send=send,
    # As for webhooks.
    per_minute=60,
)
