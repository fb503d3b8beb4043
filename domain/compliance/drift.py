"""How a resource differs from its settled configuration, by what was seen to happen to it and what explains that."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from domain.facts.governance import DriftKind
from domain.resource_content import FieldChange, changes_between

_TAG = "tags."


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a resource: whether it was there before and after, and what changed, by path.

    `explained_by` is what accounts for it, as kind:id; None where nothing does.
    """

    was_there: bool
    is_there: bool
    changes: Sequence[FieldChange]
    explained_by: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """`changes` are from what is settled to what there is. Of what was added there are none."""

    kind: DriftKind
    changes: Sequence[FieldChange]

    @property
    def as_step(self) -> Step:
        """The step that leads to it from what is settled."""
        return Step(self.kind is not DriftKind.ADDED, self.kind is not DriftKind.GONE, self.changes)


def difference(steps: Sequence[Step]) -> Difference | None:
    """What is left to be settled after these steps, the oldest first; None where there are none.

    What is explained becomes settled: by path, so that the rest of a resource still differs. What is put back is as it
    was, however many steps it took.
    """
    settled: dict[str, Any] = {}
    for step in reversed(steps):
        for change in step.changes:
            _put(settled, change.path, change.before)
    actual = deepcopy(settled)
    was_there = is_there = not steps or steps[0].was_there
    for step in steps:
        for change in step.changes:
            _put(actual, change.path, change.after)
            if step.explained_by is not None:
                _put(settled, change.path, change.after)
        is_there = step.is_there
        if step.explained_by is not None and step.was_there is not step.is_there:
            was_there = step.is_there
    return _judged(was_there, is_there, changes_between(settled, actual))


def is_meant(wanted: Iterable[str], tags: Mapping[str, str], changes: Collection[FieldChange]) -> bool:
    """Whether a resource has, or had before these changes, all the tags that are wanted (key=value).

    Else whoever takes a tag away would take the resource out of sight with it.
    """
    moved = {change.path.removeprefix(_TAG): change.before for change in changes if change.path.startswith(_TAG)}
    pairs = [(key, value) for key, _, value in (pair.partition("=") for pair in wanted)]
    return any(all(had.get(key) == value for key, value in pairs) for had in (tags, {**tags, **moved}))


def names_in(value: Any) -> set[str]:
    """Every text in what was sent to a provider or came back from it: the ids of what it was about are among them."""
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return set()
    return {name for one in value for name in names_in(one)}


def _judged(was_there: bool, is_there: bool, changes: list[FieldChange]) -> Difference | None:
    if was_there and not is_there:
        # Kept, because it may come back and still be another than it was.
        return Difference(DriftKind.GONE, changes)
    if is_there and not was_there:
        return Difference(DriftKind.ADDED, ())
    return Difference(DriftKind.CHANGED, changes) if is_there and changes else None


def _put(content: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        inner = content.get(key)
        if not isinstance(inner, dict):
            inner = content[key] = {}
        content = inner
    content[last] = deepcopy(value)
