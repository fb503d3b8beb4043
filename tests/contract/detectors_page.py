"""The page that shows what is looked for in events. `make detectors` writes it."""

from collections.abc import Iterator
from pathlib import Path

from domain.detection.detector import Detector
from domain.detectors.registry import all_detectors
from domain.facts.provider import Provider
from tests.contract.connectors_page import NAMES

COMMITTED = Path(__file__).parents[2] / "docs" / "detectors.md"


def page() -> str:
    """The page, whole."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What is looked for in events"
    yield ""
    yield "Made by `make detectors` from `domain/detectors`. What a provider sends is read, and every detector of that"
    yield "provider is asked about it. The severity is the worst it says: many say less of what is likely harmless."
    yield "Detectors that go by the name of a call alone are asked last, and only where no other has anything to say."
    yield "[Add a detector](guides/add-a-detector.md) tells how they are made."
    yield ""
    yield "| detector | what it tells | severity | about | providers |"
    yield "| --- | --- | --- | --- | --- |"
    for detector in all_detectors():
        name, title = f"[{detector.id}](#{detector.id})", detector.title
        yield f"| {name} | {title} | {detector.severity} | {detector.category} | {_providers(detector)} |"
    for detector in all_detectors():
        yield from _section(detector)


def _section(detector: Detector) -> Iterator[str]:
    yield ""
    yield f"## {detector.id}"
    yield ""
    yield f"{detector.title}. {'By the name of a call alone.' if detector.is_general else ''}".rstrip()
    yield ""
    yield f"* Source: {detector.source}."
    yield f"* Blind spots: {detector.blind_spots}"
    if detector.trace is not None:
        yield f"* Remembers: {_window(detector)} of each account's events, as short marks."


def _window(detector: Detector) -> str:
    days, minutes = detector.window.days, detector.window.seconds // 60
    return f"the last {days} days" if days else f"the last {minutes} minutes"


def _providers(detector: Detector) -> str:
    if len(detector.providers) == len(Provider):
        return "all"
    return ", ".join(NAMES[provider] for provider in detector.providers)


if __name__ == "__main__":
    COMMITTED.write_text(page())
