"""What raw JSON of plain HTTP interfaces is turned into, and what is taken out of it."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any


def moment(value: str | None) -> datetime | None:
    """The aware UTC time behind an ISO 8601 text; None for none or an empty one. Raises ValueError for another text."""
    if not value:
        return None
    read = datetime.fromisoformat(value)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def without(answer: Any, keys: Collection[str]) -> Any:
    """A copy that lacks these keys at every depth."""
    if isinstance(answer, dict):
        return {key: without(value, keys) for key, value in answer.items() if key not in keys}
    if isinstance(answer, list):
        return [without(one, keys) for one in answer]
    return answer


def labels(tags: Iterable[str] | None) -> dict[str, str]:
    """Plain tags as a map: "environment:production" by its key, "web" with an empty value."""
    pairs = (tag.partition(":") for tag in tags or ())
    return {key: value for key, _, value in pairs}
