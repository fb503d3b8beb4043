"""Whether the addresses among a channel's settings may be called: those of the vendor, or any public one for partners.

Where private endpoints are allowed a stand-in may take the place of a vendor.
"""

from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from domain.endpoint import check_endpoint
from domain.errors import Invalid
from domain.facts.channel_settings import (
    ChannelSettings,
    PagerdutySettings,
    SlackBotSettings,
    SlackWebhookSettings,
    TeamsSettings,
    WebhookSettings,
)

S = TypeVar("S", bound=ChannelSettings)
SLACK_HOST = "hooks.slack.com"
# Source: Microsoft Learn, "Create incoming webhooks with Workflows for Microsoft Teams", and the list of Power Automate
# addresses ("IP address configuration for Power Automate").
TEAMS_HOSTS = (".logic.azure.com", ".environment.api.powerplatform.com")


def checked_settings(settings: S, allow_private: bool) -> S:
    """The same settings. Raises Invalid with the field's name for an address that may not be called."""
    match settings:
        case SlackWebhookSettings():
            _check_slack(settings.url.get_secret_value(), allow_private)
        case TeamsSettings():
            _check_teams(settings.url.get_secret_value(), allow_private)
        case WebhookSettings():
            _check_url(settings.url, allow_private)
        case SlackBotSettings() | PagerdutySettings():
            _check_override(settings.endpoint_url, allow_private)
    return settings


def _check_slack(url: str, allow_private: bool) -> None:
    host = _check_url(url, allow_private)
    if not allow_private and (host != SLACK_HOST or not urlsplit(url).path.startswith("/services/")):
        raise Invalid(f"The address of a Slack webhook begins with https://{SLACK_HOST}/services/.", path=("url",))


def _check_teams(url: str, allow_private: bool) -> None:
    host = _check_url(url, allow_private)
    if not allow_private and not host.endswith(TEAMS_HOSTS):
        message = "The address must be that of a workflow, under logic.azure.com or api.powerplatform.com."
        raise Invalid(f"{message} Office 365 connectors do not work any more.", path=("url",))
    if not parse_qs(urlsplit(url).query).get("sig"):
        raise Invalid("The address lacks its signature: copy it with everything behind the ?.", path=("url",))


def _check_override(url: str | None, allow_private: bool) -> None:
    if url is None:
        return
    if not allow_private:
        message = "Another address than the vendor's own can be set only where private endpoints are allowed."
        raise Invalid(message, path=("endpoint_url",))
    check_endpoint(url, allow_private)


def _check_url(url: str, allow_private: bool) -> str:
    """Its host, in lower case. What is after the path may be a secret, so no message has it."""
    try:
        parts = urlsplit(url)
        if parts.fragment:
            raise Invalid("The address must have no # in it.")
        check_endpoint(url.partition("?")[0], allow_private)
    except (Invalid, ValueError) as error:
        reason = error.message if isinstance(error, Invalid) else "The address is malformed."
        raise Invalid(reason.replace("The endpoint", "The address"), path=("url",)) from None
    if parts.scheme != "https" and not allow_private:
        raise Invalid("The address must begin with https://.", path=("url",))
    return (parts.hostname or "").lower()
