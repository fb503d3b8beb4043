"""What did not pass in a check, each time that changed: from when to when a thing failed is read from these."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.check import Check, CheckedItem
from documents.check_change import KEPT_DAYS
from documents.transaction import Transaction
from domain.facts.compliance import Integration, Verdict


class CheckItems(TenantDocument):
    """`items` are all that does not pass since `at`, exempt ones too, the worst first; `left_out` more were counted.

    They live as long as the changes of checks do: a chain that is never erased is no place for names of people.
    """

    noun: ClassVar[str] = "items of a check"

    check_id: PydanticObjectId
    control_id: str
    integration: Integration
    account_id: PydanticObjectId | None = None
    items: list[CheckedItem] = Field(default_factory=list)
    left_out: int = 0
    at: datetime

    class Settings:
        name = "check_items"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("control_id", ASCENDING), ("at", ASCENDING), ("_id", ASCENDING)],
                name="org_control_at",
            ),
            IndexModel([("at", ASCENDING)], name="expiry", expireAfterSeconds=KEPT_DAYS * 24 * 3600),
        ]


async def note_items(tx: Transaction, before: Check | None, check_id: ObjectId, check: Check, at: datetime) -> None:
    """Write down what does not pass now, unless that was so before."""
    was, now = (None if one is None else _faulty(one) for one in (before, check))
    if now == (was or ([], 0)):
        return
    items, left_out = now or ([], 0)
    noted = CheckItems(
        org_id=check.org_id,
        check_id=PydanticObjectId(check_id),
        control_id=check.control_id,
        integration=check.integration,
        account_id=check.account_id,
        items=items,
        left_out=left_out,
        at=at,
    )
    await noted.insert(session=tx.session)


async def items_before(org_id: ObjectId, control_id: str, until: datetime) -> AsyncIterator[Mapping[str, Any]]:
    """What was noted of a control before an instant, the oldest first, as stored."""
    query = {"org_id": org_id, "control_id": control_id, "at": {"$lt": until}}
    async with CheckItems.rows().find(query, sort=[("at", ASCENDING), ("_id", ASCENDING)], batch_size=100) as cursor:
        async for raw in cursor:
            yield raw


def _faulty(check: Check) -> tuple[list[CheckedItem], int]:
    items = [item for item in check.items if item.verdict is not Verdict.PASS]
    counted = sum(count for verdict, count in check.counts.items() if verdict is not Verdict.PASS)
    return items, max(counted - len(items), 0)
