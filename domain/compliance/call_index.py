"""Finds the answers that were asked thing by thing, without looking through all of them for each thing."""

from typing import Any

from domain.compliance.answers import Answers


def first_pages(answers: Answers, operation: str, argument: str) -> dict[Any, Any]:
    """The first page of each call by what this argument was. A thing without is one for which nothing is set.

    For things whose names are unique in the account. Raises as `Answers.calls`.
    """
    return {call.arguments[argument]: call.pages[0] for call in answers.calls(operation) if call.pages}


def joined(answers: Answers, operation: str, argument: str, key: str) -> dict[Any, list[Any]]:
    """What the lists under a key of all pages of each call hold, by what this argument was. Raises as `Answers.calls`.

    Raises KeyError for a page without the list.
    """
    found: dict[Any, list[Any]] = {}
    for call in answers.calls(operation):
        for page in call.pages:
            found.setdefault(call.arguments[argument], []).extend(page[key] or [])
    return found
