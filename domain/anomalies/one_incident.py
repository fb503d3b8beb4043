"""Which anomalies of one day are one story: an account, its service and a region of it that rose together."""

from collections.abc import Sequence
from dataclasses import dataclass

# A child with this share of what its parent rose by is why the parent did.
CAUSE = 0.60


@dataclass(frozen=True, slots=True)
class Risen:
    """A flagged series. path: from the root to the series, such as (account, service, region). delta: money above
    usual.
    """

    path: tuple[str, ...]
    delta: float


@dataclass(frozen=True, slots=True)
class Story:
    """members: all paths of it, the top first. cause: the deepest that explains the top."""

    top: tuple[str, ...]
    cause: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]


def stories(risen: Sequence[Risen]) -> list[Story]:
    """Flags of one day and one direction, joined: a child belongs to the nearest flagged ancestor whose delta it
    makes up to 60 % or more. Others stand alone. Ordered by path.
    """
    deltas = {one.path: abs(one.delta) for one in risen}
    top: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in sorted(deltas, key=lambda path: (len(path), path)):
        parent = next((path[:end] for end in range(len(path) - 1, 0, -1) if path[:end] in deltas), None)
        joins = parent is not None and deltas[path] >= CAUSE * deltas[parent]
        top[path] = top[parent] if parent is not None and joins else path
    return [_story(one, [path for path in top if top[path] == one], deltas) for one in sorted(set(top.values()))]


def _story(top: tuple[str, ...], members: list[tuple[str, ...]], deltas: dict[tuple[str, ...], float]) -> Story:
    """Of several equally deep the largest is the cause."""
    cause = max(members, key=lambda path: (len(path), deltas[path]))
    return Story(top, cause, tuple(sorted(members, key=lambda path: (len(path), path))))
