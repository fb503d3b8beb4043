"""Feeds made of parts, each of which takes a permission of its own: what a viewer may follow of them, and where."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from auth.permission import Permission
from auth.scope import scope_of
from domain.errors import Forbidden
from domain.facts.event import LoggedEvent
from resolvers.context import Context
from schema.node import local_id


@dataclass(frozen=True, slots=True)
class Part:
    """Events of `topic`, of these types only where some are given, shown as `show` makes them.

    `also` tells apart what one type of event carries. Several parts may have one name.
    """

    name: StrEnum
    permission: Permission
    topic: Callable[[object], str]
    show: Callable[[LoggedEvent], Any]
    types: frozenset[str] = frozenset()
    also: Callable[[LoggedEvent], bool] = lambda _: True

    def holds(self, event: LoggedEvent) -> bool:
        """Whether the event belongs to this part."""
        is_of_type = not self.types or event.type in self.types
        return is_of_type and event.topic == self.topic(event.org_id) and self.also(event)


@dataclass(frozen=True, slots=True)
class Followed:
    """Parts, each with the organizations in which it is followed."""

    parts: tuple[tuple[Part, frozenset[str]], ...]

    @property
    def org_ids(self) -> frozenset[str]:
        return frozenset().union(*(org_ids for _, org_ids in self.parts))

    @property
    def reads(self) -> Mapping[Permission | None, frozenset[str]]:
        """Which permission is needed in which organizations."""
        reads: dict[Permission | None, frozenset[str]] = {}
        for part, org_ids in self.parts:
            reads[part.permission] = reads.get(part.permission, frozenset()) | org_ids
        return reads

    @property
    def key(self) -> Hashable:
        return tuple((part.name, part.permission, org_ids) for part, org_ids in self.parts)

    def part_of(self, event: LoggedEvent) -> Part | None:
        """The part the event is shown in; None when it is not to be shown."""
        for part, org_ids in self.parts:
            if event.org_id in org_ids and part.holds(event):
                return part
        return None


def followed(
    context: Context, parts: Sequence[Part], names: Collection[StrEnum] | None, organization_id: str | None
) -> Followed:
    """What the viewer may read of the parts of these names, of all when none is given.

    Raises Forbidden for a name of which nothing may be read, and when nothing at all may be; NotFound for an
    organization that is a stranger's.
    """
    scope = scope_of(context.signed_in, None)
    within = (
        scope.org_ids if organization_id is None else scope.narrowed(local_id("Organization", organization_id)).org_ids
    )
    readable = [
        (part, scope_of(context.signed_in, part.permission).org_ids & within)
        for part in parts
        if names is None or part.name in names
    ]
    found = Followed(tuple((part, org_ids) for part, org_ids in readable if org_ids))
    missing = sorted({part.name for part, _ in readable} - {part.name for part, _ in found.parts})
    if names is not None and missing:
        raise Forbidden(f"You may not read {', '.join(missing)}.")
    if not found.parts:
        raise Forbidden("You may read nothing of this.")
    return found
