"""Items of DigitalOcean as resources."""

from collections.abc import Mapping
from typing import Any

from connectors.reading.listing import Item, Parse, Place
from connectors.rest.values import labels, moment
from domain.facts.resource import Resource, ResourceKind


def parse_as(kind: ResourceKind, *, key: str = "id", name: str = "name") -> Parse:
    """Items that carry their id under `key` and their name under `name`: the id names what has no name.

    `config` is the item with its details beside it.
    """

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        return Resource(
            kind=kind,
            native_id=str(item[key]),
            name=str(item.get(name) or item[key]),
            region=region_of(item) or place.region,
            tags=labels(item.get("tags")),
            config={**item, **details},
            created_at=moment(item.get("created_at")),
        )

    return parse


def region_of(item: Mapping[str, Any]) -> str | None:
    """The slug of the region: DigitalOcean sends it plain, in an object, or as a list of regions.

    None for what is in several regions or in none.
    """
    region = item.get("region")
    if isinstance(region, dict):
        region = region.get("slug")
    regions = item.get("regions") or []
    return region or (regions[0] if len(regions) == 1 else None)


def parse_team(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """The team a token belongs to; the user where there is no team. Source: GET /v2/account."""
    team = item.get("team") or {}
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_TEAM,
        native_id=place.account_id,
        name=team.get("name") or item.get("name") or item["email"],
        config={**item, **details},
    )
