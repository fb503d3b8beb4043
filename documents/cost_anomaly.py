"""Days on which costs were other than expected, and what people said of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, cast

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.facts.anomaly import (
    SAID_BY_PEOPLE,
    AnomalyBaseline,
    AnomalyContributor,
    AnomalyDay,
    AnomalyDirection,
    AnomalyFeedback,
    AnomalyGate,
    AnomalyKind,
    AnomalyState,
)
from domain.facts.scope import Scope
from domain.facts.severity import Severity

_NEWEST_FIRST = (("last_on", DESCENDING), ("_id", DESCENDING))
_SERIES = ("provider", "billing_account_id", "sub_account_id", "service_name", "currency")
OPENED, CHANGED = "CostAnomalyOpened", "CostAnomalyChanged"


class CostAnomaly(TenantDocument):
    """Days of one series (sub account x service) that belong together, at most two quiet days between two of them.

    `key` names series, first day and direction, so that the same costs always give the same anomaly. `first_on` and
    `last_on` are midnights (UTC). Amounts are in `currency`: of all `days` together, `run_rate` of thirty days like
    them. `ratio` is actual over expected, `confidence` (0 to 1) the highest of a day. `explained_ratio` is how much of
    the excess the contributors add up to. `cause` is the fingerprint of the alert it belongs to. `told_impact` is the
    impact people heard of, None where nobody was told. `is_provisional`: the provider may still add to its last day.
    """

    noun: ClassVar[str] = "cost anomaly"

    key: str
    provider: str
    billing_account_id: str
    sub_account_id: str | None = None
    service_name: str
    currency: str
    account_id: PydanticObjectId | None = None
    direction: AnomalyDirection
    kind: AnomalyKind
    severity: Severity
    state: AnomalyState = AnomalyState.OPEN
    first_on: datetime
    last_on: datetime
    actual: Decimal
    expected: Decimal
    impact: Decimal
    run_rate: Decimal
    ratio: float | None = None
    confidence: float
    is_provisional: bool = False
    summary: str
    days: list[AnomalyDay] = Field(default_factory=list)
    gates: list[AnomalyGate] = Field(default_factory=list)
    baselines: list[AnomalyBaseline] = Field(default_factory=list)
    contributors: list[AnomalyContributor] = Field(default_factory=list)
    explained_ratio: float | None = None
    similar_ids: list[PydanticObjectId] = Field(default_factory=list)
    cause: str
    told_impact: Decimal | None = None
    feedback: AnomalyFeedback | None = None
    seen_at: datetime
    version: int = 1

    class Settings:
        name = "cost_anomalies"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("key", ASCENDING)], unique=True, name="org_key"),
            IndexModel(
                [("org_id", ASCENDING), *_NEWEST_FIRST, ("state", ASCENDING), ("severity", ASCENDING)],
                name="org_newest",
            ),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING), *_NEWEST_FIRST], name="org_state_newest"),
        ]


async def anomalies_since(
    scope: Scope, since: datetime, session: AsyncClientSession | None = None
) -> dict[str, dict[str, Any]]:
    """The stored anomalies of one organization that reach into the time since then, by key."""
    query = {**CostAnomaly.within(scope), "last_on": {"$gte": since}}
    return {raw["key"]: raw async for raw in CostAnomaly.rows().find(query, session=session)}


async def fixed_between(scope: Scope, first: datetime, until: datetime) -> list[dict[str, Any]]:
    """The anomalies of one organization that somebody has fixed and that had a day from `first` up to before `until`:
    their series, days and feedback.
    """
    query = {**CostAnomaly.within(scope), "state": AnomalyState.FIXED.value, "last_on": {"$gte": first}}
    fields = (*_SERIES, "first_on", "last_on", "feedback")
    rows = CostAnomaly.rows().find({**query, "first_on": {"$lt": until}}, projection=fields)
    return [raw async for raw in rows]


async def keep_anomaly(
    tx: Transaction, org_id: ObjectId, fields: Mapping[str, Any], old: Mapping[str, Any] | None, at: datetime
) -> dict[str, Any] | None:
    """Store what was found under its `key` and announce it; None where the same is stored already.

    What a person said of it stays, but one that was retracted, or was said to be fixed and goes on, is open again.
    """
    is_back = old is not None and _is_back(old, fields)
    if old is not None and not is_back and all(old.get(name) == value for name, value in fields.items()):
        return None
    change: dict[str, Any] = {**fields, "seen_at": at}
    if old is None or is_back:
        change |= {"state": AnomalyState.OPEN.value, "feedback": None}
    raw = await CostAnomaly.rows().find_one_and_update(
        {"org_id": org_id, "key": fields["key"]},
        {"$set": change, "$inc": {"version": 1}, "$setOnInsert": {"created_at": at}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    stored = cast("dict[str, Any]", raw)
    announce_anomaly(tx, stored, OPENED if old is None else CHANGED)
    return stored


def _is_back(old: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    if old["state"] == AnomalyState.FIXED:
        return bool(fields["last_on"] > old["feedback"]["at"])
    return bool(old["state"] == AnomalyState.RETRACTED)


async def retract_anomalies(tx: Transaction, raws: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Close anomalies that the costs, as they are corrected now, no longer show."""
    for old in raws:
        raw = await CostAnomaly.rows().find_one_and_update(
            {"_id": old["_id"], "state": AnomalyState.OPEN.value},
            {"$set": {"state": AnomalyState.RETRACTED.value, "seen_at": at}, "$inc": {"version": 1}},
            return_document=ReturnDocument.AFTER,
            session=tx.session,
        )
        if raw is not None:
            announce_anomaly(tx, raw, CHANGED)


