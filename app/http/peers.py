"""How many connections each address holds, so that no single one takes all there are."""

from collections import Counter


class Peers:
    """Counts per process. Those that are refused count too, until they have gone."""

    def __init__(self, *, per_address: int, in_all: int) -> None:
        self._per_address = per_address
        self._in_all = in_all
        self._held: Counter[str] = Counter()
        self._total = 0

    def __len__(self) -> int:
        return self._total

    @property
    def is_full(self) -> bool:
        """Whether there are more connections than the process takes."""
        return self._total > self._in_all

    def enter(self, address: str) -> bool:
        """Counts a connection; whether the address may hold it. Call `leave` once it has gone, in either case."""
        self._held[address] += 1
        self._total += 1
        return self._held[address] <= self._per_address

    def leave(self, address: str) -> None:
        """Forgets a connection that `enter` counted."""
        self._total -= 1
        self._held[address] -= 1
        if not self._held[address]:
            del self._held[address]
