"""Which accounts an organization has connected, remembered for a moment: it is asked for with every event."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta

from bson import ObjectId

from documents.account import connected_native_ids
from domain.facts.provider import Provider

REMEMBERED = timedelta(seconds=10)
MOST = 1000


class KnownAccounts:
    """One per process; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[tuple[ObjectId, Provider], tuple[float, frozenset[str]]] = OrderedDict()

    async def of(self, org_id: ObjectId, provider: Provider) -> frozenset[str]:
        """The native ids of the organization's connected accounts of this provider, at most ten seconds old."""
        key, now = (org_id, provider), self._clock()
        until, known = self._known.get(key, (0.0, frozenset()))
        if now < until:
            return known
        found = await connected_native_ids(org_id, provider)
        self._known[key] = (now + REMEMBERED.total_seconds(), found)
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return found
