"""The ways in which people and their systems are told."""

from enum import StrEnum


class ChannelKind(StrEnum):
    EMAIL = "EMAIL"
    SLACK_WEBHOOK = "SLACK_WEBHOOK"
    SLACK_BOT = "SLACK_BOT"
    TEAMS = "TEAMS"
    PAGERDUTY = "PAGERDUTY"
    WEBHOOK = "WEBHOOK"


class ChannelState(StrEnum):
    """Only a VERIFIED channel is used: one to which a test message was delivered since its settings last changed.

    FAILING: its last messages could not be delivered; it is still tried.
    """

    UNVERIFIED = "UNVERIFIED"
    VERIFIED = "VERIFIED"
    FAILING = "FAILING"
    DISABLED = "DISABLED"


class DeliveryState(StrEnum):
    """HELD: waits for the end of quiet hours or for a digest. FOLDED: told of in a summary, `folded_into` says which.

    EXPIRED: could not be delivered within a day.
    """

    WAITING = "WAITING"
    HELD = "HELD"
    SENT = "SENT"
    FOLDED = "FOLDED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class WebhookTopic(StrEnum):
    """What partners can be told of; the short names of topics of the event log."""

    ALERTS = "alerts"
    INCIDENTS = "incidents"
    COSTS = "costs"
    SYNCS = "syncs"
    INTEGRATIONS = "integrations"
