"""What a recommendation of Google is about, by the id that the connector gives that thing. No advice."""

import re
from collections.abc import Mapping
from typing import Any

# Full names of machines and databases; projects are named by their number at times.
_NAME = re.compile(r"(//(?:compute|cloudsql)\.googleapis\.com/projects/)[^/]+(/.*?/?instances/[^/]+)")


def google_target(config: Mapping[str, Any], project: str) -> str | None:
    """The full name of the machine or the database that it would change, in this project; None for other things."""
    content = config.get("content") or {}
    names = [one.get("resource") for group in content.get("operationGroups") or () for one in group["operations"]]
    for name in (*names, (content.get("overview") or {}).get("resourceName")):
        found = _NAME.fullmatch(str(name))
        if found is not None:
            return f"{found[1]}{project}{found[2]}"
    return None
