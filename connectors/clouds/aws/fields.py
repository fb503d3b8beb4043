"""Pieces that AWS answers have in common."""

from datetime import UTC, datetime
from typing import Any


def json_value(value: Any) -> Any:
    """The same value in JSON types only: times become ISO 8601 text in UTC, bytes and other oddities text."""
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def config_of(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it is kept: all its fields in JSON types, without the tags that the resource carries apart."""
    return {key: json_value(value) for key, value in item.items() if key not in ("Tags", "TagSet")}


def tags_of(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """[{Key, Value}, ...] as a mapping."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags or []}


def utc(moment: datetime | None) -> datetime | None:
    """The same moment in UTC; the client library gives times in the zone of the machine."""
    return moment.astimezone(UTC) if moment else None
