"""Usage by day and SKU: quantities and costs, for telling what drove a change and what commitments covered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import repeat
from typing import ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.cost_period import midnight
from documents.encoded_rows import RowEncoder, decimal_elements, int_elements, object_id_elements, rows_of
from domain.costs.slice import CostSlice
from domain.costs.usage import COLUMNS, UsageKey, UsageSums

_AMOUNTS = ("billed", "effective", "listed", "contracted", "quantity", "commitment_quantity")


class CostUsageDay(TenantDocument):
    """The sum of `line_count` lines that begin on the UTC `day` (midnight) and are alike in everything below it.

    A load of many rows leaves several documents for one such key, which add up. `sku` is as in `UsageKey`.
    """

    noun: ClassVar[str] = "usage day"

    edition_id: PydanticObjectId
    day: datetime
    provider: str
    billing_account_id: str
    currency: str
    sku: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None
    service_name: str
    service_category: str | None = None
    region_id: str | None = None
    charge_category: str
    charge_class: str | None = None
    pricing_category: str | None = None
    consumed_unit: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_name: str | None = None
    commitment_discount_type: str | None = None
    commitment_discount_category: str | None = None
    commitment_discount_status: str | None = None
    commitment_discount_unit: str | None = None
    publisher_name: str | None = None
    tags: dict[str, str] | None = None
    quantity: Decimal | None = None
    commitment_quantity: Decimal | None = None
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    line_count: int
    unlisted_count: int

    class Settings:
        name = "cost_usage_days"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("day", ASCENDING), ("edition_id", ASCENDING)], name="org_day"),
            IndexModel([("edition_id", ASCENDING)], name="edition"),
        ]


# They would show sums that are staged or replaced.
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"):
    setattr(CostUsageDay, _name, CostUsageDay._closed)


class UsageEncoder:
    """Turns the sums of one load into documents as they are stored."""

    def __init__(self, org_id: ObjectId) -> None:
        self._org_id = org_id
        self._columns = RowEncoder()

    def days(
        self, sums: Mapping[UsageKey, UsageSums], slices: Sequence[CostSlice], editions: Sequence[ObjectId]
    ) -> list[RawBSONDocument]:
        """Sums as they are stored. `slices` and `editions` are those of the load, by slice number."""
        if not sums:
            return []
        count, elements = len(sums), self._columns.elements
        keys = dict(zip(UsageKey._fields, zip(*sums, strict=True), strict=True))
        of = [slices[number] for number in keys["slice_number"]]
        return rows_of(
            [
                object_id_elements("_id", (ObjectId() for _ in range(count))),
                object_id_elements("org_id", repeat(self._org_id, count)),
                object_id_elements("edition_id", (editions[number] for number in keys["slice_number"])),
                elements("day", [midnight(day) for day in keys["day"]]),
                elements("billing_account_id", [slice.key.billing_account_id for slice in of]),
                elements("currency", [slice.currency for slice in of]),
                *(elements(name, keys[name]) for name in ("provider", "sku", *COLUMNS)),
                *(decimal_elements(name, (getattr(one, name) for one in sums.values())) for name in _AMOUNTS),
                int_elements("line_count", (one.rows for one in sums.values())),
                int_elements("unlisted_count", (one.unlisted_rows for one in sums.values())),
            ]
        )


async def stage_usage(days: Sequence[RawBSONDocument]) -> None:
    """Store sums that do not count yet."""
    await CostUsageDay.rows().insert_many(days, ordered=False)


async def delete_usage(edition_ids: Sequence[ObjectId]) -> int:
    """Delete the sums of editions that do not count; returns how many."""
    result = await CostUsageDay.rows().delete_many({"edition_id": {"$in": list(edition_ids)}})
    return result.deleted_count
