"""What each kind of channel must know to send. Secrets are shown nowhere; `shown` says in a line where messages go."""

from abc import abstractmethod
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from domain.errors import Invalid
from domain.facts.channel import ChannelKind

ADDRESS = 2048
# An address that a mail server could take; whether there is a mailbox behind it the test message tells.
EMAIL = r"^[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
EmailAddress = Annotated[str, StringConstraints(pattern=EMAIL, max_length=254)]
# Channels beside each other are better than one mail with a crowd on it.
MOST_ADDRESSES = 20


class ChannelSettings(BaseModel):
    """Check addresses with `domain.channel_addresses.checked_settings` before they are stored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @property
    @abstractmethod
    def shown(self) -> str:
        """Where messages go, in a line without secrets."""

    def revealed(self) -> dict[str, Any]:
        """All fields as plain JSON values, secrets included: only for encrypted storage. `model_validate` reads it."""
        fields = self.model_dump(mode="json")
        secret = {name: value for name in fields if isinstance(value := getattr(self, name), SecretStr)}
        return fields | {name: value.get_secret_value() for name, value in secret.items()}


class EmailSettings(ChannelSettings):
    """Addresses that get each message together, in one mail."""

    addresses: list[EmailAddress] = Field(
        min_length=1, max_length=MOST_ADDRESSES, description="Who gets the mails, 20 addresses at most."
    )

    @property
    def shown(self) -> str:
        more = f" and {len(self.addresses) - 1} more" if len(self.addresses) > 1 else ""
        return f"{self.addresses[0]}{more}"


class SlackWebhookSettings(ChannelSettings):
    """An incoming webhook: its whole address is the secret."""

    url: SecretStr = Field(
        min_length=1,
        max_length=ADDRESS,
        description="Address of the incoming webhook, under https://hooks.slack.com/; stored encrypted.",
    )

    @property
    def shown(self) -> str:
        return host_of(self.url)


class SlackBotSettings(ChannelSettings):
    """A bot that was invited to a channel. `endpoint_url` stands for https://slack.com/api."""

    token: SecretStr = Field(
        min_length=8, max_length=512, description="The bot's token, which begins with xoxb-; stored encrypted."
    )
    channel: str = Field(
        pattern=r"^(#[^\s,#]{1,80}|[CGD][A-Z0-9]{6,20})$",
        description="Id of the channel (C…), or its name with # in front of it.",
    )
    endpoint_url: str | None = Field(
        default=None, max_length=ADDRESS, description="Address to call instead of Slack's own; for stand-ins."
    )

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if not self.token.get_secret_value().startswith("xoxb-"):
            raise Invalid("The token of a bot begins with xoxb-.", path=("token",))
        return self

    @property
    def shown(self) -> str:
        return self.channel


class TeamsSettings(ChannelSettings):
    """A webhook of a workflow: its signature (sig=) is the secret, and so the whole address is kept like one."""

    url: SecretStr = Field(
        min_length=1,
        max_length=ADDRESS,
        description="Address of the workflow's webhook, with its signature sig=; stored encrypted.",
    )

    @property
    def shown(self) -> str:
        return host_of(self.url)


class PagerdutyRegion(StrEnum):
    US = "US"
    EU = "EU"


class PagerdutySettings(ChannelSettings):
    """An integration of the Events API v2. `endpoint_url` stands for https://events.pagerduty.com/v2."""

    routing_key: SecretStr = Field(
        min_length=32,
        max_length=32,
        description="The integration key: 32 characters; stored encrypted.",
    )
    region: PagerdutyRegion = Field(default=PagerdutyRegion.US, description="Where the account of PagerDuty is.")
    endpoint_url: str | None = Field(
        default=None, max_length=ADDRESS, description="Address to call instead of PagerDuty's own; for stand-ins."
    )

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if not (self.routing_key.get_secret_value().isascii() and self.routing_key.get_secret_value().isalnum()):
            raise Invalid("The integration key is 32 letters and digits.", path=("routing_key",))
        return self

    @property
    def shown(self) -> str:
        return f"PagerDuty {self.region.value}"


class WebhookTarget(BaseModel):
    """What somebody says of a webhook; the rest is made by us."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(min_length=1, max_length=ADDRESS, description="The https:// address that takes the messages.")


class WebhookSettings(ChannelSettings):
    """`secret` signs; until `previous_until` the one before it does so as well, so that receivers can change over."""

    url: str = Field(min_length=1, max_length=ADDRESS)
    secret: SecretStr = Field(min_length=32, max_length=128)
    previous_secret: SecretStr | None = None
    previous_until: datetime | None = None

    @property
    def shown(self) -> str:
        return urlsplit(self.url).hostname or ""

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """What to sign with, the newest first."""
        secrets = (self.secret.get_secret_value(),)
        if self.previous_secret is None or self.previous_until is None or self.previous_until <= now:
            return secrets
        return (*secrets, self.previous_secret.get_secret_value())


def host_of(url: SecretStr) -> str:
    """The host of an address whose path or query is a secret; empty for what is no address."""
    try:
        return urlsplit(url.get_secret_value()).hostname or ""
    except ValueError:
        return ""


SETTINGS_OF: dict[ChannelKind, type[ChannelSettings]] = {
    ChannelKind.EMAIL: EmailSettings,
    ChannelKind.SLACK_WEBHOOK: SlackWebhookSettings,
    ChannelKind.SLACK_BOT: SlackBotSettings,
    ChannelKind.TEAMS: TeamsSettings,
    ChannelKind.PAGERDUTY: PagerdutySettings,
    ChannelKind.WEBHOOK: WebhookSettings,
}
