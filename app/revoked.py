"""What a web process does when sessions end: it forgets who came with them and closes what they hold open."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from app.graphql.connections import Connections
from auth.standings import still_open
from auth.viewer_cache import ViewerCache
from live.revocations import Revocation

log = structlog.get_logger(__name__)

REASON = "The session has ended. Sign in again."


class Revoked:
    """Hears revocations; see live.revocations.Revocations.hear."""

    def __init__(self, viewers: ViewerCache, connections: Connections) -> None:
        self._viewers = viewers
        self._connections = connections
        self._closing: set[asyncio.Task[None]] = set()

    def __call__(self, revocation: Revocation | None) -> None:
        if revocation is None:
            self._start(self._close_ended())
            return
        self._viewers.forget(revocation.actor)
        self._start(
            self._connections.close_subjects(
                lambda subject: revocation.concerns(subject.actor, subject.session_id), REASON
            )
        )

    async def _close_ended(self) -> None:
        """Some revocations may have been missed: ask the database. Without it, what is open delivers nothing."""
        subjects = self._connections.subjects()
        if not subjects:
            return
        try:
            alive = await still_open(subjects)
        except (PyMongoError, OSError) as error:
            log.warning("revocations.unchecked", error=type(error).__name__)
            return
        await self._connections.close_subjects(lambda subject: subject in subjects - alive, REASON)

    def _start(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
