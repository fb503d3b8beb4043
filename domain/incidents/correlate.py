"""Which signals become one incident. Not how they are found or stored."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

from domain.facts.alert import AlertCategory
from domain.incidents.cluster import Clusters, Story
from domain.incidents.link import Decision, Link, LinkRule
from domain.incidents.rules import RULES
from domain.incidents.signal import Signal

# More stories of one kind than this in the same place and window are noise: meeting one of them says nothing.
# Five in a day is one every five hours, about as long as somebody needs to look into one.
RARE = 5
# Beyond what joins them, links only explain; a person reads a few.
LINKS_EACH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as it stands. `members` are those of its signals that are in play, or named in a decision.

    `first_at` and `last_at` are of what happened, None where nothing did; `coincidences` how many joins rest on one.
    """

    id: str
    number: int
    members: frozenset[str]
    first_at: datetime | None = None
    last_at: datetime | None = None
    coincidences: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`incident` goes on with these new signals, or begins where it is None. `absorbed` are incidents that go into it.

    `links` are new. `coincidences` is how many joins of all of it rest on one.
    """

    incident: str | None
    absorbed: tuple[str, ...]
    signals: tuple[str, ...]
    links: tuple[Link, ...]
    coincidences: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    earlier: Signal
    later: Signal
    rule: LinkRule
    strength: int
    reason: str

    @property
    def order(self) -> tuple[int, timedelta, tuple[datetime, str], tuple[datetime, str]]:
        return self.strength, self.later.at - self.earlier.at, self.later.place, self.earlier.place

    def link(self) -> Link:
        return Link(self.earlier.id, self.later.id, self.rule.id, self.reason, self.later.at)


def correlate(
    signals: Iterable[Signal],
    existing: Iterable[Incident] = (),
    decisions: Iterable[Decision] = (),
    *,
    fresh: Collection[str] | None = None,
) -> tuple[Change, ...]:
    """What becomes of these signals, in the order of their first. Whatever order they come in, it is the same.

    `fresh` are the ids of those that are new, all when it is None; others were compared with each other before. What
    stands in an existing incident stays there. A signal that nothing links to another one makes no change.

    Strong links join without bounds, so that one by one and all at once come to the same. A coincidence joins only
    while its bounds hold, and what has been joined is not taken apart by what comes later: where a bound is met, those
    that came first have been joined.
    """
    known = sorted({signal.id: signal for signal in signals}.values(), key=lambda signal: signal.place)
    new = {signal.id for signal in known} if fresh is None else set(fresh)
    incidents = sorted(existing, key=lambda incident: incident.number)
    clusters = _start(known, incidents, decisions)
    candidates = sorted(_candidates(known, new, clusters), key=lambda one: one.order)
    strong = [one for one in candidates if not one.rule.is_coincidence]
    joining = [one for one in strong if clusters.join(one.earlier.id, one.later.id)]
    weak = _rare([one for one in candidates if one.rule.is_coincidence], known, clusters)
    joining += [one for one in weak if clusters.meet(one.earlier.id, one.later.id)]
    links = _kept(joining, [*strong, *weak], clusters)
    return tuple(_changes(known, incidents, links, clusters))


def _start(known: Sequence[Signal], incidents: Sequence[Incident], decisions: Iterable[Decision]) -> Clusters:
    happened = {signal.id: None if signal.is_standing else signal.at for signal in known}
    clusters = Clusters(decisions)
    for incident in incidents:
        clusters.add(incident.id, Story(incident.first_at, incident.last_at, incident.coincidences))
        for member in sorted(incident.members):
            clusters.place(member, incident.id)
    for id, at in happened.items():
        clusters.add(id, Story(at, at, 0))
    clusters.obey()
    return clusters


def _candidates(known: Sequence[Signal], new: Collection[str], clusters: Clusters) -> Iterator[_Candidate]:
    """One for each pair, by the strongest rule. Two of one incident were explained when they came to it."""
    seen: set[tuple[str, str]] = set()
    for strength, rule in enumerate(RULES):
        for bucket in _buckets(known, rule).values():
            for a, b in combinations(bucket, 2):
                if (a.id, b.id) in seen or (a.id not in new and b.id not in new) or clusters.is_settled(a.id, b.id):
                    continue
                reason = rule.joins(a, b)
                if reason is not None:
                    seen.add((a.id, b.id))
                    yield _Candidate(a, b, rule, strength, reason)


def _buckets(known: Sequence[Signal], rule: LinkRule) -> dict[str, list[Signal]]:
    buckets: dict[str, list[Signal]] = defaultdict(list)
    for signal in known:
        for key in dict.fromkeys(rule.keys(signal)):
            buckets[key].append(signal)
    return buckets


def _rare(weak: Sequence[_Candidate], known: Sequence[Signal], clusters: Clusters) -> list[_Candidate]:
    """Those that meet where little happens: many stories of a kind in one place meet anything."""
    noise = {rule.id: _Noise(_buckets(known, rule), rule, clusters) for rule in RULES if rule.is_coincidence}
    return [one for one in weak if noise[one.rule.id].is_quiet(one.earlier, one.later)]


class _Noise:
    """Counts stories, not signals: five hundred alerts about one intruder are one story."""

    def __init__(self, buckets: dict[str, list[Signal]], rule: LinkRule, clusters: Clusters) -> None:
        self._buckets, self._rule, self._clusters = buckets, rule, clusters
        self._known: dict[tuple[str, AlertCategory], bool] = {}

    def is_quiet(self, a: Signal, b: Signal) -> bool:
        return not (self._is_noisy(a, b.category) or self._is_noisy(b, a.category))

    def _is_noisy(self, around: Signal, category: AlertCategory) -> bool:
        """Whether there are too many stories of this kind around a signal."""
        key = around.id, category
        if key not in self._known:
            near = {
                self._clusters.root(one.id)
                for place in self._rule.keys(around)
                for one in self._buckets[place]
                if one.category is category and abs(one.at - around.at) <= self._rule.window
            }
            self._known[key] = len(near) > RARE
        return self._known[key]


def _kept(joining: Sequence[_Candidate], every: Sequence[_Candidate], clusters: Clusters) -> list[Link]:
    """What joined, and of the rest within one incident as much as explains it."""
    kept = {(one.earlier.id, one.later.id): one for one in joining}
    count: dict[str, int] = defaultdict(int)
    for a, b in kept:
        count[a] += 1
        count[b] += 1
    for one in every:
        a, b = one.earlier.id, one.later.id
        is_enough = count[a] >= LINKS_EACH or count[b] >= LINKS_EACH
        if (a, b) in kept or is_enough or clusters.root(a) != clusters.root(b):
            continue
        kept[a, b] = one
        count[a] += 1
        count[b] += 1
    return [one.link() for one in sorted(kept.values(), key=lambda one: (one.later.place, one.earlier.place))]


def _changes(
    known: Sequence[Signal], incidents: Sequence[Incident], links: Sequence[Link], clusters: Clusters
) -> Iterator[Change]:
    of_cluster: dict[str, list[str]] = defaultdict(list)
    for incident in incidents:
        of_cluster[clusters.root(incident.id)].append(incident.id)
    placed = {member for incident in incidents for member in incident.members}
    members: dict[str, list[str]] = defaultdict(list)
    for signal in known:
        members[clusters.root(signal.id)].append(signal.id)
    linked: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        linked[clusters.root(link.a)].append(link)
    for root in dict.fromkeys((*members, *of_cluster)):
        new = [id for id in members[root] if id not in placed]
        ids = of_cluster[root]
        if len(ids) > 1 or (ids and new) or len(new) > 1:
            yield Change(
                incident=ids[0] if ids else None,
                absorbed=tuple(ids[1:]),
                signals=tuple(new),
                links=tuple(linked[root]),
                coincidences=clusters.story(root).coincidences,
            )
