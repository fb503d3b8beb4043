"""Cuts a chain into segments: one for each day on which something happened, more for a busy day."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date
from typing import Any

from domain.audit.canonical import GENESIS
from domain.audit.chain import Break, Walk
from domain.audit.seal import segment_digest

# As many as are read and hashed in a fraction of a second.
MOST_ENTRIES = 10_000


class Sealer:
    """Fed the entries after the segment `last` (None: from the first on) in order, gives segments that are complete.

    A segment ends with its day (UTC) or with `most` entries. What is `broken` is not sealed, nor is what follows.
    """

    def __init__(self, org_id: object, last: Mapping[str, Any] | None, *, most: int = MOST_ENTRIES) -> None:
        self.broken: Break | None = None
        self._org_id = org_id
        self._last = last
        self._most = most
        self._walk = Walk(last["last_seq"], last["last_hash"]) if last else Walk(0, GENESIS)
        self._held: list[Mapping[str, Any]] = []

    def feed(self, entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The segments that these entries complete, not signed yet."""
        done = []
        for entry in entries:
            self.broken = self._walk.step(entry)
            if self.broken is not None:
                break
            if self._held and (len(self._held) == self._most or _day_of(self._held[0]) != _day_of(entry)):
                done.append(self._close())
            self._held.append(entry)
        return done

    def finish(self, today: date) -> list[dict[str, Any]]:
        """The last segment, when it is complete: full, or of a day before today."""
        if self._held and (len(self._held) == self._most or _day_of(self._held[0]) < today):
            return [self._close()]
        return []

    def _close(self) -> dict[str, Any]:
        first, last = self._held[0], self._held[-1]
        hashes = b"".join(bytes.fromhex(entry["hash"]) for entry in self._held)
        segment = {
            "org_id": self._org_id,
            "number": self._last["number"] + 1 if self._last else 1,
            "first_seq": first["seq"],
            "last_seq": last["seq"],
            "first_at": first["at"],
            "last_at": last["at"],
            "prev_hash": first["prev_hash"],
            "last_hash": last["hash"],
            "root": hashlib.sha256(hashes).hexdigest(),
            "previous": segment_digest(self._last) if self._last else None,
        }
        self._last, self._held = segment, []
        return segment


def _day_of(entry: Mapping[str, Any]) -> date:
    day: date = entry["at"].astimezone(UTC).date()
    return day
