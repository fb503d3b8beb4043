"""Which places an answer says it could not reach: a list without them is not whole.

Sources: Compute Engine aggregated lists (`unreachables`, a `warning` for each scope), AIP-217 (`unreachable`),
Cloud SQL (`warnings`), Kubernetes Engine (`missingZones`), API Gateway (`unreachableLocations`).
"""

from typing import Any

LISTS = ("unreachable", "unreachables", "unreachableLocations", "missingZones")
# Of the warnings of a list only these mean that something is missing; NO_RESULTS_ON_PAGE says that nothing is there.
CODES = frozenset(
    {"UNREACHABLE", "REGION_UNREACHABLE", "PARTIAL_SUCCESS", "MAX_RESULTS_EXCEEDED", "LIST_OVERHEAD_QUOTA_EXCEED"}
)


def unreachable_in(answer: Any) -> set[str]:
    """Names of the places, empty for a whole answer."""
    if not isinstance(answer, dict):
        return set()
    named = {str(one) for key in LISTS for one in _list(answer.get(key))}
    warned = {str(one.get("region") or one.get("message") or one["code"]) for one in _warnings(answer)}
    scopes = answer.get("items")
    inside = {name for name, scope in scopes.items() if _warnings(scope)} if isinstance(scopes, dict) else set()
    return named | warned | inside


def _warnings(holder: Any) -> list[dict[str, Any]]:
    if not isinstance(holder, dict):
        return []
    found = [holder.get("warning"), *_list(holder.get("warnings"))]
    return [one for one in found if isinstance(one, dict) and one.get("code") in CODES]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
