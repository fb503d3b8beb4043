"""The newest payloads of a group, for those who come a little later."""

from collections import OrderedDict, deque
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from live.position import Position

# For members that fall behind for a moment and those that come with a recent cursor. A caller may found many groups, so
# it is little.
MOST_KEPT = 128
MOST_BYTES = 256 * 1024


class Told(NamedTuple):
    """One message as everybody gets it, and where its organization's log stands behind it."""

    org_id: str
    position: Position
    payload: bytes


class Trail:
    """The way the group has come: its newest messages, and the positions before the first of them."""

    def __init__(self, start: Mapping[str, Position]) -> None:
        self._start = dict(start)
        self._told: deque[Told] = deque()
        self._bytes = 0

    def restart(self, start: Mapping[str, Position]) -> None:
        """Forget everything and stand at `start`."""
        self._start = dict(start)
        self._told.clear()
        self._bytes = 0

    def add(self, told: Told) -> None:
        """Go on by one message; the oldest are forgotten when there are too many."""
        self._told.append(told)
        self._bytes += len(told.payload)
        while len(self._told) > MOST_KEPT or (self._bytes > MOST_BYTES and len(self._told) > 1):
            oldest = self._told.popleft()
            self._bytes -= len(oldest.payload)
            self._start[oldest.org_id] = oldest.position

    def behind(self, stand: Mapping[str, Position], now: Mapping[str, Position]) -> list[Told] | None:
        """What somebody at `stand` has yet to be told; None when that place is not on the way to `now`.

        Messages alone count: events that nobody here wants lie on no way and in everybody's.
        """
        for org_id, position in stand.items():
            start, end = self._start[org_id], now[org_id]
            if position.epoch != end.epoch or not start.seq <= position.seq <= end.seq:
                return None
        seen = [told.position.seq <= stand[told.org_id].seq for told in self._told]
        count = sum(seen)
        if not all(seen[:count]):
            return None  # of one organization it has seen more, of another one less
        return [told for told, is_seen in zip(self._told, seen, strict=True) if not is_seen]


class Payloads:
    """Payloads by key; the least recently used go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> bytes | None:
        """The payload kept for this key."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: Hashable, payload: bytes) -> None:
        """Keep a payload for a new key."""
        self._kept[key] = payload
        self._bytes += len(payload)
        while len(self._kept) > MOST_KEPT or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            self._bytes -= len(self._kept.popitem(last=False)[1])
