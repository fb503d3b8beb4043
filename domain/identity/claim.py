"""Reads a claim the way role mappings do: is this value among what the provider says?"""

from collections.abc import Mapping
from typing import Any


def has_value(claims: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether the claim is this value, or a list that holds it. Numbers count as their text, true as "true"."""
    found = claims.get(name)
    values = found if isinstance(found, list) else [found]
    return any(_text(one) == value for one in values if one is not None)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
