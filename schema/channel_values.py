"""The words and settings of channels, registered for GraphQL. Views import the words from here, registered."""

import strawberry
from pydantic import BaseModel, Field

from domain.facts import channel_settings
from domain.facts.channel import ChannelKind as ChannelKind
from domain.facts.channel import ChannelState as ChannelState
from domain.facts.channel import DeliveryState as DeliveryState
from domain.facts.channel import WebhookTopic as WebhookTopic
from domain.facts.notice import NoticeKind as NoticeKind
from schema.values import register_enum

register_enum(
    ChannelKind,
    "How a channel tells.",
    {
        ChannelKind.EMAIL: "Mail.",
        ChannelKind.SLACK_WEBHOOK: "An incoming webhook of Slack: one way, without threads.",
        ChannelKind.SLACK_BOT: "A bot of Slack: with threads and with buttons that work.",
        ChannelKind.TEAMS: "A workflow of Microsoft Teams, with a card.",
        ChannelKind.PAGERDUTY: "PagerDuty: incidents are triggered, acknowledged and resolved with their alerts.",
        ChannelKind.WEBHOOK: "Signed JSON to an address of a partner.",
    },
)
register_enum(
    ChannelState,
    "Whether a channel is used.",
    {
        ChannelState.UNVERIFIED: "Not yet: no test message has been delivered since its settings changed.",
        ChannelState.VERIFIED: "It is.",
        ChannelState.FAILING: "It is still tried, but its last messages were not taken; `problem` says why.",
        ChannelState.DISABLED: "Somebody has switched it off.",
    },
)
register_enum(
    DeliveryState,
    "What became of a message.",
    {
        DeliveryState.WAITING: "It is to be sent, or sent again.",
        DeliveryState.HELD: "It waits for the end of quiet hours, or for a digest.",
        DeliveryState.SENT: "The channel has taken it.",
        DeliveryState.FOLDED: "There was too much of it: a summary tells of it.",
        DeliveryState.FAILED: "The channel refused it for good; `problem` says why.",
        DeliveryState.EXPIRED: "The channel did not take it within a day.",
    },
)
register_enum(
    NoticeKind,
    "What a message tells.",
    {
        NoticeKind.RAISED: "An alert was raised.",
        NoticeKind.REPEATED: "Its cause was seen again.",
        NoticeKind.ACKNOWLEDGED: "Somebody has taken it on.",
        NoticeKind.SNOOZED: "Somebody has put it away until a time.",
        NoticeKind.RESOLVED: "It is over.",
        NoticeKind.ESCALATED: "Nobody has taken it on in time.",
        NoticeKind.DIGEST: "Several things together.",
        NoticeKind.SUMMARY: "What was folded because there was too much of it.",
        NoticeKind.STATUS: "A scheduled summary of compliance or costs.",
        NoticeKind.EVENT: "A row of the event log, for a partner's webhook.",
        NoticeKind.APPROVAL: "A remediation waits for an approval.",
        NoticeKind.DECIDED: "What became of a remediation that waited for one.",
        NoticeKind.TEST: "A test.",
    },
)
register_enum(
    WebhookTopic,
    "What partners can be told of.",
    {
        WebhookTopic.ALERTS: "Alerts, with every step of their lives.",
        WebhookTopic.INCIDENTS: "Incidents opened, changed and closed.",
        WebhookTopic.COSTS: "Cost periods loaded or replaced.",
        WebhookTopic.SYNCS: "Progress of syncs.",
        WebhookTopic.INTEGRATIONS: "Changes in how integrations do.",
    },
)
register_enum(
    channel_settings.PagerdutyRegion,
    "Where an account of PagerDuty is.",
    {
        channel_settings.PagerdutyRegion.US: "In the service region of the United States.",
        channel_settings.PagerdutyRegion.EU: "In the service region of the European Union.",
    },
)
for fact, name, description in (
    (channel_settings.EmailSettings, "EmailChannelInput", "Addresses that get each mail together."),
    (channel_settings.SlackWebhookSettings, "SlackWebhookChannelInput", "An incoming webhook of Slack."),
    (channel_settings.SlackBotSettings, "SlackBotChannelInput", "A bot of Slack, and the channel it was invited to."),
    (channel_settings.TeamsSettings, "TeamsChannelInput", "A workflow of Microsoft Teams that takes webhook requests."),
    (channel_settings.PagerdutySettings, "PagerdutyChannelInput", "An integration of PagerDuty's Events API v2."),
    (channel_settings.WebhookTarget, "WebhookChannelInput", "An address of a partner; the secret is made by us."),
):
    strawberry.pydantic.input(fact, name=name, description=description)


@strawberry.pydantic.input(description="The kind of a channel and its settings: exactly one of them.", one_of=True)
class ChannelSettingsInput(BaseModel):
    email: channel_settings.EmailSettings | None = Field(description="Mail.")
    slack_webhook: channel_settings.SlackWebhookSettings | None = Field(description="Slack by incoming webhook.")
    slack_bot: channel_settings.SlackBotSettings | None = Field(description="Slack by bot.")
    teams: channel_settings.TeamsSettings | None = Field(description="Microsoft Teams.")
    pagerduty: channel_settings.PagerdutySettings | None = Field(description="PagerDuty.")
    webhook: channel_settings.WebhookTarget | None = Field(description="A partner's webhook.")
