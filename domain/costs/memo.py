"""A dict that works out what it lacks: bills repeat the same few texts a million times."""

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Enough for what repeats; a column of a million different texts must not be remembered whole.
_MOST = 50_000


class Memo(dict[K, V]):
    """`memo[key]` is `work_out(key)`, remembered until there are `most`. What raises is not remembered."""

    __slots__ = ("_most", "_work_out")

    def __init__(self, work_out: Callable[[K], V], *, most: int = _MOST) -> None:
        super().__init__()
        self._work_out = work_out
        self._most = most

    def __missing__(self, key: K) -> V:
        value = self._work_out(key)
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value
