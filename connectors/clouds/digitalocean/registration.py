"""DigitalOcean, for the registry."""

from connectors.clouds.digitalocean import account, acting, compute, data, network, source
from connectors.reading.source import Registration, actions
from domain.facts.credentials import DigitalOceanCredentials
from domain.facts.provider import Provider

REGISTRATION = Registration(
    provider=Provider.DIGITALOCEAN,
    credentials=DigitalOceanCredentials,
    listings=(*account.LISTINGS, *compute.LISTINGS, *network.LISTINGS, *data.LISTINGS),
    identity_operation=account.IDENTITY,
    open=source.open_account,
    action=actions(*acting.ACTIONS),
)
