"""The state of an organization's forecasts: which edition is shown, what it rests on, and whether a new one is due."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.scope import Scope
from domain.forecasting.band import Quantiles

# A run says nothing while it works, and none takes longer: whoever claimed it before is dead.
_LEASE = timedelta(minutes=20)


class MeasuredCoverage(BaseModel):
    """The share of totals of 30 and 90 days in back-tests that lay inside the intervals of 80 and 95 %."""

    tests: int
    month80: float
    month95: float
    quarter_tests: int
    quarter80: float
    quarter95: float


class ForecastRun(TenantDocument):
    """One for each organization. `edition_id` names the forecasts that are shown, `last_edition_id` those before.

    `read_at` is when the costs were read for it; `data_until` is midnight of the last day they hold whole.
    `claimed_by` is the edition that is being made. `is_wanted`: costs came since.
    """

    noun: ClassVar[str] = "forecast"

    edition_id: PydanticObjectId | None = None
    last_edition_id: PydanticObjectId | None = None
    made_at: datetime | None = None
    read_at: datetime | None = None
    data_until: datetime | None = None
    series_count: int = 0
    quantiles: Quantiles | None = None
    coverage: MeasuredCoverage | None = None
    claimed_by: PydanticObjectId | None = None
    claimed_at: datetime | None = None
    is_wanted: bool = False

    class Settings:
        name = "forecast_runs"
        indexes = [
            IndexModel([("org_id", ASCENDING)], unique=True, name="org"),
            IndexModel([("made_at", ASCENDING)], name="made"),
        ]


async def claim_run(org_id: ObjectId, edition_id: ObjectId, at: datetime, rest: timedelta) -> ForecastRun | None:
    """The state, claimed for a new edition; None, and a note that one is wanted, where it is too early.

    It is while another is being made, and until `rest` is over since the last one was.
    """
    await _ensure(org_id, at)
    free = {
        "org_id": org_id,
        "$and": [
            {"$or": [{"claimed_at": None}, {"claimed_at": {"$lt": at - _LEASE}}]},
            {"$or": [{"made_at": None}, {"made_at": {"$lte": at - rest}}]},
        ],
    }
    claim = {"$set": {"claimed_by": edition_id, "claimed_at": at, "is_wanted": False}}
    raw = await ForecastRun.rows().find_one_and_update(free, claim, return_document=ReturnDocument.AFTER)
    if raw is None:
        await ForecastRun.rows().update_one({"org_id": org_id}, {"$set": {"is_wanted": True}})
        return None
    return ForecastRun.stored(raw)


async def _ensure(org_id: ObjectId, at: datetime) -> None:
    fresh: dict[str, Any] = {"created_at": at, "is_wanted": False, "series_count": 0}
    fresh |= dict.fromkeys(("edition_id", "last_edition_id", "made_at", "claimed_by", "claimed_at"))
    await ForecastRun.rows().update_one({"org_id": org_id}, {"$setOnInsert": fresh}, upsert=True)


async def show_edition(tx: Transaction, org_id: ObjectId, edition_id: ObjectId, made: dict[str, Any]) -> None:
    """Let the new edition be the one that is shown. Raises Conflict when the claim was lost meanwhile."""
    previous: dict[str, Any] = {"last_edition_id": "$edition_id"}
    shown = {"edition_id": edition_id, "claimed_by": None, "claimed_at": None, **made}
    literal = {name: {"$literal": value} for name, value in shown.items()}
    result = await ForecastRun.rows().update_one(
        {"org_id": org_id, "claimed_by": edition_id}, [{"$set": previous}, {"$set": literal}], session=tx.session
    )
    if not result.matched_count:
        raise Conflict("Another run of the forecast has taken over.")


async def give_up_run(org_id: ObjectId, edition_id: ObjectId) -> None:
    """Let go of the claim, so that another run may begin at once."""
    await ForecastRun.rows().update_one(
        {"org_id": org_id, "claimed_by": edition_id}, {"$set": {"claimed_by": None, "claimed_at": None}}
    )


async def due_runs(*, wanted_before: datetime, daily_before: datetime) -> list[ObjectId]:
    """Organizations, of every tenant, whose forecast is wanted and made before the one, or made before the other."""
    due = [{"is_wanted": True, "made_at": {"$lt": wanted_before}}, {"made_at": {"$lt": daily_before}}]
    rows = ForecastRun.rows().find({"made_at": {"$ne": None}, "$or": due}, projection={"org_id": 1}).limit(1000)
    return [raw["org_id"] async for raw in rows]


async def run_of(scope: Scope) -> ForecastRun | None:
    """The state of the one organization in scope."""
    return await ForecastRun.find_in(scope, {})
