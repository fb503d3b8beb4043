"""The page that shows every call to every vendor, and what answered it in the tests. `make connectors` writes it."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from connectors.reading.listing import Operation
from connectors.reading.source import Registration
from connectors.registry import registrations
from domain.facts.provider import Provider

COMMITTED = Path(__file__).parents[2] / "docs" / "connectors.md"
NAMES = {
    Provider.AWS: "AWS",
    Provider.AZURE: "Azure",
    Provider.GCP: "Google Cloud",
    Provider.DIGITALOCEAN: "DigitalOcean",
    Provider.GITHUB: "GitHub",
    Provider.OKTA: "Okta",
    Provider.JIRA: "Jira",
    Provider.SLACK: "Slack",
}


def peers_of(provider: Provider) -> ModuleType:
    """The module that says what answers the vendor's operations: PEERS, and NOT_EXERCISED with reasons."""
    return importlib.import_module(f"tests.fakes.peers.{provider.value.lower()}")


def page() -> str:
    """The page, whole."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    found = {provider: registrations()[provider] for provider in NAMES if provider in registrations()}
    yield "# What is read, and what has answered it"
    yield ""
    yield "Made by `make connectors` from the registrations in `connectors` and from `tests/fakes/peers`, which the"
    yield "tests of the connectors hold to what was really answered. A stand-in is a program we did not write:"
    yield "Prism answers from a vendor's own description and refuses requests that break it, moto answers like AWS. A"
    yield "scripted server answers as the vendor's documentation says, where there is nothing better."
    yield ""
    yield "| system | calls | answered by a stand-in | by a script | not exercised | kinds of resources |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for provider, registration in found.items():
        yield _summary(provider, registration)
    for provider, registration in found.items():
        yield from _vendor(provider, registration)


def _summary(provider: Provider, registration: Registration) -> str:
    peers = peers_of(provider).PEERS
    scripted = sum("script" in peer for peer in peers.values())
    kinds = {kind for listing in registration.listings for kind in listing.kinds}
    left = len(peers_of(provider).NOT_EXERCISED)
    calls = len(registration.operations)
    return f"| {NAMES[provider]} | {calls} | {len(peers) - scripted} | {scripted} | {left} | {len(kinds)} |"


def _vendor(provider: Provider, registration: Registration) -> Iterator[str]:
    peers, left = peers_of(provider).PEERS, peers_of(provider).NOT_EXERCISED
    yield ""
    yield f"## {NAMES[provider]}"
    yield "| call | permission | plan or setting | answered by |"
    yield "| --- | --- | --- | --- |"
    for operation in sorted(registration.operations, key=lambda one: one.name):
        answered = peers.get(operation.name) or f"not exercised: {left[operation.name]}"
        yield f"| `{operation.name}` | {_permissions(operation)} | {operation.plan or ''} | {answered} |"


def _permissions(operation: Operation) -> str:
    return ", ".join(f"`{one}`" for one in operation.permissions) or "none"


if __name__ == "__main__":
    COMMITTED.write_text(page())
