"""Answers that a connector reads of a stand-in now, as far as a control looks at them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from connectors.reading.listing import Place
from connectors.reading.source import Registration, Source
from connectors.reading.survey import Survey
from domain.compliance.answers import Answers
from domain.facts.compliance import Integration
from tests.factories.answers import answers
from tests.fakes.collecting import NOW, Collected
from tests.fakes.control_reading import looked_at
from tests.fakes.judged_surveys import answers_of


async def read_answers(
    registration: Registration, source: Source, operations: Collection[str], first: timedelta | None = None
) -> Answers:
    """Those of the listings that make these calls, read at NOW; and `first` so long before, where that is said."""
    listings = looked_at(registration, operations)
    account, collected = (await source.identity()).native_id, Collected()
    for now in (NOW,) if first is None else (NOW - first, NOW):
        await Survey(source, collected, Place(account_id=account, region=None, now=now)).read(listings)
        collected.started = dict.fromkeys(collected.parts, now)
    return answers_of(registration, listings, collected, account, NOW)


def own_answers(records: Mapping[str, Sequence[Any]]) -> Answers:
    """Our own records, by operation."""
    return answers(Integration.PLATFORM, *((operation, list(rows)) for operation, rows in records.items()))
