"""A limit on the costs of a period, and the thresholds that raise an alert once each a period."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import Decimal128
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.budgets import BudgetBasis, BudgetPeriod
from domain.costs.series import Metric
from domain.errors import Conflict
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter
from domain.facts.scope import Scope


class Budget(TenantDocument):
    """`thresholds` are whole percents of the limit, ascending; those of `forecast_thresholds` are held against what the
    period is going to come to at its end, in the worse of ten cases.

    Empty `services` or `account_native_ids` mean all; both count together with `where`. With a `target_id` what that
    target of allocation owes counts, and none of them is set. `amount` is the limit without
    `carried`, what was left of the period before; unless `basis` is FIXED, the check finds it, with `change_percent`.
    `roll_over_cap`: how many percent of the amount may be carried at most; 0: nothing is. `spent` is what the period
    `spent_month`, a month as YYYY-MM, had cost when a check last ran, and `expected` what it will come to.
    """

    noun: ClassVar[str] = "budget"

    name: str
    amount: Decimal
    currency: str
    thresholds: list[int]
    services: list[str] = Field(default_factory=list)
    account_native_ids: list[str] = Field(default_factory=list)
    spent: Decimal = Decimal(0)
    spent_month: str | None = None
    version: int = 1
    where: CostFilter = Field(default_factory=CostFilter)
    target_id: PydanticObjectId | None = None
    period: BudgetPeriod = BudgetPeriod.MONTHLY
    metric: Metric = Metric.BILLED
    basis: BudgetBasis = BudgetBasis.FIXED
    change_percent: Decimal = Decimal(0)
    forecast_thresholds: list[int] = Field(default_factory=list)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    roll_over_cap: int = 0
    carried: Decimal = Decimal(0)
    expected: Decimal | None = None
    expected_upper: Decimal | None = None
    archived_at: datetime | None = None

    class Settings:
        name = "budgets"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]

    @property
    def limit(self) -> Decimal:
        """What the period may cost, with what was left of the one before."""
        return self.amount + self.carried

    def filter(self) -> CostFilter:
        """Which costs count."""
        named = ((Dimension.SERVICE, self.services), (Dimension.SUB_ACCOUNT, self.account_native_ids))
        parts = tuple(
            DimensionFilter(dimension=dimension, values=tuple(values)) for dimension, values in named if values
        )
        return self.where.model_copy(update={"dimensions": (*self.where.dimensions, *parts)})


class BudgetRecord(TenantDocument):
    """One period of a budget: `limit` is `amount` and `carried`; `alerts` the thresholds told of, as ACTUAL:80.

    `first_at` and `until_at` are midnights. `name` is the period's.
    """

    noun: ClassVar[str] = "budget record"

    budget_id: PydanticObjectId
    name: str
    first_at: datetime
    until_at: datetime
    amount: Decimal
    carried: Decimal = Decimal(0)
    spent: Decimal
    currency: str
    alerts: list[str] = Field(default_factory=list)
    checked_at: datetime

    class Settings:
        name = "budget_records"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("budget_id", ASCENDING), ("first_at", DESCENDING), ("_id", DESCENDING)],
                name="org_budget_first",
            ),
            IndexModel([("budget_id", ASCENDING), ("first_at", ASCENDING)], unique=True, name="natural"),
        ]


async def last_over(scope: Scope, budget: Budget, at: datetime) -> BudgetRecord | None:
    """The newest period in the budget's history that is over; None where there is none."""
    query = {**BudgetRecord.within(scope), "budget_id": budget.id}
    # The newest two: the current one, where it was looked at before, and the one before it.
    newest = BudgetRecord.rows().find(query).sort([("first_at", DESCENDING), ("_id", DESCENDING)]).limit(2)
    over = [BudgetRecord.stored(raw) async for raw in newest if raw["until_at"] <= at]
    return over[0] if over else None


async def record_check(budget: Budget, found: dict[str, Any], session: AsyncClientSession) -> None:
    """Note what a check found of the current period."""
    await Budget.rows().update_one({"_id": budget.id}, {"$set": found}, session=session)


async def record_period(budget: Budget, first_at: datetime, found: dict[str, Any], session: AsyncClientSession) -> None:
    """Note in the budget's history what a check found of the period that begins then; it may tell of new `alerts`."""
    fields = dict(found)
    update: dict[str, Any] = {"$addToSet": {"alerts": {"$each": fields.pop("alerts", [])}}}
    fresh = {"created_at": fields["checked_at"]}
    key = {"org_id": budget.org_id, "budget_id": budget.id, "first_at": first_at}
    await BudgetRecord.rows().update_one(
        key, {**update, "$set": fields, "$setOnInsert": fresh}, upsert=True, session=session
    )


async def correct_spent(budget: Budget, first_at: datetime, spent: Any, session: AsyncClientSession) -> None:
    """Note what a period that is over has cost after all; nothing happens where there is no record of it."""
    key = {"org_id": budget.org_id, "budget_id": budget.id, "first_at": first_at}
    await BudgetRecord.rows().update_one(key, {"$set": {"spent": spent}}, session=session)


async def change_budget(
    budget: Budget, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> Budget:
    """The budget with these fields changed. Raises Conflict when it is archived, or in another version."""
    raw = await Budget.rows().find_one_and_update(
        {"_id": budget.id, "version": expected_version or budget.version, "archived_at": None},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        problem = "was changed in the meantime" if budget.archived_at is None else "is archived"
        raise Conflict(f"The budget {problem}: look at it again.", current=budget)
    return Budget.stored(raw)


# What budgets were before they could be anything else.
_BEFORE: dict[str, Any] = {
    "where": {"dimensions": [], "tags": []},
    "period": BudgetPeriod.MONTHLY.value,
    "metric": Metric.BILLED.value,
    "basis": BudgetBasis.FIXED.value,
    "change_percent": Decimal128("0"),
    "forecast_thresholds": [],
    "roll_over_cap": 0,
    "carried": Decimal128("0"),
}


async def complete_budgets() -> int:
    """Give budgets of every tenant that are older than their kinds the fields they lack; returns how many."""
    result = await Budget.rows().update_many({"period": {"$exists": False}}, {"$set": _BEFORE})
    return result.modified_count
