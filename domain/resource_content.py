"""What a resource is made of, for telling whether it changed: hashes of its content, and the paths that differ."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from domain.facts.resource import Resource

# More says no more than that everything is different.
MOST_PATHS = 200
# A longer value is told by its length and hash alone.
LONGEST_VALUE = 32 * 1024
# What is missing on one side of a change.
ABSENT = object()


class Prints(NamedTuple):
    """SHA-256 of a resource's content: without what moves by itself, and with it."""

    lasting: bytes
    whole: bytes


class FieldChange(NamedTuple):
    """`path` is dotted: name, tags.owner, config.State.Name. None stands for what is not there."""

    path: str
    before: Any
    after: Any


def prints_of(resource: Resource, volatile: Iterable[str] = ()) -> Prints:
    """The prints of a resource; `volatile` are dotted paths into its config that move without anybody's doing.

    Raises TypeError for a config that is not JSON.
    """
    paths = tuple(volatile)
    whole = _print(resource, resource.config)
    return Prints(_print(resource, without(resource.config, paths)) if paths else whole, whole)


def without(config: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The config less what stands at these dotted paths. Lists are not looked into."""
    kept = dict(config)
    for path in paths:
        head, _, rest = path.partition(".")
        if not rest:
            kept.pop(head, None)
        elif isinstance(kept.get(head), Mapping):
            kept[head] = without(kept[head], (rest,))
    return kept


def carried_over(config: Mapping[str, Any], before: Mapping[str, Any], unread: Iterable[str]) -> dict[str, Any]:
    """The config with the last known values of keys that could not be read this time."""
    return {**{key: before[key] for key in sorted(unread) if key in before}, **config}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The paths where two contents differ, in order, at most MOST_PATHS. Lists differ as a whole."""
    found: list[FieldChange] = []
    for change in _differing(before, after, ""):
        found.append(change)
        if len(found) == MOST_PATHS:
            break
    return found


def _print(resource: Resource, config: Mapping[str, Any]) -> bytes:
    made = None if resource.created_at is None else resource.created_at.isoformat()
    return hashlib.sha256(_canonical([resource.name, resource.region, resource.tags, config, made])).digest()


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="surrogatepass")


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str) -> Iterator[FieldChange]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differing(old, new, f"{prefix}{key}.")
        else:
            yield FieldChange(f"{prefix}{key}", _bounded(old), _bounded(new))


def _bounded(value: Any) -> Any:
    if value is ABSENT:
        return None
    text = _canonical(value)
    if len(text) <= LONGEST_VALUE:
        return value
    return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}
