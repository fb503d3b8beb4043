"""The journal of a remediation: every call that was made to change something, before it was made and after.

A call is written down as begun before it is sent. Whoever goes on after a crash knows by it that the call may have been
heard, whatever was answered.
"""

from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from domain.facts.remediation import StepState


class RemediationCall(TenantDocument):
    """Try `number` (from 1, over the whole remediation) of the step `key`; of an undoing the key is step/undo.

    `arguments` are those that were sent, `answer` what came back, without secrets. `is_found`: nothing was sent,
    because an earlier try was seen to have been made. `error` is what was wrong, in plain words.
    """

    noun: ClassVar[str] = "call of a remediation"

    remediation_id: PydanticObjectId
    number: int
    key: str
    says: str
    operation: str
    region: str | None = None
    arguments: dict[str, Any]
    state: StepState = StepState.BEGUN
    answer: Any = None
    is_found: bool = False
    error: str | None = None
    begun_at: datetime
    ended_at: datetime | None = None

    class Settings:
        name = "remediation_calls"
        indexes = [
            IndexModel([("remediation_id", ASCENDING), ("number", ASCENDING)], unique=True, name="in_order"),
            IndexModel(
                [("org_id", ASCENDING), ("remediation_id", ASCENDING), ("number", ASCENDING), ("_id", ASCENDING)],
                name="org_order",
            ),
        ]


async def begin_call(call: RemediationCall) -> None:
    """Write down that the call is about to be sent. Acknowledged by the majority before this returns."""
    await call.insert()


async def end_call(
    call: RemediationCall,
    state: StepState,
    at: datetime,
    *,
    answer: Any = None,
    error: str | None = None,
    is_found: bool = False,
) -> None:
    """Write down what came of it."""
    fields = {"state": state.value, "answer": answer, "error": error, "is_found": is_found, "ended_at": at}
    await RemediationCall.rows().update_one({"_id": call.id}, {"$set": fields})


async def journal_of(remediation_id: ObjectId | None) -> list[RemediationCall]:
    """All calls of a remediation, in their order."""
    rows = RemediationCall.rows().find({"remediation_id": remediation_id}).sort("number", ASCENDING)
    return [RemediationCall.stored(raw) async for raw in rows]
