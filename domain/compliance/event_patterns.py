"""Which events a filter on logs or a rule on events of AWS is about."""

import json
import re
from typing import Any

# NAME of `$.field = "*NAME*"`; not that of `$.field != NAME`. Source: CloudWatch Logs, "Filter pattern syntax".
_EQUALS = re.compile(r'(?<!!)=\s*"?\*?([\w.:/-]+)')
# Fields of CloudTrail's record by which an event is chosen.
_CHOSEN = (("eventName",), ("errorCode",), ("userIdentity", "type"))


def words_of_filter(pattern: str) -> frozenset[str]:
    """The values a metric filter asks for, errors without the service before the dot."""
    return frozenset(word.rpartition(".")[2] for word in _EQUALS.findall(pattern))


def words_of_rule(pattern: str) -> frozenset[str]:
    """The values an EventBridge rule asks for; its sources too when it takes all events of them.

    What is compared otherwise than by equality is left out. Raises ValueError for a pattern that is no JSON.
    """
    asked = json.loads(pattern)
    detail = asked.get("detail") or {}
    words = {word.rpartition(".")[2] for path in _CHOSEN for word in _texts(detail, path)}
    if not detail:
        words |= set(_texts(asked, ("source",)))
    return frozenset(words)


def _texts(found: Any, path: tuple[str, ...]) -> list[str]:
    for key in path:
        found = found.get(key) or {}
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []
