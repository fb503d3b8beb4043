"""What has been put together so far, held to what people have decided. A union-find over ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.facts.incident import DecisionKind
from domain.incidents.link import Decision

# A story that runs for longer meets everything by itself. Twice the longest window of a coincidence.
LONGEST = timedelta(hours=48)
# Joins of one incident that may rest on coincidence. Beyond them chance alone would chain an account together.
COINCIDENCES = 5


@dataclass(frozen=True, slots=True)
class Story:
    """From the first to the last that happened, None where nothing did, and how many coincidences joined it."""

    first_at: datetime | None
    last_at: datetime | None
    coincidences: int

    def joined(self, other: "Story", coincidences: int) -> "Story":
        """Both as one."""
        firsts = [at for at in (self.first_at, other.first_at) if at is not None]
        lasts = [at for at in (self.last_at, other.last_at) if at is not None]
        total = self.coincidences + other.coincidences + coincidences
        return Story(min(firsts, default=None), max(lasts, default=None), total)

    @property
    def is_within_bounds(self) -> bool:
        """Whether a coincidence may have made it."""
        is_short = self.first_at is None or self.last_at is None or self.last_at - self.first_at <= LONGEST
        return is_short and self.coincidences <= COINCIDENCES


class Clusters:
    """Ids of signals and incidents. The last decision about two of them holds."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._parent: dict[str, str] = {}
        self._stories: dict[str, Story] = {}
        self._incident: dict[str, str] = {}
        latest = {frozenset((one.a, one.b)): one for one in decisions}
        self._apart = [one for one in latest.values() if one.kind is DecisionKind.APART]
        self._together = [one for one in latest.values() if one.kind is DecisionKind.TOGETHER]

    def add(self, id: str, story: Story) -> None:
        """A signal or an incident by itself, unless it is there already."""
        if id not in self._parent:
            self._parent[id], self._stories[id] = id, story

    def place(self, id: str, incident: str) -> None:
        """Put a signal where it stands already."""
        self._parent[id] = incident
        self._incident[id] = incident

    def obey(self) -> None:
        """Put together what people have put together."""
        for one in sorted(self._together, key=lambda one: (one.a, one.b)):
            if one.a in self._parent and one.b in self._parent:
                self._unite(self.root(one.a), self.root(one.b), 0)

    def root(self, id: str) -> str:
        """What stands for everything that is together with this."""
        while (above := self._parent[id]) != id:
            self._parent[id] = self._parent[above]
            id = above
        return id

    def story(self, id: str) -> Story:
        """Of everything that is together with this."""
        return self._stories[self.root(id)]

    def is_settled(self, a: str, b: str) -> bool:
        """Whether both stood in the same incident from the beginning."""
        return a in self._incident and self._incident[a] == self._incident.get(b)

    def join(self, a: str, b: str) -> bool:
        """Put two together for a strong reason; False when they are already, or people want them apart."""
        x, y = self.root(a), self.root(b)
        if x == y or self._are_apart(x, y):
            return False
        self._unite(x, y, 0)
        return True

    def meet(self, a: str, b: str) -> bool:
        """Put two together for a coincidence; False also when that would go beyond the bounds."""
        x, y = self.root(a), self.root(b)
        if x == y or self._are_apart(x, y) or not self._stories[x].joined(self._stories[y], 1).is_within_bounds:
            return False
        self._unite(x, y, 1)
        return True

    def _are_apart(self, x: str, y: str) -> bool:
        return any(
            {self.root(one.a), self.root(one.b)} == {x, y}
            for one in self._apart
            if one.a in self._parent and one.b in self._parent
        )

    def _unite(self, x: str, y: str, coincidences: int) -> None:
        if x != y:
            self._stories[x] = self._stories[x].joined(self._stories[y], coincidences)
            self._parent[y] = x
