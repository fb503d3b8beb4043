"""What Google recommends to commit to, by its Recommender. It names no prices."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.commitments.offers import MONTHLY, YEAR
from domain.commitments.recommendation import DAYS_PER_MONTH, NO_PRICE, TERMS, Recommended, number

SECONDS_PER_DAY = 86400
NANO = Decimal("0.000000001")
# Types that do not end in their series. Source: Compute Engine API, Commitment.type.
_SERIES = {"GENERAL_PURPOSE": "N1", "COMPUTE_OPTIMIZED": "C2", "MEMORY_OPTIMIZED": "M1", "ACCELERATOR_OPTIMIZED": "A2"}
# What the words of a recommendation are about -> pool.
_PRODUCTS = {"sql": "gcp-database", "compute": "gcp-compute"}


def usage(config: Mapping[str, Any]) -> Recommended | None:
    """Cores and memory of a region. Source: Recommender, committed use discounts: the commitment, and its effect."""
    value = _added(config)
    months = TERMS.get(str(value.get("plan")))
    if months is None or _is_closed(config):
        return None
    saving, currency = _projected(config)
    return Recommended(
        pool="gcp-compute",
        offer="Resource-based commitment",
        months=months,
        payment=MONTHLY,
        currency=currency,
        saving=saving,
        family=series_of(value.get("type")),
        region=_location(config),
        note=NO_PRICE,
    )


def spend(config: Mapping[str, Any]) -> Recommended | None:
    """So much an hour, of a billing account. Source: Recommender, spend-based commitments."""
    words = str(config.get("description")).lower()
    pool = next((pool for word, pool in _PRODUCTS.items() if word in words), None)
    if pool is None or _is_closed(config):
        return None
    saving, currency = _projected(config)
    return Recommended(
        pool=pool,
        offer="Spend-based commitment",
        months=YEAR,
        payment=MONTHLY,
        is_shared=True,
        currency=currency,
        saving=saving,
        note=f"{NO_PRICE} Nor does it say for how long: a year is taken.",
    )


def series_of(kind: Any) -> str | None:
    """N2 of GENERAL_PURPOSE_N2; None where no type is told."""
    if not isinstance(kind, str):
        return None
    return _SERIES.get(kind) or kind.rpartition("_")[2]


def _added(config: Mapping[str, Any]) -> Mapping[str, Any]:
    for group in (config.get("content") or {}).get("operationGroups") or ():
        for one in group.get("operations") or ():
            value = one.get("value")
            if str(one.get("action")).lower() == "add" and isinstance(value, dict):
                return value
    return {}


def _location(config: Mapping[str, Any]) -> str | None:
    _, _, rest = str(config.get("name")).partition("/locations/")
    return rest.partition("/")[0] or None


def _is_closed(config: Mapping[str, Any]) -> bool:
    return (config.get("stateInfo") or {}).get("state") != "ACTIVE"


def _projected(config: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
    """What it saves a month, with its currency. Costs that it adds are below zero where it saves."""
    projection = (config.get("primaryImpact") or {}).get("costProjection") or {}
    cost, seconds = projection.get("cost") or {}, number(str(projection.get("duration", "")).removesuffix("s"))
    units = number(cost.get("units", 0))
    if not cost or not seconds or units is None:
        return None, None
    saved = -(units + Decimal(cost.get("nanos", 0)) * NANO)
    return saved * DAYS_PER_MONTH * SECONDS_PER_DAY / seconds, cost.get("currencyCode")
