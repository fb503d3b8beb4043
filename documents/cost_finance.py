"""Costs by month, account, service and currency: what a finance department books."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from documents.cost_day import rolled_up
from documents.cost_period import current_editions
from documents.cost_rows import RowsWanted
from domain.costs.series import CostQuestion, Grain
from domain.facts.scope import Scope

_KEY = ("provider", "billing_account_id", "sub_account_id", "service_name", "currency")
_SUMS = ("billed", "effective", "listed", "contracted", "line_count")


@dataclass(frozen=True, slots=True)
class MonthSums:
    """Exact sums of the `line_count` rows of one key whose charges begin in the month of the day `month`."""

    month: date
    provider: str
    billing_account_id: str
    sub_account_id: str | None
    sub_account_name: str | None
    service_name: str
    currency: str
    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    line_count: int


async def month_sums(scope: Scope, wanted: RowsWanted) -> AsyncIterator[MonthSums]:
    """The sums of what is wanted, by month and then by name."""
    editions = await current_editions(scope, first=wanted.first, until=wanted.until)
    question = CostQuestion(wanted.first, wanted.until, grain=Grain.MONTH, where=wanted.where)
    document, steps = rolled_up(scope, question, editions)
    async for raw in await document.rows().aggregate([*steps, *month_steps()], allowDiskUse=True):
        key = raw.pop("_id")
        month = key.pop("month").date()
        yield MonthSums(month=month, **{name: key.get(name) for name in _KEY}, **raw)


def month_steps() -> list[dict[str, Any]]:
    """How MongoDB adds them up."""
    month = {"$dateTrunc": {"date": "$day", "unit": "month"}}
    group: dict[str, Any] = {"_id": {"month": month, **{name: f"${name}" for name in _KEY}}}
    group |= {"sub_account_name": {"$max": "$sub_account_name"}, **{name: {"$sum": f"${name}"} for name in _SUMS}}
    order = {f"_id.{name}": 1 for name in ("month", *_KEY)}
    return [{"$group": group}, {"$sort": order}]
