"""Targets as rules see them, and whether they make a tree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from domain.allocation.spelling import folded
from domain.errors import Invalid
from domain.facts.allocation import MOST_LEVELS, AllocationKind


@dataclass(frozen=True, slots=True)
class Target:
    """`parent_id` is the target it is a part of; `aliases` are other names that tags may use for it."""

    id: str
    kind: AllocationKind
    name: str
    parent_id: str | None = None
    aliases: tuple[str, ...] = ()


def check_parent(id: str | None, parent_id: str | None, parents: Mapping[str, str | None]) -> None:
    """Whether target `id` (None: a new one) may be a part of `parent_id`; `parents` has the parent of every target.

    Raises Invalid when it would be a part of itself, or stand too deep.
    """
    above = path_of(parent_id, parents)
    if id is not None and id in above:
        raise Invalid("A target cannot be a part of itself or of its own parts.", path=("input", "parentId"))
    if len(above) + _height(id, parents) > MOST_LEVELS:
        raise Invalid(f"Targets stand at most {MOST_LEVELS} levels deep.", path=("input", "parentId"))


def path_of(id: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """The target and everything it is a part of, itself first. Ends even where the tree has a loop."""
    path: list[str] = []
    while id is not None and id not in path:
        path.append(id)
        id = parents.get(id)
    return path


def _height(id: str | None, parents: Mapping[str, str | None]) -> int:
    """How many levels the target and its parts take."""
    if id is None:
        return 1
    return max((len(path) - path.index(id) for path in _downwards(id, parents)), default=1)


def _downwards(id: str, parents: Mapping[str, str | None]) -> list[list[str]]:
    paths = (path_of(other, parents)[::-1] for other in parents)
    return [path for path in paths if id in path]


def names_of(targets: Iterable[Target], kind: AllocationKind) -> dict[str, str]:
    """Id by folded name and alias of the targets of a kind. A name goes before an alias, then the lower id."""
    found: dict[str, str] = {}
    ordered = sorted((target for target in targets if target.kind is kind), key=lambda target: target.id)
    for target in ordered:
        found.setdefault(folded(target.name), target.id)
    for target in ordered:
        for alias in target.aliases:
            found.setdefault(folded(alias), target.id)
    found.pop("", None)
    return found
