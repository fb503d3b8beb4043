"""Opens findings again whose suppression has ended. Run twice, the second run changes nothing."""

from datetime import datetime
from functools import partial
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from documents.audit import Act, acting
from documents.finding_suppression import ended_suppressions, open_ended
from documents.transaction import Transaction
from jobs.context import JobContext

ACTION = "finding.reopen"
ACTOR = "job:reopen_findings"


async def reopen_findings(ctx: dict[str, Any]) -> int:
    """Every half hour, for all organizations; returns how many were opened."""
    context: JobContext = ctx["context"]
    at, opened = context.now(), 0
    with acting(Act(action=ACTION, actor=ACTOR)):
        while ended := await ended_suppressions(at):
            for org_id, finding_ids in ended.items():
                opened += await context.writer.commit(partial(_reopen, org_id, finding_ids, at))
    return opened


async def _reopen(org_id: PydanticObjectId, finding_ids: list[ObjectId], at: datetime, tx: Transaction) -> int:
    return await open_ended(tx, org_id, finding_ids, at)
