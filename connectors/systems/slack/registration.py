"""Slack, as the registry finds it."""

from connectors.reading.source import Registration
from connectors.systems.slack import source, tables
from domain.facts.credentials import SlackCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.SLACK,
    credentials=SlackCredentials,
    listings=tables.LISTINGS,
    identity_operation=source.TEST,
    open=source.open_source,
)
