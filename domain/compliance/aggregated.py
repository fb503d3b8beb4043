"""Lists of Compute Engine, which come under the zone or region they lie in."""

from collections.abc import Iterator
from typing import Any

from domain.compliance.answers import Answers


def scoped(answers: Answers, operation: str, noun: str) -> Iterator[dict[str, Any]]:
    """Every item of an aggregated list: those under `noun` of each scope of each page. Raises as `Answers.calls`.

    Source: Compute Engine API, aggregatedList: scopes with nothing in them lack the noun.
    """
    for call in answers.calls(operation):
        for page in call.pages:
            for scope in (page.get("items") or {}).values():
                yield from scope.get(noun) or []
