"""Where channels may send: to their vendors, and to no address inside a network."""

import pytest
from pydantic import SecretStr, ValidationError

from domain.channel_addresses import checked_settings
from domain.errors import Invalid
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import (
    SETTINGS_OF,
    ChannelSettings,
    EmailSettings,
    PagerdutySettings,
    SlackBotSettings,
    SlackWebhookSettings,
    TeamsSettings,
    WebhookSettings,
)

KEY = "0123456789abcdef0123456789ABCDEF"
TEAMS = "https://prod-1.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke?sig=made-up"


def slack(url: str) -> SlackWebhookSettings:
    return SlackWebhookSettings(url=SecretStr(url))


def teams(url: str) -> TeamsSettings:
    return TeamsSettings(url=SecretStr(url))


def webhook(url: str) -> WebhookSettings:
    return WebhookSettings(url=url, secret=SecretStr("s" * 43))


def bot(endpoint: str | None) -> SlackBotSettings:
    return SlackBotSettings(token=SecretStr("xoxb-made-up"), channel="#alerts", endpoint_url=endpoint)


def pager(endpoint: str | None) -> PagerdutySettings:
    return PagerdutySettings(routing_key=SecretStr(KEY), endpoint_url=endpoint)


@pytest.mark.parametrize(
    "settings",
    [
        slack("https://hooks.slack.com/services/T0/B0/made-up"),
        teams(TEAMS),
        teams("https://default1.2.environment.api.powerplatform.com:443/powerautomate/x?api-version=1&sig=made-up"),
        webhook("https://partner.example.com/in?tenant=1"),
        bot(None),
        pager(None),
        EmailSettings(addresses=["on-call@example.com"]),
    ],
)
def test_addresses_of_vendors_and_public_ones_of_partners_are_taken(settings: ChannelSettings) -> None:
    assert checked_settings(settings, allow_private=False) is settings


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (slack("https://hooks.slack.com.example.com/services/T0/B0/x"), "url"),
        (slack("https://hooks.slack.com/workflows/x"), "url"),
        (slack("http://hooks.slack.com/services/T0/B0/x"), "url"),
        (slack("https://somebody@hooks.slack.com/services/T0/B0/x"), "url"),
        (slack("no address"), "url"),
        (slack("https://[::1/services"), "url"),
        (teams("https://example.webhook.office.com/webhookb2/x?sig=1"), "url"),
        (teams("https://logic.azure.com.example.com/x?sig=1"), "url"),
        (teams(TEAMS.partition("?")[0]), "url"),
        (webhook("http://partner.example.com/in"), "url"),
        (webhook("https://10.0.0.1/in"), "url"),
        (webhook("https://169.254.169.254/latest/meta-data"), "url"),
        (webhook("https://localhost/in"), "url"),
        (webhook("https://partner.example.com/in#part"), "url"),
        (bot("https://slack.example.com"), "endpoint_url"),
        (pager("http://127.0.0.1:9"), "endpoint_url"),
    ],
)
def test_other_addresses_are_refused_with_their_field(settings: ChannelSettings, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_settings(settings, allow_private=False)

    assert refused.value.path == (field,)


def test_a_refused_address_is_not_told_because_it_is_a_secret() -> None:
    with pytest.raises(Invalid) as refused:
        checked_settings(slack("https://hooks.example.com/services/T0/B0/made-up-path"), allow_private=False)

    assert "made-up-path" not in refused.value.message


@pytest.mark.parametrize(
    "settings",
    [
        slack("http://127.0.0.1:9/services"),
        teams("http://127.0.0.1:9/?sig=1"),
        webhook("http://127.0.0.1:9/in"),
        bot("http://127.0.0.1:9"),
        pager("http://127.0.0.1:9"),
    ],
)
def test_stand_ins_are_taken_where_private_endpoints_are_allowed(settings: ChannelSettings) -> None:
    assert checked_settings(settings, allow_private=True) is settings


def test_every_kind_has_settings_that_say_in_a_line_where_messages_go() -> None:
    made: dict[ChannelKind, ChannelSettings] = {
        ChannelKind.EMAIL: EmailSettings(addresses=["a@example.com", "b@example.com", "c@example.com"]),
        ChannelKind.SLACK_WEBHOOK: slack("https://hooks.slack.com/services/T0/B0/made-up"),
        ChannelKind.SLACK_BOT: bot(None),
        ChannelKind.TEAMS: teams(TEAMS),
        ChannelKind.PAGERDUTY: pager(None),
        ChannelKind.WEBHOOK: webhook("https://partner.example.com/in"),
    }

    assert made.keys() == SETTINGS_OF.keys()
    assert {kind: one.shown for kind, one in made.items()} == {
        ChannelKind.EMAIL: "a@example.com and 2 more",
        ChannelKind.SLACK_WEBHOOK: "hooks.slack.com",
        ChannelKind.SLACK_BOT: "#alerts",
        ChannelKind.TEAMS: "prod-1.westeurope.logic.azure.com",
        ChannelKind.PAGERDUTY: "PagerDuty US",
        ChannelKind.WEBHOOK: "partner.example.com",
    }
    for kind, one in made.items():
        assert "made-up" not in repr(one)
        assert SETTINGS_OF[kind].model_validate(one.revealed()) == one


def test_one_address_is_shown_alone_and_what_is_no_address_as_nothing() -> None:
    assert EmailSettings(addresses=["a@example.com"]).shown == "a@example.com"
    assert slack("https://[").shown == ""


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (ChannelKind.EMAIL, {"addresses": []}),
        (ChannelKind.EMAIL, {"addresses": ["nobody"]}),
        (ChannelKind.EMAIL, {"addresses": ["a@example.com, b@example.com"]}),
        (ChannelKind.EMAIL, {"addresses": ["a\r\nbcc@example.com"]}),
        (ChannelKind.EMAIL, {"addresses": [f"a{number}@example.com" for number in range(21)]}),
        (ChannelKind.PAGERDUTY, {"routing_key": KEY[1:]}),
        (ChannelKind.PAGERDUTY, {"routing_key": KEY[1:] + "-"}),
        (ChannelKind.PAGERDUTY, {"routing_key": KEY, "region": "AP"}),
        (ChannelKind.SLACK_BOT, {"token": "no-token-of-slack", "channel": "#alerts"}),
        (ChannelKind.SLACK_BOT, {"token": "xoxb-made-up", "channel": "two words"}),
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_them(
    kind: ChannelKind, fields: dict[str, object]
) -> None:
    with pytest.raises((ValidationError, Invalid)) as refused:
        SETTINGS_OF[kind].model_validate(fields)

    assert KEY[1:] not in str(refused.value)


def test_settings_without_a_line_of_their_own_cannot_be_made() -> None:
    class Unshown(ChannelSettings):
        """Forgot to say where messages go."""

    with pytest.raises(TypeError, match="shown"):
        Unshown()  # type: ignore[abstract]  # that is what is tested