async def note_told(tx: Transaction, anomaly_ids: Mapping[ObjectId, Any]) -> None:
    """Note the impact people heard of, by anomaly."""
    for id, impact in anomaly_ids.items():
        await CostAnomaly.rows().update_one({"_id": id}, {"$set": {"told_impact": impact}}, session=tx.session)


async def say_of_anomaly(
    tx: Transaction, anomaly: CostAnomaly, feedback: AnomalyFeedback | None, expected_version: int | None
) -> CostAnomaly:
    """Store what a person says of it; None takes back what was said. Raises Conflict when it is in another version."""
    state = AnomalyState.OPEN if feedback is None else feedback.state
    raw = await CostAnomaly.rows().find_one_and_update(
        {
            "_id": anomaly.id,
            "version": expected_version or anomaly.version,
            "state": {"$ne": AnomalyState.RETRACTED.value},
        },
        {
            "$set": {
                "state": state.value,
                "feedback": None if feedback is None else {**feedback.model_dump(mode="json"), "at": feedback.at},
            },
            "$inc": {"version": 1},
        },
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    if raw is None:
        problem = (
            "was corrected by the provider and is closed"
            if anomaly.state is AnomalyState.RETRACTED
            else "was changed in the meantime"
        )
        raise Conflict(f"The cost anomaly {problem}: look at it again.", current=anomaly)
    announce_anomaly(tx, raw, CHANGED)
    return CostAnomaly.stored(raw)


async def anomalies_of_cause(org_id: ObjectId, cause: str, session: AsyncClientSession) -> list[dict[str, Any]]:
    """The anomalies that share an alert."""
    return await CostAnomaly.rows().find({"org_id": org_id, "cause": cause}, session=session).limit(1000).to_list()


def is_settled(raw: Mapping[str, Any]) -> bool:
    """Whether nobody needs to hear of it any more."""
    return raw["state"] in SAID_BY_PEOPLE or raw["state"] == AnomalyState.RETRACTED


def announce_anomaly(tx: Transaction, raw: Mapping[str, Any], type: str) -> None:
    """Tell of an anomaly as it stands."""
    tx.announce(raw["org_id"], topic.anomalies(raw["org_id"]), type, dict(raw))


def anomaly_of(payload: dict[str, Any]) -> Any:
    """The anomaly row an event carries."""
    return CostAnomaly.Row(dict(payload))
