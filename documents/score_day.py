"""What the scores of a day were, of an organization and of each account; the last of the day stays."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel

from documents.base import TenantDocument
from documents.compliance_settings import compliance_settings
from documents.control_status import check_rows, statuses_in
from documents.cost_period import midnight
from documents.framework import frameworks_of
from documents.rule_status import rule_statuses
from documents.transaction import Transaction
from domain.compliance.control import Control
from domain.compliance.framework import Framework
from domain.compliance.frameworks import find_framework
from domain.compliance.score import Statuses, rolled_up, score_of, weights_of
from domain.facts.compliance import CheckStatus

# More days than a chart shows: five years.
MOST_DAYS = 1830


class KeptScore(BaseModel):
    """`framework` is an id, None for all controls. `ratio` is None where nothing counted."""

    framework: str | None = None
    ratio: float | None
    assessed: int
    total: int


class ScoreDay(TenantDocument):
    """`day` is a midnight (UTC); `account_id` None is the whole organization. `statuses` are by control.

    `read_at` is when they were last taken.
    """

    noun: ClassVar[str] = "day of scores"

    day: datetime
    account_id: PydanticObjectId | None = None
    scores: list[KeptScore]
    statuses: dict[str, CheckStatus]
    read_at: datetime

    class Settings:
        name = "score_days"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("account_id", ASCENDING), ("day", ASCENDING)], unique=True, name="natural"
            )
        ]


async def record_scores(tx: Transaction, org_id: ObjectId, at: datetime) -> None:
    """Keep the scores as they stand now as those of the day: of all controls and each framework that is switched on
    or the organization's own, for the organization and for each account that something is said of.
    """
    settings = await compliance_settings(org_id, tx.session)
    known = await frameworks_of(org_id, tx.session)
    frameworks = [one for one in known if one.id in settings.adopted or find_framework(one.id) is None]
    rules = {id for framework in frameworks for id in framework.findings}
    by_account: dict[ObjectId, list[tuple[str, CheckStatus]]] = {}
    for row in await check_rows(org_id, session=tx.session):
        if row.account_id is not None:
            by_account.setdefault(row.account_id, []).append((row.control_id, row.status))
    said: dict[ObjectId | None, Statuses] = {id: rolled_up(rows) for id, rows in by_account.items()}
    said[None] = await statuses_in(org_id, session=tx.session)
    for account_id, statuses in said.items():
        found = await rule_statuses(org_id, rules, account_id, tx.session)
        kept = [kept_score(settings.controls, one, {**statuses, **found}) for one in (None, *frameworks)]
        await _keep(tx, org_id, account_id, kept, statuses, at)


def kept_score(controls: Iterable[Control], framework: Framework | None, statuses: Statuses) -> KeptScore:
    """The score of a framework, or of all these controls, as it is kept."""
    score = score_of(weights_of(controls, framework), statuses)
    return KeptScore(
        framework=None if framework is None else framework.id,
        ratio=score.ratio,
        assessed=score.assessed,
        total=score.total,
    )


async def score_days(
    org_id: ObjectId, framework: str | None, account_id: ObjectId | None, first: date, until: date
) -> list[tuple[date, KeptScore]]:
    """The scores of each day that has one, from `first` up to but without `until`, the oldest first."""
    query = {
        "org_id": org_id,
        "account_id": account_id,
        "day": {"$gte": midnight(first), "$lt": midnight(until)},
    }
    rows = ScoreDay.rows().find(query, {"day": 1, "scores": 1}).sort([("day", ASCENDING)]).limit(MOST_DAYS)
    return [
        (raw["day"].date(), KeptScore.model_validate(score))
        async for raw in rows
        for score in raw["scores"]
        if score["framework"] == framework
    ]


async def days_of(org_id: ObjectId, account_id: ObjectId | None, first: date) -> Sequence[ScoreDay]:
    """The days from `first` on, the oldest first."""
    query = {"org_id": org_id, "account_id": account_id, "day": {"$gte": midnight(first)}}
    rows = ScoreDay.rows().find(query).sort([("day", ASCENDING)]).limit(MOST_DAYS)
    return [ScoreDay.stored(raw) async for raw in rows]


async def statuses_at(org_id: ObjectId, account_id: ObjectId | None, at: datetime) -> Mapping[str, CheckStatus]:
    """What was said of each control when scores were last kept at or before an instant; nothing before the first."""
    query = {"org_id": org_id, "account_id": account_id, "day": {"$lte": at}, "read_at": {"$lte": at}}
    raw = await ScoreDay.rows().find_one(query, {"statuses": 1}, sort=[("day", DESCENDING)])
    return {} if raw is None else {id: CheckStatus(status) for id, status in raw["statuses"].items()}


async def _keep(
    tx: Transaction,
    org_id: ObjectId,
    account_id: ObjectId | None,
    scores: Sequence[KeptScore],
    statuses: Statuses,
    at: datetime,
) -> None:
    fields: dict[str, Any] = {
        "scores": [score.model_dump() for score in scores],
        "statuses": {id: status.value for id, status in statuses.items()},
        "read_at": at,
    }
    await ScoreDay.rows().update_one(
        {"org_id": org_id, "account_id": account_id, "day": midnight(at.date())},
        {"$set": fields, "$setOnInsert": {"created_at": at}},
        upsert=True,
        session=tx.session,
    )
