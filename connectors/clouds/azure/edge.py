"""Microsoft.Cdn: profiles of Front Door and of the older CDN, with how their endpoints serve.

What bundles judge; the profiles are no resources to look after here.
"""

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Item, Listing, Place

VERSION = "2024-02-01"
# Headers that a rule adds often hold the word by which the site behind knows who asks.
HIDDEN = call.without("deliveryPolicy", "urlSigningKeys")


def is_front_door(profile: Item) -> bool:
    """Whether it is of the newer kind, whose endpoints have routes. Source: Azure REST reference, Profiles, SkuName."""
    return str((profile.get("sku") or {}).get("name") or "").endswith("_AzureFrontDoor")


def _on_front_door(place: Place) -> bool:
    return is_front_door(place.parent)


def _on_older(place: Place) -> bool:
    return not is_front_door(place.parent)


def _below(tail: str, applies: bool | None = None, *children: Listing) -> Listing:
    """The list under a profile or endpoint. `applies` says of which kind of profile, None of what it stands under."""
    kind = f"Microsoft.Cdn/profiles/{tail}"
    wanted = {True: _on_front_door, False: _on_older, None: None}[applies]
    operation = call.under(kind, f"/{tail.rpartition('/')[2]}", VERSION, hidden=HIDDEN)
    return Listing(operation=operation, items=monitor.VALUE, arguments=shape.below, applies=wanted, children=children)


LISTINGS = (
    Listing(
        operation=call.listed("Microsoft.Cdn/profiles", VERSION),
        items=monitor.VALUE,
        children=(
            _below("afdEndpoints", True, _below("afdEndpoints/routes")),
            _below("endpoints", False),
        ),
    ),
)
