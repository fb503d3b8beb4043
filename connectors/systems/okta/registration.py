"""Okta, as the registry finds it."""

from connectors.reading.source import Registration, actions
from connectors.systems.okta import acting, allowed, source, tables
from domain.facts.credentials import OktaCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.OKTA,
    credentials=OktaCredentials,
    listings=tables.LISTINGS,
    identity_operation=source.ORGANIZATION,
    open=source.opener(f"okta.orgs.read {tables.SCOPES}"),
    action=actions(*acting.ACTIONS),
    missing=allowed.missing,
)
