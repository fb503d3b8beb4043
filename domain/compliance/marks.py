"""When somebody wrote something down in an issue of Jira, as the log of its changes tells."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.compliance.instants import instant

# Of these the new value says what happened; of every other field its name does.
BY_VALUE = frozenset({"status", "labels", "resolution"})


def first_marks(values: Iterable[Mapping[str, Any]], words: Iterable[str]) -> dict[str, datetime]:
    """The first time that each word came up: in a status or label that was set, or in a field that was filled.

    `values` are the entries of the changelog.
    """
    found: dict[str, datetime] = {}
    for change in sorted(values, key=lambda one: instant(one["created"])):
        for item in change["items"]:
            # What a change has emptied is null.
            value = item["toString"] or ""
            text = (value if item["field"] in BY_VALUE else item["field"]).lower() if value else ""
            for word in words:
                if word in text:
                    found.setdefault(word, instant(change["created"]))
    return found
