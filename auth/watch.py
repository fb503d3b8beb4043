"""The roles of everybody who has a feed open, read for all of them at once and only when something is to be told."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from beanie import PydanticObjectId

from documents.organization import clients_by_provider
from documents.user import Role, memberships_of_many
from live.outage import Count, Outage, count_nothing, persist

Roles = dict[str, Role]
Load = Callable[[Collection[str]], Awaitable[dict[str, Roles]]]

# After a membership ends, an open feed delivers nothing later than this plus the time of the read.
MAX_AGE = timedelta(seconds=1)


async def load_roles_of(user_ids: Collection[str]) -> dict[str, Roles]:
    """User id to what `auth.viewer.load_roles` says of that user, in two queries for all of them.

    A user without a membership, or one that is gone, has no roles.
    """
    own = await memberships_of_many([PydanticObjectId(user_id) for user_id in user_ids])
    managers = {org_id for held in own.values() for org_id, role in held.items() if role is Role.MSP_ADMIN}
    clients = await clients_by_provider(managers) if managers else {}
    return {user_id: _roles(own.get(PydanticObjectId(user_id), {}), clients) for user_id in user_ids}


def _roles(own: dict[PydanticObjectId, Role], clients: dict[PydanticObjectId, list[PydanticObjectId]]) -> Roles:
    managed = (org_id for org_id, role in own.items() if role is Role.MSP_ADMIN)
    reached = dict.fromkeys((client for msp_id in managed for client in clients.get(msp_id, ())), Role.ADMIN)
    return {str(org_id): role for org_id, role in {**reached, **own}.items()}


@dataclass(slots=True, eq=False)
class _Watcher:
    """`since` is when `roles` were read; `hear` is called with others, once they are."""

    roles: Roles
    since: float
    hear: Callable[[Roles], None]


class RoleWatch:
    """One per process. `clock` tells seconds as `time.monotonic` does."""

    def __init__(
        self,
        load: Load = load_roles_of,
        *,
        clock: Callable[[], float] = time.monotonic,
        count: Count = count_nothing,
    ) -> None:
        self._load = load
        self._clock = clock
        self._outage = Outage("roles_read_failed", count)
        self._watchers: defaultdict[str, set[_Watcher]] = defaultdict(set)
        self._turn = asyncio.Lock()
        # When the oldest of all known roles were read, and the oldest of those who came since the last read began.
        self._known_since = math.inf
        self._newcomers_since = math.inf

    @contextmanager
    def watching(self, user_id: str, roles: Roles, hear: Callable[[Roles], None], *, since: float) -> Iterator[None]:
        """Call `hear` when the user's roles are no longer `roles`, which were read at `since` on the clock.

        It is called in the middle of a `refresh`, must not block, and is called again with each further change.
        """
        watcher = _Watcher(roles, since, hear)
        self._watchers[user_id].add(watcher)
        self._known_since = min(self._known_since, since)
        self._newcomers_since = min(self._newcomers_since, since)
        try:
            yield
        finally:
            self._watchers[user_id].discard(watcher)
            if not self._watchers[user_id]:
                del self._watchers[user_id]

    async def refresh(self) -> None:
        """Return when everything known is at most a second old, and everybody whose roles changed has been told.

        Waits while the database is away: without an answer nobody may be told anything.
        """
        called = self._clock()
        if not self._is_fresh():
            async with self._turn:
                await self._read(called)

    def _is_fresh(self) -> bool:
        return self._clock() - self._known_since < MAX_AGE.total_seconds()

    async def _read(self, called: float) -> None:
        """Unless another caller has read since: one read does for all who waited, however long it took."""
        if self._known_since >= called or self._is_fresh():
            return
        started = self._clock()
        self._newcomers_since = math.inf
        found = await persist(lambda: self._load(list(self._watchers)), self._outage)
        self._known_since = min(started, self._newcomers_since)
        for user_id, roles in found.items():
            for watcher in list(self._watchers.get(user_id, ())):
                if watcher.since <= started and watcher.roles != roles:
                    watcher.roles = roles
                    watcher.hear(roles)
