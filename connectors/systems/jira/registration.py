"""Jira, as the registry finds it."""

from connectors.reading.source import Registration
from connectors.systems.jira import source, tables
from domain.facts.credentials import JiraCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.JIRA,
    credentials=JiraCredentials,
    listings=tables.LISTINGS,
    identity_operation=source.MYSELF,
    open=source.open_source,
)
