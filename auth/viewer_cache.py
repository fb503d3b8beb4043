"""Viewers of a moment ago, so that a client that asks much does not have its roles read with every request."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.token import LEEWAY
from auth.viewer import Denying, TokenReader, Viewer, load_viewer

# What a member has lost is lost a second later at most, as in the live feeds.
FRESH_FOR = timedelta(seconds=1)
MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class _Seen:
    viewer: Viewer
    until: datetime


class ViewerCache:
    """The viewers of tokens as read within the last second. One per process, on one event loop.

    What a viewer changes about what they may do is seen at once by `forget`; what others change, a second later.
    """

    def __init__(
        self, tokens: TokenReader, denylist: Denying, now: Callable[[], datetime], fresh_for: timedelta = FRESH_FOR
    ) -> None:
        self._tokens = tokens
        self._denylist = denylist
        self._now = now
        self._fresh_for = fresh_for
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Viewer]] = {}

    async def of(self, token: str) -> Viewer:
        """The viewer a bearer token stands for. Raises Unauthenticated for a bad token or a user that is gone."""
        return self.known(token) or await self._read(token)

    def known(self, token: str) -> Viewer | None:
        """The same where it was read within the last second, else None."""
        seen = self._seen.get(token)
        return seen.viewer if seen is not None and self._now() < seen.until else None

    def forget(self, actor: str) -> None:
        """Read this person or machine anew when they ask next."""
        for token in [token for token, seen in self._seen.items() if seen.viewer.actor == actor]:
            del self._seen[token]
        # A read under way may have begun before the change.
        self._loading.clear()

    async def _read(self, token: str) -> Viewer:
        """Requests that come at once share one read; the one that began it may leave without ending it for the rest."""
        task = self._loading.get(token)
        if task is None:
            task = self._loading[token] = asyncio.create_task(self._load(token))
            task.add_done_callback(lambda done: self._ended(token, done))
        return await asyncio.shield(task)

    def _ended(self, token: str, task: "asyncio.Task[Viewer]") -> None:
        if self._loading.get(token) is task:
            del self._loading[token]
        if not task.cancelled():
            task.exception()  # those who waited have been told

    async def _load(self, token: str) -> Viewer:
        begun, task = self._now(), asyncio.current_task()
        viewer = await load_viewer(token, self._tokens, self._denylist)
        if self._loading.get(token) is task:
            self._keep(token, _Seen(viewer, min(begun + self._fresh_for, viewer.expires_at + LEEWAY)))
        return viewer

    def _keep(self, token: str, seen: _Seen) -> None:
        self._seen[token] = seen
        self._seen.move_to_end(token)
        if len(self._seen) > MOST_TOKENS:
            self._seen.popitem(last=False)
