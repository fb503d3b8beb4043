"""Slack, as the registry finds it."""

from connectors.reading.source import Registration
from connectors.systems.slack.source import TEST, open_source
from connectors.systems.slack.tables import LISTINGS
from domain.facts.credentials import SlackCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.SLACK,
    credentials=SlackCredentials,
    listings=LISTINGS,
    identity_operation=TEST,
    open=open_source,
)
