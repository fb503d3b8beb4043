"""Every vendor is whole: each call named once, with its permissions, and answered by something in the tests."""

import json
from collections import Counter
from pathlib import Path

import pytest

from connectors.reading.listing import Operation
from connectors.reading.source import Registration
from connectors.registry import registrations
from domain.facts.provider import Provider
from tests.contract.connectors_page import COMMITTED, NAMES, page, peers_of

VENDORS = sorted(registrations().items())
# Calls that change something: a later part of the product makes them.
WRITES = {
    "chat.postMessage",
    "POST /rest/api/3/issue",
    "POST /rest/api/3/issue/{issueIdOrKey}/transitions",
    # A question about a price that no rule has asked for yet: it needs the purchase in mind.
    "POST Microsoft.Capacity/calculatePrice",
}


def named(operation: Operation) -> set[str]:
    """Its name, and the other ways in which the catalogues print it."""
    return {operation.name, *operation.options.get("also", ())}


@pytest.mark.parametrize(("provider", "registration"), VENDORS)
def test_every_call_is_answered_by_something_or_said_not_to_be(provider: Provider, registration: Registration) -> None:
    peers = peers_of(provider)

    assert set(peers.PEERS).isdisjoint(peers.NOT_EXERCISED)
    assert {*peers.PEERS, *peers.NOT_EXERCISED} == {one.name for one in registration.operations}
    assert all(reason.strip() for reason in peers.NOT_EXERCISED.values())


@pytest.mark.parametrize(("provider", "registration"), VENDORS)
def test_no_two_parts_of_a_vendor_are_told_apart_by_nothing(provider: Provider, registration: Registration) -> None:
    counts = Counter((listing.operation.name, listing.is_regional) for listing in registration.listings)

    assert [name for name, times in counts.items() if times > 1] == []


@pytest.mark.parametrize(("provider", "registration"), VENDORS)
def test_calls_of_one_name_are_the_same_call(provider: Provider, registration: Registration) -> None:
    every = [one for listing in registration.listings for one in listing.operations]
    by_name = {one.name: one for one in every}

    assert [one.name for one in every if (one.permissions, one.request) != _key(by_name[one.name])] == []


def _key(operation: Operation) -> tuple[tuple[str, ...], str]:
    return operation.permissions, operation.request


@pytest.mark.parametrize(("provider", "registration"), VENDORS)
def test_kinds_are_those_of_the_vendor(provider: Provider, registration: Registration) -> None:
    prefixes = (f"{provider.value}_", "ENTRA_") if provider is Provider.AZURE else (f"{provider.value}_",)
    kinds = {kind for listing in registration.listings for kind in listing.kinds}

    assert [kind for kind in kinds if not kind.startswith(prefixes)] == []


def test_every_vendor_that_was_promised_is_there() -> None:
    assert {provider for provider, _ in VENDORS} == set(NAMES)


def wanted(shared: Path) -> dict[str, set[str]]:
    """Reading calls of rules and controls, by integration."""
    rules = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    controls = json.loads((shared / "facts" / "soc2_controls.json").read_text())["controls"]
    found: dict[str, set[str]] = {}
    for rule in rules:
        found.setdefault(rule["provider"], set()).update(call["op"] for call in rule["detect"]["calls"])
    for test in (test for control in controls for test in control["tests"]):
        found.setdefault(test["integration"], set()).update(test["operations"])
    return found


@pytest.mark.parametrize(("provider", "registration"), VENDORS)
def test_every_call_that_rules_and_controls_need_is_made(
    provider: Provider, registration: Registration, shared: Path
) -> None:
    made = {name for one in registration.operations for name in named(one)}

    assert sorted(wanted(shared)[provider.value.lower()] - made - WRITES) == []


def test_the_page_about_connectors_is_the_one_the_tests_make() -> None:
    assert COMMITTED.read_text() == page(), "run `make connectors` and read the difference"
