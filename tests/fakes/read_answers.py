"""Answers that a connector reads of a stand-in now, as far as a control looks at them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from connectors.reading.source import Registration, Source
from domain.compliance.answers import Answers
from domain.compliance.control import Control
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration
from tests.factories.answers import answers
from tests.fakes.collecting import NOW, read
from tests.fakes.judged_surveys import answers_of

CONTROLS: dict[str, Control] = {control.id: control for control in (*all_controls(), *bundled_controls())}


async def read_answers(registration: Registration, source: Source, operations: Collection[str]) -> Answers:
    """Those of the listings that make these calls, read at NOW."""
    wanted = set(operations)
    listings = [one for one in registration.listings if wanted & {each.name for each in one.operations}]
    collected, _ = await read(source, listings)
    return answers_of(registration, listings, collected, (await source.identity()).native_id, NOW)


def own_answers(records: Mapping[str, Sequence[Any]]) -> Answers:
    """Our own records, by operation."""
    return answers(Integration.PLATFORM, *((operation, list(rows)) for operation, rows in records.items()))
