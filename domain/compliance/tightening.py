"""What tenants and bundles make of the parameters of controls: they may be stricter than the catalogue, never laxer."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from domain.errors import Invalid
from domain.facts.framework import Direction

# By control and name: a number, a text, a list of either, or a table of numbers.
Parameters = Mapping[str, Mapping[str, Any]]

_BOUNDED = ("_ratio", "_util")
_SHAPES = {
    Direction.HIGHER: (int, float, dict),
    Direction.LOWER: (int, float, dict),
    Direction.MORE: (list, tuple),
    Direction.FEWER: (list, tuple),
    Direction.FREE: (str, list),
}
_ASKED = {
    Direction.HIGHER: "It may only be higher",
    Direction.LOWER: "It may only be lower",
    Direction.MORE: "Members may only be added",
    Direction.FEWER: "Members may only be taken away, and one must stay",
}


@cache
def directions() -> Mapping[str, Mapping[str, Direction]]:
    """Which way each parameter is tightened, by control and name."""
    text = resources.files(__package__).joinpath("tightening.toml").read_text(encoding="utf-8")
    return {
        control: {name: Direction(way) for name, way in ways.items()} for control, ways in tomllib.loads(text).items()
    }


@cache
def control_ids() -> frozenset[str]:
    """Every control of the catalogue."""
    return frozenset(directions())


def check_tightening(
    control_id: str, defaults: Mapping[str, Any], wanted: Mapping[str, Any], path: Sequence[str] = ()
) -> None:
    """Raises Invalid, naming control and parameter, for what the control lacks, of another shape, or laxer.

    `defaults` are the control's own parameters. What has no default may take any value of its shape.
    """
    ways = directions().get(control_id)
    if ways is None:
        raise Invalid(f"There is no control {control_id}.", path=tuple(path))
    for name, value in wanted.items():
        problem = _problem(name, ways.get(name), defaults.get(name), value)
        if problem is not None:
            raise Invalid(f"{name} of {control_id}: {problem}", path=tuple(path))


def in_force(control_id: str, defaults: Mapping[str, Any], layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The parameters by which the control is judged: the strictest of its own and of each layer on top."""
    found = dict(defaults)
    ways = directions().get(control_id, {})
    for layer in layers:
        for name, value in layer.items():
            found[name] = value if found.get(name) is None else _strictest(ways[name], found[name], value)
    return found


def _problem(name: str, way: Direction | None, before: Any, after: Any) -> str | None:
    if way is None:
        return "there is no such parameter."
    if not isinstance(after, _SHAPES[way]) or isinstance(after, bool):
        return "that is not the kind of value it takes."
    if isinstance(after, dict) != isinstance(before, dict) and before is not None:
        return "name a key of its table." if isinstance(before, dict) else "it is no table."
    numbers = _numbers(after)
    if any(number < 0 for number in numbers):
        return "it cannot be negative."
    if name.endswith(_BOUNDED) and any(number > 1 for number in numbers):
        return "it is a ratio, from 0 to 1."
    laxer = before is not None and _is_laxer(way, before, after)
    return f"{told_value(after)} is laxer than {told_value(before)}. {_ASKED[way]}." if laxer else None


def _numbers(value: Any) -> list[float]:
    values = value.values() if isinstance(value, dict) else [value]
    return [one for one in values if isinstance(one, int | float)]


def _is_laxer(way: Direction, before: Any, after: Any) -> bool:
    if isinstance(before, dict):
        return any(_is_laxer(way, before[key], after[key]) for key in before.keys() & after.keys())
    if way is Direction.MORE:
        return not set(before) <= set(after)
    if way is Direction.FEWER:
        return not after or not set(after) <= set(before)
    return way is not Direction.FREE and (after < before if way is Direction.HIGHER else after > before)


def _strictest(way: Direction, before: Any, after: Any) -> Any:
    if isinstance(before, dict):
        both = {key: _strictest(way, before[key], after[key]) for key in before.keys() & after.keys()}
        return {**before, **after, **both}
    match way:
        case Direction.HIGHER:
            return max(before, after)
        case Direction.LOWER:
            return min(before, after)
        case Direction.MORE:
            return list(dict.fromkeys([*before, *after]))
        case Direction.FEWER:
            return [one for one in before if one in after]
        case _:
            return after


def told_value(value: Any) -> str:
    """A parameter's value in words."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
