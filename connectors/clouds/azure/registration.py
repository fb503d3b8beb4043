"""Azure for the registry: everything that is read, and how an account is opened."""

from typing import cast

from connectors.clouds.azure import (
    acting,
    allowed,
    application,
    compute,
    cost,
    database,
    directory,
    edge,
    monitor,
    network,
    security,
    session,
    storage,
    subscription,
    vault,
)
from connectors.reading.source import Member, Registration, Source, actions
from domain.facts.credentials import AzureCredentials
from domain.facts.provider import Provider

LISTINGS = (
    *subscription.LISTINGS,
    *compute.LISTINGS,
    *network.LISTINGS,
    *edge.LISTINGS,
    *storage.LISTINGS,
    *vault.LISTINGS,
    *database.LISTINGS,
    *application.LISTINGS,
    *monitor.LISTINGS,
    *security.LISTINGS,
    *cost.LISTINGS,
    *directory.LISTINGS,
)


async def _members(source: Source, _: AzureCredentials) -> tuple[Member, ...]:
    return await cast(session.AzureSource, source).members()


REGISTRATION = Registration(
    provider=Provider.AZURE,
    credentials=AzureCredentials,
    listings=LISTINGS,
    identity_operation=subscription.SUBSCRIPTION,
    open=session.open_azure,
    members=_members,
    action=actions(*acting.ACTIONS),
    missing=allowed.missing,
)
