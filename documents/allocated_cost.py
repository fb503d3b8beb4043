"""What each target owes by day: the rows of runs, from which charts by target are read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.cost_period import midnight
from documents.stored_decimal import stored_decimal
from domain.allocation.month import AllocatedKey
from domain.facts.allocation import TakenBy

BATCH = 5_000


class AllocatedCost(TenantDocument):
    """What a target owes of a UTC `day` (midnight) by one rule (its number from 0), account and service.

    Without a target nobody owes it. Only rows of the run that the month names count.
    """

    noun: ClassVar[str] = "allocated cost"

    run_id: PydanticObjectId
    day: datetime
    target_id: str | None = None
    rule: int | None = None
    taken_by: TakenBy
    provider: str
    billing_account_id: str
    sub_account_id: str | None = None
    service_name: str
    currency: str
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal

    class Settings:
        name = "allocated_costs"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("run_id", ASCENDING), ("day", ASCENDING)], name="org_run_day"),
            IndexModel([("run_id", ASCENDING)], name="run"),
        ]


# They would show rows of runs that do not count.
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"):
    setattr(AllocatedCost, _name, AllocatedCost._closed)


async def stage_allocated(
    org_id: ObjectId, run_id: ObjectId, sums: Iterable[tuple[AllocatedKey, Sequence[Decimal]]]
) -> None:
    """Store rows that do not count yet. The four sums are billed, effective, listed and contracted."""
    rows = [_row(org_id, run_id, key, amounts) for key, amounts in sums]
    for start in range(0, len(rows), BATCH):
        await AllocatedCost.rows().insert_many(rows[start : start + BATCH], ordered=False)


def _row(org_id: ObjectId, run_id: ObjectId, key: AllocatedKey, amounts: Sequence[Decimal]) -> dict[str, Any]:
    names = ("billed", "effective", "listed", "contracted")
    sums: Mapping[str, Any] = {name: stored_decimal(sum) for name, sum in zip(names, amounts, strict=True)}
    row = {"org_id": org_id, "run_id": run_id, **key._asdict(), "day": midnight(key.day), **sums}
    return {name: value for name, value in row.items() if value is not None}
