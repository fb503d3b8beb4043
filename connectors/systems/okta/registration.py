"""Okta, as the registry finds it."""

from connectors.reading.source import Registration
from connectors.systems.okta.source import ORGANIZATION, opener
from connectors.systems.okta.tables import LISTINGS, SCOPES
from domain.facts.credentials import OktaCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.OKTA,
    credentials=OktaCredentials,
    listings=LISTINGS,
    identity_operation=ORGANIZATION,
    open=opener(f"okta.orgs.read {SCOPES}"),
)
