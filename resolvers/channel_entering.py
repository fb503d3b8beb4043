"""From the settings somebody sends to what a channel keeps: checked, sealed, and a secret made for a webhook."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from bson import Binary
from pydantic import SecretStr, ValidationError

import documents
from documents.account import sealed
from documents.vault import SecretLost, VaultUnavailable
from domain.alerting.quiet import QuietHours
from domain.channel_addresses import checked_settings
from domain.errors import Conflict, Invalid
from domain.facts.channel import ChannelKind, WebhookTopic
from domain.facts.channel_settings import SETTINGS_OF, ChannelSettings, WebhookSettings, WebhookTarget
from resolvers.context import Ports
from schema.channel_values import ChannelSettingsInput
from schema.quiet import QuietHoursInput

# How long both secrets of a webhook sign.
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class ChannelEntry:
    """`secret` is that of a new webhook, to be shown once."""

    kind: ChannelKind
    settings: ChannelSettings
    secret: str | None = None

    async def fields(self, ports: Ports, org_id: str) -> dict[str, Any]:
        """What the channel stores of them."""
        cipher = await ports.vault.seal(org_id, orjson.dumps(self.settings.revealed()).decode())
        return {"settings": sealed(cipher), "shown": self.settings.shown}


def channel_entry(given: ChannelSettingsInput, allow_private: bool, old: ChannelSettings | None = None) -> ChannelEntry:
    """The settings that are sent; those of a webhook keep the secret of `old`.

    Raises Invalid with the path of the field for what cannot work or may not be called.
    """
    kind = next(kind for kind in ChannelKind if getattr(given, kind.value.lower()) is not None)
    sent, secret = getattr(given, kind.value.lower()), None
    if isinstance(sent, WebhookTarget):
        if isinstance(old, WebhookSettings):
            sent = old.model_copy(update={"url": sent.url})
        else:
            secret = new_secret()
            sent = WebhookSettings(url=sent.url, secret=SecretStr(secret))
    try:
        return ChannelEntry(kind=kind, settings=checked_settings(sent, allow_private), secret=secret)
    except Invalid as error:
        raise Invalid(error.message, path=("input", "settings", kind.value.lower(), *error.path)) from error


def new_secret() -> str:
    """256 bits of chance."""
    return secrets.token_urlsafe(32)


async def opened(ports: Ports, channel: documents.Channel) -> ChannelSettings:
    """The settings a channel keeps. Raises Conflict when they cannot be opened."""
    try:
        stored = await ports.vault.open(channel.settings)
    except SecretLost as error:
        raise Conflict("The stored settings are lost. Delete the channel and make it anew.") from error
    except VaultUnavailable as error:
        raise Conflict("The stored settings cannot be opened just now. Try again in a moment.") from error
    return SETTINGS_OF[channel.kind].model_validate(orjson.loads(stored))


async def resealed(ports: Ports, channel: documents.Channel, secret: str, now: datetime) -> Binary:
    """The settings of a webhook with another secret; the one before it signs beside it for a day.

    Raises Invalid for another kind of channel.
    """
    settings = await opened(ports, channel)
    if not isinstance(settings, WebhookSettings):
        raise Invalid("Only webhooks have a secret of ours.", path=("input", "channelId"))
    changed = settings.model_copy(
        update={
            "secret": SecretStr(secret),
            "previous_secret": settings.secret,
            "previous_until": now + OVERLAP,
        }
    )
    return sealed(await ports.vault.seal(str(channel.org_id), orjson.dumps(changed.revealed()).decode()))


def quiet_of(given: QuietHoursInput) -> dict[str, Any] | None:
    """What a channel stores of quiet hours; None for none. Raises Invalid for hours that never end."""
    try:
        made = QuietHours.model_validate(given.model_dump())
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Invalid(message, path=("input", "quiet", "hours")) from error
    return made.model_dump(mode="json") if made.hours or made.limit else None


def topics_of(kind: ChannelKind, topics: list[WebhookTopic]) -> list[str]:
    """What a webhook stores of its topics. Raises Invalid for other kinds."""
    if topics and kind is not ChannelKind.WEBHOOK:
        raise Invalid("Topics are for webhooks; who else is told of what the rules say.", path=("input", "topics"))
    return sorted({topic.value for topic in topics})
