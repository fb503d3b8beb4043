"""Amazon Inspector: what it scans in each region, and what it found."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Item, Listing, Place, at
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_INSPECTOR
ACTIVE = {"findingStatus": [{"comparison": "EQUALS", "value": "ACTIVE"}]}


def parse_account(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """Inspector in a region. Source: Inspector BatchGetAccountStatus."""
    made = fields.resource(KIND, "{accountId}/{Region}", name="Inspector in {Region}")
    return made({**item, "Region": place.region}, details, place)


def is_on(account: Item) -> bool:
    """Whether it scans anything."""
    return any(one.get("status") == "ENABLED" for one in account.get("resourceState", {}).values())


LISTINGS = (
    Listing(
        operation=fields.call("inspector2.batch_get_account_status", "inspector2:BatchGetAccountStatus"),
        arguments=lambda place: {"accountIds": [place.account_id]},
        items=at("accounts"),
        kind=KIND,
        parse=parse_account,
        is_regional=True,
        children=(
            Listing(
                operation=fields.call("inspector2.list_findings", "inspector2:ListFindings", page_size=100),
                arguments=lambda _: {"filterCriteria": ACTIVE},
                items=at("findings"),
                applies=lambda place: is_on(place.parent),
            ),
        ),
    ),
)
