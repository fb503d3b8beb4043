"""Each call of five vendors, spoiled in each way in turn: never an empty list, never a whole one.

What a sync makes of such a reading is held by tests/integration/test_account_sync.py.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.guard import Guard, Guards
from connectors.reading.listing import Listing, Operation, Place
from connectors.reading.source import Reach, Registration
from connectors.reading.survey import Survey, SurveyReport
from connectors.registry import registrations
from domain.facts.credentials import JiraCredentials, OktaCredentials, SlackCredentials
from domain.facts.provider import Provider
from tests.contract.connectors_page import peers_of
from tests.fakes import azure, google, google_answers
from tests.fakes.collecting import NOW, Collected
from tests.fakes.node import NoPeer
from tests.fakes.prism import prism
from tests.fakes.scripted import scripted
from tests.fakes.wire import MEANS, Fault, Wire

# A call that hangs is waited for this long; the others have all the time they need, however busy the machine.
PATIENCE = (timedelta(milliseconds=300), timedelta(seconds=1), timedelta(seconds=5))
LONG = timedelta(seconds=60)


class Once(Guards):
    """Tries each call once, so that each fault is met as it is."""

    def __init__(self, patience: timedelta) -> None:
        super().__init__()
        self._patience = patience

    def of(self, provider: Provider, account: str) -> Any:  # type: ignore[override]  # no report is wanted of it
        return lambda translate: Guard(concurrency=8, time_limit=self._patience, translate=translate)


@dataclass
class House:
    """One vendor behind a wire, with a reading that nothing has spoiled."""

    registration: Registration
    credentials: Any
    wire: Wire
    whole: SurveyReport

    async def read(self, *listings: Listing, guards: Guards) -> tuple[Collected, SurveyReport]:
        collected = Collected()
        guard = guards.of(self.registration.provider, "1")
        async with self.registration.open(
            self.credentials, Reach(guard=guard, allow_private_endpoint=True, now=lambda: NOW)
        ) as source:
            place = Place(account_id="1", region=None, now=NOW)
            return collected, await Survey(source, collected, place).read(listings)


def okta(url: str) -> OktaCredentials:
    return OktaCredentials(org_url=url, token=SecretStr("00token"))


def jira(url: str) -> JiraCredentials:
    return JiraCredentials(site_url=url, email="robot@example.com", token=SecretStr("t0"))


def slack(url: str) -> SlackCredentials:
    return SlackCredentials(token=SecretStr("xoxb-1"), endpoint_url=url)


@contextmanager
def plain(peer: str) -> Iterator[str]:
    yield peer


@contextmanager
def azure_house(peer: str) -> Iterator[str]:
    """With what the description of Azure lacks."""
    with scripted(azure.House(prism=peer)) as server:
        yield server.url


@contextmanager
def google_house(peer: str) -> Iterator[str]:
    """With what the description of Google Cloud lacks."""
    with google.described(google_answers.UNDESCRIBED, peer, google_answers.plausible) as (server, _):
        yield server.url


# How its account is entered, and what stands before Prism. The other vendors have suites of faults of their own.
VENDORS: dict[Provider, tuple[Callable[[str], Any], Callable[[str], AbstractContextManager[str]]]] = {
    Provider.AZURE: (azure.credentials, azure_house),
    Provider.GCP: (lambda url: google.credentials(url, organization_id="123"), google_house),
    Provider.OKTA: (okta, plain),
    Provider.JIRA: (jira, plain),
    Provider.SLACK: (slack, plain),
}


@pytest.fixture(scope="module", params=list(VENDORS), ids=lambda provider: provider.value)
async def house(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    provider = request.param
    description = shared / "specs" / f"{provider.value.lower()}.json"
    registration = registrations()[provider]
    try:
        enter, before = VENDORS[provider]
        with prism(description, tmp_path_factory.mktemp("prism") / "log") as peer, before(peer) as behind:
            wire = Wire(behind, registration.operations)
            with scripted(wire) as server:
                made = House(registration, enter(server.url), wire, SurveyReport((), frozenset(), {}))
                _, made.whole = await made.read(*registration.listings, guards=Once(LONG))
                yield made
    except NoPeer as missing:
        pytest.skip(f"needs Prism: {missing}")


def by_a_stand_in(registration: Registration) -> set[str]:
    peers: dict[str, str] = peers_of(registration.provider).PEERS
    return {name for name, peer in peers.items() if peer.startswith("Prism")}


def holders(registration: Registration, operation: Operation) -> list[Listing]:
    """The top listings that make this call."""
    return [one for one in registration.listings if operation.name in {each.name for each in one.operations}]


def lists(listing: Listing, name: str) -> list[Listing]:
    """The listings, at any depth, whose own call has this name."""
    own = [listing] if listing.operation.name == name else []
    return own + [found for child in listing.children for found in lists(child, name)]


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_spoiled_answer_is_a_gap_of_the_right_cause_and_makes_no_list_whole(house: House, fault: Fault) -> None:
    wrong = []
    answered = [one for one in house.registration.operations if house.whole.answered.get(one.name)]
    for operation in answered:
        asked = [await tried(house, fault, operation, one) for one in holders(house.registration, operation)]
        wrong += [problem for problems in asked for problem in problems or ()]
        wrong += [] if any(problems is not None for problems in asked) else [f"{operation.name} was never asked"]
    house.wire.fault = None

    assert wrong == []
    # The call behind the identity stands in no listing.
    assert {one.name for one in answered} >= by_a_stand_in(house.registration) - {
        house.registration.identity_operation.name
    }


async def tried(house: House, fault: Fault, operation: Operation, listing: Listing) -> list[str] | None:
    """What is wrong with a reading of this listing; None when it did not make the call."""
    report = await spoiled_reading(house, fault, operation, listing)
    if house.wire.spoiled == 0:
        return None
    found = [gap for gap in report.gaps if gap.operation == operation.name]
    claimed = {kind for one in lists(listing, operation.name) for kind in one.kinds}
    return verdict(
        {
            "left no gap": bool(found),
            f"was taken for {sorted(gap.cause for gap in found)}": any(gap.cause in MEANS[fault] for gap in found),
            "left a list that looks whole": claimed.isdisjoint(kind for kind, _ in report.complete),
        },
        f"{operation.name} {fault}",
    )


async def spoiled_reading(house: House, fault: Fault, operation: Operation, listing: Listing) -> SurveyReport:
    house.wire.fault, house.wire.operation, house.wire.spoiled = fault, operation, 0
    for patience in PATIENCE if fault is Fault.HANGING else (LONG,):
        _, report = await house.read(listing, guards=Once(patience))
        if house.wire.spoiled:
            break
    return report


def verdict(holds: dict[str, bool], what: str) -> list[str]:
    return [f"{what} {problem}" for problem, good in holds.items() if not good]
