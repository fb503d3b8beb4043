"""Keeps the vendors' libraries out of a web process until somebody connects an account."""

import asyncio
import importlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.graphql.admission import allow_time
from domain.facts.access import AccessReport, ReadNeed
from domain.facts.provider import Provider

if TYPE_CHECKING:
    from app.onboarding.checking import AccessChecks

# For the libraries, the look itself, and closing what it opened.
OPERATION_LIMIT = timedelta(seconds=50)


class LazyAccess:
    """Does what AccessChecks does, and imports it the first time."""

    def __init__(self, allow_private: bool, now: Callable[[], datetime]) -> None:
        self._allow_private, self._now = allow_private, now
        self._made: AccessChecks | None = None

    async def needs(self, provider: Provider) -> tuple[ReadNeed, ...]:
        allow_time(OPERATION_LIMIT)
        return await (await self._checks()).needs(provider)

    async def report(self, provider: Provider, credentials: Any) -> AccessReport:
        allow_time(OPERATION_LIMIT)
        return await (await self._checks()).report(provider, credentials)

    async def _checks(self) -> "AccessChecks":
        if self._made is None:
            module = await asyncio.to_thread(importlib.import_module, "app.onboarding.checking")
            # Two that come at once share the one made first, and its limit.
            self._made = self._made or module.AccessChecks(self._allow_private, self._now)
        return self._made
