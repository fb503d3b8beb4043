"""A limit on a month's cost, and the thresholds that raise an alert once each a month."""

from decimal import Decimal
from typing import ClassVar

from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument


class Budget(TenantDocument):
    """`thresholds` are whole percents of `amount`, ascending. Empty `services` or `account_native_ids` mean all.

    `spent` is what the month of `spent_month` (YYYY-MM) had cost when a check last ran.
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

    class Settings:
        name = "budgets"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]


async def record_spent(budget: Budget, spent: Decimal, month: str, session: AsyncClientSession) -> None:
    """Note what the month (YYYY-MM) had cost when it was checked."""
    await Budget.rows().update_one(
        {"_id": budget.id}, {"$set": {"spent": spent, "spent_month": month}}, session=session
    )
