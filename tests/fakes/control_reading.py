"""Reads from a stand-in what one control looks at, as a sync and a round of checks do it."""

from datetime import UTC, datetime

from connectors.reading.source import Registration, Source
from domain.compliance.answers import Answers
from domain.compliance.control import Control
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration
from tests.factories.answers import procedure
from tests.fakes.collecting import read
from tests.fakes.judged_surveys import answers_of

CONTROLS = {control.id: control for control in (*all_controls(), *bundled_controls())}


async def read_for(
    control: Control, registration: Registration, source: Source, now: datetime | None = None
) -> Answers:
    """What the listings that make the calls of a control's procedures have read of this system.

    `now` is when it was read; the clock says it where none is given.
    """
    system = Integration(registration.provider.value)
    wanted = set(procedure(control, system).operations)
    listings = [one for one in registration.listings if wanted & {operation.name for operation in one.operations}]
    collected, _ = await read(source, listings)
    account = (await source.identity()).native_id
    return answers_of(registration, listings, collected, account, now or datetime.now(UTC))
