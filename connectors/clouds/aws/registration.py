"""AWS as the engine knows it: every list of the modules of this folder, and the account they add to."""

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

from connectors.clouds.aws import account, acting, allowed, organization, session
from connectors.reading.listing import Detail, Listing
from connectors.reading.source import Registration
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.provider import Provider

# They are made of the tables, and are none themselves.
ABOVE = {"registration"}
MODULES = [
    importlib.import_module(f"{__package__}.{module.name}")
    for module in pkgutil.iter_modules([str(Path(__file__).parent)])
    if module.name not in ABOVE
]


def _listings() -> tuple[Listing, ...]:
    """The LISTINGS of all modules; their ACCOUNT_DETAILS and REGION_DETAILS go to the account and its regions."""
    found = [listing for module in MODULES for listing in getattr(module, "LISTINGS", ())]
    return (
        replace(account.ACCOUNT, details=_details("ACCOUNT_DETAILS")),
        replace(account.REGION, details=_details("REGION_DETAILS")),
        *found,
    )


def _details(name: str) -> tuple[Detail, ...]:
    return tuple(detail for module in MODULES for detail in getattr(module, name, ()))


REGISTRATION = Registration(
    provider=Provider.AWS,
    credentials=AwsCredentials,
    listings=_listings(),
    identity_operation=session.WHO_AM_I,
    open=session.open_source,
    members=organization.members,
    action=acting.action,
    missing=allowed.missing,
)
