"""Pieces that AWS answers have in common, and the resources made of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.reading.listing import Item, Operation, Place
from domain.facts.resource import Resource, ResourceKind

# Kept apart from the configuration, or the same thing twice.
TAGS = ("Tags", "TagSet", "TagList", "tags", "Tag")


def json_value(value: Any) -> Any:
    """The same value in JSON types only: times become ISO 8601 text in UTC, bytes and other oddities text."""
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def config_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it is kept: all its fields, without the tags that the resource carries apart."""
    return {key: value for key, value in item.items() if key not in TAGS}


def tags_of(tags: Any) -> dict[str, str]:
    """[{Key, Value}, ...] as a mapping; a mapping, as some services give, stays one. None has no tags."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items()}
    return {tag.get("Key") or tag["key"]: tag.get("Value") or tag.get("value") or "" for tag in tags or []}


def utc(moment: str | None) -> datetime | None:
    """A time of `json_value` in UTC."""
    return datetime.fromisoformat(moment).astimezone(UTC) if moment else None


def resource(
    kind: ResourceKind,
    native_id: str,
    *,
    name: str | None = None,
    created: str | None = None,
    is_global: bool = False,
    spread: tuple[str, ...] = (),
) -> Callable[[Item, Mapping[str, Any], Place], Resource]:
    """Makes resources of items by the names of their fields; `native_id` and `name` may be formats such as "{a}/{b}".

    An item's own name comes first, then its tag Name, then its id. `created` is the field with the time of creation.
    `spread` are the details whose own fields are kept in their place.
    """

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        whole = {**item, **spread_out(details, spread)}
        tags = tags_of(next((whole[key] for key in TAGS if whole.get(key)), None))
        own_id = _filled(native_id, whole)
        return Resource(
            kind=kind,
            native_id=own_id,
            name=(_filled(name, whole) if name else tags.get("Name")) or own_id,
            region=None if is_global else place.region,
            tags=tags,
            config=config_of(whole),
            created_at=utc(whole.get(created)) if created else None,
        )

    return parse


def spread_out(details: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The details, with the fields of those named instead of these themselves; those that are not set add nothing."""
    kept = {key: value for key, value in details.items() if key not in names}
    return kept | {key: value for name in names for key, value in (details.get(name) or {}).items()}


def call(
    name: str,
    *permissions: str,
    absent: tuple[str, ...] = (),
    off: tuple[str, ...] = (),
    plan: str | None = None,
    hidden: Callable[[Any], Any] | None = None,
    **options: Any,
) -> Operation:
    """An operation by its client method, such as ec2.describe_volumes, and the permissions it needs."""
    return Operation(
        name=name,
        service=name.partition(".")[0],
        permissions=permissions,
        absent=frozenset(absent),
        off=frozenset(off),
        plan=plan,
        hidden=hidden,
        options=options,
    )


def asks(**fields: str) -> Callable[[Item, Place], dict[str, Any]]:
    """The arguments of a detail: each filled from the item's field of this name; "" is the item itself."""
    return lambda item, _: {argument: item[field] if field else item for argument, field in fields.items()}


def asks_parent(**fields: str) -> Callable[[Place], dict[str, Any]]:
    """The same for a listing that stands under another."""
    return lambda place: asks(**fields)(place.parent, place)


def _filled(field: str, item: Mapping[str, Any]) -> str:
    return field.format_map(item) if "{" in field else str(item[field])
