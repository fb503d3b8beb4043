"""Reads from a stand-in what a control looks at, as a sync and a round of checks do it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from connectors.reading.listing import Listing
from connectors.reading.source import Registration, Source
from domain.compliance.answers import Answers
from domain.compliance.control import Control
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration
from tests.factories.answers import procedure
from tests.fakes.collecting import NOW, read
from tests.fakes.judged_surveys import answers_of

CONTROLS: dict[str, Control] = {control.id: control for control in (*all_controls(), *bundled_controls())}


def looked_at(registration: Registration, calls: Iterable[str]) -> list[Listing]:
    """The listings that make any of these calls, by any of their names."""
    wanted = set(calls)
    return [one for one in registration.listings if wanted & _names_of(one)]


def _names_of(listing: Listing) -> set[str]:
    return {name for one in listing.operations for name in (one.name, *one.options.get("also", ()))}


async def read_for(
    control: Control, registration: Registration, source: Source, now: datetime | None = None
) -> Answers:
    """What is read of this system for a control. `now` is when it was read; the clock says it where none is given."""
    listings = looked_at(registration, procedure(control, Integration(registration.provider.value)).operations)
    collected, _ = await read(source, listings, now or NOW)
    account = (await source.identity()).native_id
    return answers_of(registration, listings, collected, account, now or datetime.now(UTC))
