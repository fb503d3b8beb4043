"""How much of a rule policies have approved, on one day or in one run: what caps are held to."""

from datetime import datetime, timedelta
from typing import ClassVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.facts.remediation import Left

# A run has ended by then, or does not end any more.
KEPT = timedelta(days=7)


class RemediationCount(TenantDocument):
    """`span` is `day:` and the date in UTC, or `run:` and the id of the run. `taken` never passes the cap it is counted
    under.
    """

    noun: ClassVar[str] = "count of remediations"

    rule_id: str
    span: str
    taken: int = 0

    class Settings:
        name = "remediation_counts"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("rule_id", ASCENDING), ("span", ASCENDING)], unique=True, name="natural"
            ),
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


def spans(run_id: ObjectId, at: datetime) -> tuple[str, str]:
    """(the day, the run) that something approved at this moment counts in."""
    return f"day:{at:%Y-%m-%d}", f"run:{run_id}"


async def begin_counts(org_id: ObjectId, rule_id: str, named: tuple[str, str], at: datetime) -> None:
    """Store what is counted in, before the transaction that counts: of two that store it there one would fail."""
    for span in named:
        natural = {"org_id": org_id, "rule_id": rule_id, "span": span}
        first = {"$setOnInsert": {"taken": 0, "created_at": at}}
        await RemediationCount.rows().update_one(natural, first, upsert=True)


async def take_one(
    org_id: ObjectId, rule_id: str, named: tuple[str, str], most: tuple[int, int], session: AsyncClientSession
) -> Left | None:
    """Count one more in the day and in the run, within a transaction; the cap that is reached, where one is.

    One statement counts and holds to the cap, so that two at once never pass it.
    """
    day, run = named
    if not await _add(org_id, rule_id, day, most[0], session):
        return Left.CAP_OF_DAY
    if not await _add(org_id, rule_id, run, most[1], session):
        natural = {"org_id": org_id, "rule_id": rule_id, "span": day}
        await RemediationCount.rows().update_one(natural, {"$inc": {"taken": -1}}, session=session)
        return Left.CAP_OF_RUN
    return None


async def _add(org_id: ObjectId, rule_id: str, span: str, most: int, session: AsyncClientSession) -> bool:
    natural = {"org_id": org_id, "rule_id": rule_id, "span": span}
    counted = await RemediationCount.rows().update_one(
        {**natural, "taken": {"$lt": most}}, {"$inc": {"taken": 1}}, session=session
    )
    return counted.modified_count > 0


async def taken(org_id: ObjectId, rule_id: str, day: str) -> int:
    """How much of a rule was approved by policies on a day."""
    raw = await RemediationCount.rows().find_one({"org_id": org_id, "rule_id": rule_id, "span": day}, {"taken": 1})
    return 0 if raw is None else int(raw["taken"])
