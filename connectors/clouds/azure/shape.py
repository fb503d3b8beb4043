"""Azure's JSON as resources.

The native id is the id of Resource Manager, in the case it came in: bills and logs write it in other cases, so compare
it without regard to case. Things of the directory have their object id.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.reading.listing import Arguments, Item, Parse, Place
from domain.facts.resource import Resource, ResourceKind

# Where the services write when a thing was made.
CREATED = ("timeCreated", "creationTime", "creationDate", "createdDate", "createdAt", "createdOn")


def by_id(item: Item, _: Place) -> Arguments:
    """The arguments of what is asked below an item."""
    return {"id": item["id"]}


def below(place: Place) -> Arguments:
    """The arguments of a listing below an item."""
    return {"id": place.parent["id"]}


def properties(item: Item) -> Mapping[str, Any]:
    """The service's own fields; empty where there are none."""
    return item.get("properties") or {}


def parsed(kind: ResourceKind) -> Parse:
    """Reads a thing of Resource Manager: its own fields, beside them the details by key."""

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        return Resource(
            kind=kind,
            native_id=item["id"],
            name=item.get("name") or item["id"].rpartition("/")[2],
            region=_region(item, place),
            tags={key: str(value) for key, value in (item.get("tags") or {}).items()},
            # The etag changes with every write, also with those that change nothing.
            config={key: value for key, value in item.items() if key != "etag"} | dict(details),
            created_at=_created(item),
        )

    return parse


def entra(kind: ResourceKind, *names: str) -> Parse:
    """Reads a thing of the directory, called by the first of these fields that is set."""

    def parse(item: Item, details: Mapping[str, Any], _: Place) -> Resource:
        called = next((item[name] for name in names if item.get(name)), item["id"])
        return Resource(
            kind=kind,
            native_id=item["id"],
            name=called,
            config={**item, **details},
            created_at=moment(item.get("createdDateTime")),
        )

    return parse


def moment(text: str | None) -> datetime | None:
    """Azure's times are UTC, with up to seven digits of a second, and some lack the zone. Raises ValueError."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _created(item: Item) -> datetime | None:
    own, system = properties(item), item.get("systemData") or {}
    written = (own.get(name) for name in CREATED)
    return moment(next((text for text in written if isinstance(text, str)), None) or system.get("createdAt"))


def _region(item: Item, place: Place) -> str | None:
    """Of the item, else of what it stands under. Some services write "West Europe" for westeurope."""
    found = next((one["location"] for one in (item, *reversed(place.above)) if one.get("location")), "")
    name = found.replace(" ", "").lower()
    return None if name in ("", "global") else name
