"""Filters and groupings of costs as MongoDB takes them, for sums that are kept by the usual dimensions and tags."""

from typing import Any

from domain.costs.series import TagKey
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter, TagFilter

_FIELDS = {
    Dimension.PROVIDER: "provider",
    Dimension.BILLING_ACCOUNT: "billing_account_id",
    Dimension.SUB_ACCOUNT: "sub_account_id",
    Dimension.SERVICE: "service_name",
    Dimension.SERVICE_CATEGORY: "service_category",
    Dimension.REGION: "region_id",
    Dimension.CHARGE_CATEGORY: "charge_category",
    Dimension.PRICING_CATEGORY: "pricing_category",
    Dimension.COMMITMENT: "commitment_discount_id",
    Dimension.COMMITMENT_STATUS: "commitment_discount_status",
    Dimension.PUBLISHER: "publisher_name",
}


def cost_match(where: CostFilter) -> dict[str, Any]:
    """The filter for the sums that count. Raises Invalid for a dimension by which they are not kept."""
    parts = [_dimension(part) for part in where.dimensions] + [_tag(part) for part in where.tags]
    return {"$and": parts} if parts else {}


def cost_value(part: Dimension | TagKey) -> Any:
    """The value that a sum has of something to group by. Raises Invalid for a dimension by which they are not kept."""
    if isinstance(part, Dimension):
        return {"$ifNull": [f"${_field(part)}", None]}
    # Tag names hold dots and dollars, which paths cannot.
    return {"$ifNull": [{"$getField": {"field": {"$literal": part.key}, "input": "$tags"}}, None]}


def _dimension(part: DimensionFilter) -> dict[str, Any]:
    return {_field(part.dimension): {"$nin" if part.is_excluded else "$in": list(part.values)}}


def _tag(part: TagFilter) -> dict[str, Any]:
    # Literal, or a value that begins with a dollar would be taken for a path.
    among = {"$in": [cost_value(TagKey(part.tag)), {"$literal": list(part.values)}]}
    return {"$expr": {"$not": [among]} if part.is_excluded else among}


def _field(dimension: Dimension) -> str:
    if dimension not in _FIELDS:
        raise Invalid(f"Usage is not kept by {dimension}: choose another dimension.", path=("groupBy",))
    return _FIELDS[dimension]
