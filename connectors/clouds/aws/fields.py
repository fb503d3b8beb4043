"""Pieces that AWS answers have in common, and the resources made of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.reading.listing import Item, Operation, Parse, Place
from domain.facts.aws_partition import partition_of
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
    passing: tuple[str, ...] = (),
    by_hour: tuple[str, ...] = (),
) -> Callable[[Item, Mapping[str, Any], Place], Resource]:
    """Makes resources of items by the names of their fields; `native_id` and `name` may be formats such as "{a}/{b}".

    Without `name`, or where it is missing, its tag Name is its name, else its id. `created` is the field with the time
    of creation. What changes without anybody changing it is left out when `passing`, and kept by the hour when a
    rule asks for it: a resource is written whenever its configuration changes. The raw answers have both in full.
    """

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        whole = {**item, **details}
        tags = tags_of(next((whole[key] for key in TAGS if whole.get(key)), None))
        own_id = _filled(native_id, whole)
        config = {key: value for key, value in config_of(whole).items() if key not in passing}
        return Resource(
            kind=kind,
            native_id=own_id,
            name=(_found(name, whole) if name else None) or tags.get("Name") or own_id,
            region=None if is_global else place.region,
            tags=tags,
            config=config | {key: to_hour(config[key]) for key in by_hour if key in config},
            created_at=utc(whole.get(created)) if created else None,
        )

    return parse


def merged(key: str, parse: Parse) -> Parse:
    """The same resources, with the fields of the detail under `key` beside those of the list."""

    def flat(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
        others = {name: value for name, value in details.items() if name != key}
        return parse({**item, **(details.get(key) or {})}, others, place)

    return flat


def with_arn(service: str, path: str) -> Callable[[Item, Place], dict[str, str]]:
    """Adds the ARN that a list leaves out; `path` is a format such as "table/{TableName}".

    Source: the service authorization reference, resource types.
    """
    return lambda item, place: {**item, "Arn": arn(service, place, path.format_map(item))}


def arn(service: str, place: Place, path: str) -> str:
    """The ARN of something in a region."""
    region = place.region or ""
    return f"arn:{partition_of(region)}:{service}:{region}:{place.account_id}:{path}"


def to_hour(moment: str) -> str:
    """The start of the hour of a time of `json_value`."""
    return datetime.fromisoformat(moment).replace(minute=0, second=0, microsecond=0).isoformat()


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


def _found(field: str, item: Mapping[str, Any]) -> str | None:
    try:
        return _filled(field, item)
    except KeyError:
        return None


def _filled(field: str, item: Mapping[str, Any]) -> str:
    return field.format_map(item) if "{" in field else str(item[field])
