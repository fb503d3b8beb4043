"""How Google's items become resources.

`native_id` is the full resource name (//compute.googleapis.com/projects/...), as Cloud Asset Inventory, audit logs,
findings and recommendations print it. `config` is the item with its details under their keys, labels are the tags.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.reading.listing import Answer, Item, Parse, Place
from domain.facts.resource import Resource, ResourceKind

FullName = Callable[[Item, Place], str]
COMPUTE = "//compute.googleapis.com/"


def resources(
    kind: ResourceKind,
    full_name: FullName,
    *,
    created: str = "createTime",
    labels: str = "labels",
    shown: str = "displayName",
) -> Parse:
    """A parse function for items of this kind. `created` and `labels` are dotted paths in the item.

    `shown` is the field people know it by; without it the last part of the full name is.
    """

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        native_id = full_name(item, place)
        return Resource(
            kind=kind,
            native_id=native_id,
            name=str(item.get(shown) or native_id.rpartition("/")[2]),
            region=location_of(item, native_id),
            tags={str(key): str(value) for key, value in (_under(item, labels) or {}).items()},
            config={**item, **details},
            created_at=time_of(_under(item, created)),
        )

    return parse


def compute(kind: ResourceKind, noun: str) -> Parse:
    """Items of Compute Engine, of the collection `noun`."""

    def full_name(item: Item, place: Place) -> str:
        return compute_name(item, place, noun)

    return resources(kind, full_name, created="creationTimestamp")


def named(kind: ResourceKind, host: str, **fields: str) -> Parse:
    """Items whose `name` is their path already, as of all newer interfaces. `fields` are those of `resources`."""
    return resources(kind, lambda item, _: f"//{host}/{item['name']}", **fields)


def compute_name(item: Item, place: Place, noun: str) -> str:
    """From the `selfLink` without its server and version; put together where there is none."""
    _, found, path = str(item.get("selfLink", "")).partition("/projects/")
    if found:
        return f"{COMPUTE}projects/{path}"
    scope = next((f"{key}s/{location_of(item, '')}" for key in ("zone", "region") if item.get(key)), "global")
    return f"{COMPUTE}projects/{place.account_id}/{scope}/{noun}/{item['name']}"


def location_of(item: Item, native_id: str) -> str | None:
    """The zone, region or multi-region an item lies in; None for global ones."""
    for key in ("zone", "region", "location"):
        if isinstance(item.get(key), str):
            return _place(item[key])
    parts = native_id.split("/")
    return _place(parts[parts.index("locations") + 1]) if "locations" in parts[:-1] else None


def _place(value: str) -> str | None:
    name = value.rpartition("/")[2].lower()
    return None if name in ("", "global") else name


def time_of(value: Any) -> datetime | None:
    """An RFC 3339 time in UTC, None without one. Raises ValueError for another text."""
    if not value:
        return None
    time = datetime.fromisoformat(value)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def scoped(key: str) -> Callable[[Answer], list[Item]]:
    """The items of an aggregated list: those under `key` of every scope. Raises TypeError for another shape."""

    def items(answer: Answer) -> list[Item]:
        return [one for scope in (answer.get("items") or {}).values() for one in scope.get(key) or []]

    return items


def itself(answer: Answer) -> list[Item]:
    """The answer is the one item."""
    return [answer]


def merged(key: str) -> Callable[[Sequence[Answer]], list[Item]]:
    """The lists under a key of all pages, one after another."""
    return lambda pages: [one for page in pages for one in page.get(key) or []]


def _under(item: Item, path: str) -> Any:
    for key in path.split("."):
        item = item.get(key) if isinstance(item, dict) else None
    return item
