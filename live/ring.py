"""The newest events of one log, kept in memory so that subscribers share one read of the database."""

from domain.facts.event import LoggedEvent


class Ring:
    """At most `size` events, contiguous up to `last`. Not for threads."""

    def __init__(self, size: int) -> None:
        self._slots: list[LoggedEvent | None] = [None] * size
        self._start = 0
        self.last = 0

    def restart(self, last: int) -> None:
        """Forget everything and stand after the event `last`."""
        self._slots = [None] * len(self._slots)
        self._start = self.last = last

    def append(self, event: LoggedEvent) -> None:
        """Take the event that follows `last`. Raises ValueError for any other."""
        if event.seq != self.last + 1:
            raise ValueError(f"Event {event.seq} does not follow event {self.last}.")
        self._slots[event.seq % len(self._slots)] = event
        self.last = event.seq
        self._start = max(self._start, self.last - len(self._slots))

    def holds_after(self, seq: int) -> bool:
        """Whether every event after `seq` up to `last` is here."""
        return self._start <= seq <= self.last

    def after(self, seq: int, limit: int) -> list[LoggedEvent]:
        """The first `limit` events after `seq`, which must satisfy `holds_after`."""
        stop = min(self.last, seq + limit)
        found = (self._slots[number % len(self._slots)] for number in range(seq + 1, stop + 1))
        return [event for event in found if event is not None]
