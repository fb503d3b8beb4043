"""Each call of a vendor refused, throttled, broken, garbled and cut in turn; and what must then be said of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors.reading.listing import Listing, Operation, Place
from connectors.reading.source import Registration
from connectors.reading.survey import Survey, SurveyReport
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.resource import ResourceKind
from tests.fakes.collecting import NOW, Collected, reach
from tests.fakes.scripted_rest import Answer

FAULTS: dict[str, tuple[Answer, GapCause]] = {
    "refused": (Answer({"message": "no"}, 403), GapCause.PERMISSION),
    "throttled": (Answer({"message": "slower"}, 429, {"retry-after": "0"}), GapCause.THROTTLED),
    "broken": (Answer({"message": "oops"}, 500), GapCause.UNAVAILABLE),
    "a web page": (Answer(b"<html>Welcome</html>"), GapCause.MISSHAPEN),
    "of another shape": (Answer({}), GapCause.MISSHAPEN),
    "cut in the middle": (Answer(b'{"data": [{"id": 1'), GapCause.MISSHAPEN),
}


@dataclass(frozen=True)
class Faulty:
    """One call of one listing."""

    listing: Listing
    operation: Operation

    @property
    def hidden_kinds(self) -> set[ResourceKind]:
        """What may be missing when it fails: of the lists it makes, and of those under them."""
        return {kind for one in _lists(self.listing) if one.operation.name == self.operation.name for kind in one.kinds}

    @property
    def keys(self) -> set[str]:
        """The details that come from it."""
        return {one.key for one in self.listing.details if one.operation.name == self.operation.name}


def _lists(listing: Listing) -> list[Listing]:
    return [listing, *(below for child in listing.children for below in _lists(child))]


def calls_of(registration: Registration) -> list[Faulty]:
    """Every call once, with the listing it belongs to."""
    found = {one.name: Faulty(listing, one) for listing in registration.listings for one in listing.operations}
    return list(found.values())


def paths_of(operation: Operation, world: Iterable[str]) -> list[str]:
    """The paths of a scripted world that are this operation's: the plain one alone where it is there."""
    path = (operation.request or operation.name).partition(" ")[2]
    template = "".join(part if at % 2 == 0 else "[^/]+" for at, part in enumerate(re.split(r"(\{[^}]+\})", path)))
    fitting = [one for one in world if re.fullmatch(template, one)]
    return [path] if path in fitting else fitting


async def read_one(
    registration: Registration, credentials: Any, account_id: str, listing: Listing
) -> tuple[Collected, SurveyReport]:
    """One listing without asking who the account is."""
    collected = Collected()
    async with registration.open(credentials, reach()) as source:
        report = await Survey(source, collected, Place(account_id=account_id, region=None, now=NOW)).read([listing])
    return collected, report


def gap_of(faulty: Faulty, collected: Collected, report: SurveyReport) -> ServiceGap:
    """The one gap: it names the call and hides what may now be missing; resources lack what it would have told."""
    (gap,) = report.gaps
    assert gap.operation == faulty.operation.name
    assert set(gap.unlisted) == faulty.hidden_kinds
    assert not {kind for kind, _ in report.complete} & faulty.hidden_kinds
    if faulty.keys and faulty.listing.kind:
        assert all(faulty.keys - one.config.keys() for one in collected.of(faulty.listing.kind))
    return gap
