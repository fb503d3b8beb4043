"""Jira, as the registry finds it."""

from connectors.reading.source import Registration
from connectors.systems.jira.source import MYSELF, open_source
from connectors.systems.jira.tables import LISTINGS
from domain.facts.credentials import JiraCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.JIRA,
    credentials=JiraCredentials,
    listings=LISTINGS,
    identity_operation=MYSELF,
    open=open_source,
)
