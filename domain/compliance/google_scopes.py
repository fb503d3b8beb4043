"""Compute Engine's lists over all zones and regions, and the names its things call each other by."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.answers import Answers


def aggregated(answers: Answers, operation: str, noun: str) -> Iterator[Any]:
    """The things of this noun in all scopes. Raises as `Answers.calls`. Source: Compute Engine, aggregatedList."""
    for call in answers.calls(operation):
        for page in call.pages:
            for scope in (page.get("items") or {}).values():
                yield from scope.get(noun) or []


def path_of(url: str) -> str:
    """A thing's address without server and version, so that two of them can be compared."""
    return url.partition("/projects/")[2] or url


def full_name(thing: Mapping[str, Any]) -> str:
    """The full resource name of a thing of Compute Engine, as Cloud Asset Inventory prints it."""
    return f"//compute.googleapis.com/projects/{path_of(thing['selfLink'])}"
