"""How much of one process one organization may hold, so that no other has to do without."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app import metrics
from domain.errors import RateLimited


class Shares:
    """Counts what is open by the organizations whose members hold it. `what` names it, in the plural."""

    def __init__(self, limit: int, what: str) -> None:
        self._limit = limit
        self._what = what
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._held)

    def take(self, org_ids: frozenset[str]) -> None:
        """One more for each of these. Raises RateLimited, and counts nothing, when one of them holds too many."""
        if any(self._held[org_id] >= self._limit for org_id in org_ids):
            metrics.REFUSED_SHARES.labels(self._what).inc()
            raise RateLimited(
                f"Your organization has {self._limit} {self._what} open here already. Close some, or come again later."
            )
        self._held.update(org_ids)

    def give_back(self, org_ids: frozenset[str]) -> None:
        """One less for each of these, which were taken."""
        for org_id in org_ids:
            self._held[org_id] -= 1
            if not self._held[org_id]:
                del self._held[org_id]

    @contextmanager
    def held(self, org_ids: frozenset[str]) -> Iterator[None]:
        """One more while the block runs. Raises RateLimited as `take` does."""
        self.take(org_ids)
        try:
            yield
        finally:
            self.give_back(org_ids)
