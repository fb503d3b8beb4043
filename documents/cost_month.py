"""Costs by calendar month: what charts of months, quarters and years read instead of thirty times as many days."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument


class CostMonth(TenantDocument):
    """The sum of `line_count` lines that begin in the month of the UTC `day`, its first (midnight), else alike.

    All fields are those of a cost day. A load of many rows leaves several documents for one such key, which add up.
    """

    noun: ClassVar[str] = "cost month"

    edition_id: PydanticObjectId
    day: datetime
    provider: str
    billing_account_id: str
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    service_name: str
    service_category: str | None = None
    region_id: str | None = None
    charge_category: str
    pricing_category: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_status: str | None = None
    publisher_name: str | None = None
    tags: dict[str, str] | None = None
    currency: str
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    line_count: int

    class Settings:
        name = "cost_months"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("day", ASCENDING), ("edition_id", ASCENDING)], name="org_day"),
            IndexModel([("edition_id", ASCENDING)], name="edition"),
        ]


# They would show sums that are staged or replaced.
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"):
    setattr(CostMonth, _name, CostMonth._closed)


async def stage_months(months: Sequence[dict[str, Any]]) -> None:
    """Store sums that do not count yet, as `days_of` makes them."""
    await CostMonth.rows().insert_many(months, ordered=False)


async def delete_months(edition_ids: Sequence[ObjectId]) -> int:
    """Delete the sums of editions that do not count; returns how many."""
    result = await CostMonth.rows().delete_many({"edition_id": {"$in": list(edition_ids)}})
    return result.deleted_count
