"""Tries credentials: opens the account, asks who they are, and makes every read once on a first item.

The one thing a request waits for a cloud with; see docs/adr/0014-onboarding-waits-for-the-cloud.md.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from app.onboarding.probe import Probe
from connectors.guard import Guard, Translate
from connectors.reading.listing import Place
from connectors.reading.needs import needs_of
from connectors.reading.source import Identity, Reach, Registration
from connectors.reading.survey import Survey
from connectors.registry import registration_of
from domain.errors import Invalid, RateLimited, Unavailable
from domain.facts.access import AccessReport, ReadNeed
from domain.facts.provider import Provider
from domain.onboarding.report import Holder, Looked, access_report
from domain.rules.registry import all_rules

# Somebody waits. What was found out by then is told.
TIME_LIMIT = timedelta(seconds=25)
# One call; without retries, because somebody waits.
CALL_LIMIT = timedelta(seconds=8)
CALLS_AT_ONCE = 16
# Of one web process. Those that come on top are asked to come again.
ACCOUNTS_AT_ONCE = 4


class AccessChecks:
    """One for each web process."""

    def __init__(self, allow_private: bool, now: Callable[[], datetime]) -> None:
        self._allow_private = allow_private
        self._now = now
        self._places = asyncio.Semaphore(ACCOUNTS_AT_ONCE)

    async def needs(self, provider: Provider) -> tuple[ReadNeed, ...]:
        """Everything that is read of this vendor."""
        return needs_of(await _registered(provider))

    async def report(self, provider: Provider, credentials: Any) -> AccessReport:
        """What the credentials, of the vendor's class, open. What was not tried in time is told as not tried.

        Raises ProviderError when they do not open the account, Invalid for an endpoint that may not be used, and
        RateLimited when too many are looked at already.
        """
        if self._places.locked():
            raise RateLimited("Several accounts are being looked at just now. Try again in a moment.")
        async with self._places:
            registration = await _registered(provider)
            return await self._looked(registration, credentials)

    async def _looked(self, registration: Registration, credentials: Any) -> AccessReport:
        probe, whose = Probe(), list[Identity]()
        try:
            async with asyncio.timeout(TIME_LIMIT.total_seconds()) as limit:
                await self._look(registration, credentials, probe, whose)
        except TimeoutError:
            if not limit.expired():
                raise
        if not whose:
            seconds = TIME_LIMIT.total_seconds()
            raise Unavailable(f"Nobody answered within {seconds:g} seconds.", service=registration.provider.value)
        return access_report(
            Holder(native_id=whose[0].native_id, name=whose[0].name, principal=whose[0].principal),
            needs_of(registration),
            Looked(
                answered={registration.identity_operation.name, *probe.answered},
                gaps=probe.gaps,
                is_whole=not limit.expired(),
            ),
            [rule for rule in all_rules() if rule.id.startswith(f"{registration.provider.value.lower()}-")],
            self._now(),
        )

    async def _look(self, registration: Registration, credentials: Any, probe: Probe, whose: list[Identity]) -> None:
        reach = Reach(guard=_guard, allow_private_endpoint=self._allow_private, now=self._now)
        async with registration.open(credentials, reach) as source:
            identity = await source.identity()
            whose.append(identity)
            place = Place(account_id=identity.native_id, region=None, now=self._now())
            report = await Survey(source, probe, place, first_only=True).read(registration.listings)
            # With what hindered all regional lists at once, which belongs to no part.
            probe.gaps = list(report.gaps)


def _guard(translate: Translate) -> Guard:
    return Guard(concurrency=CALLS_AT_ONCE, time_limit=CALL_LIMIT, translate=translate)


async def _registered(provider: Provider) -> Registration:
    # Importing a vendor's library takes up to seconds the first time; other requests go on meanwhile.
    registration = await asyncio.to_thread(registration_of, provider)
    if registration is None:
        raise Invalid(f"{provider.value} accounts cannot be connected.")
    return registration
