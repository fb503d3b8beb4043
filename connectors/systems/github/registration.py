"""GitHub, for the registry."""

from connectors.reading.source import Registration, actions
from connectors.systems.github import acting, allowed, organization, repository, source
from domain.facts.credentials import GithubCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.GITHUB,
    credentials=GithubCredentials,
    listings=(*organization.LISTINGS, *repository.LISTINGS),
    identity_operation=organization.IDENTITY,
    open=source.open_account,
    action=actions(*acting.ACTIONS),
    missing=allowed.missing,
)
