"""What commitments cover and what is bought on demand, from usage by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_drivers import currency_of
from documents.cost_match import cost_match
from documents.cost_period import current_editions, midnight
from documents.cost_usage import CostUsageDay
from domain.costs.commitments import CommitmentUse
from domain.costs.series import CostQuestion
from domain.facts.scope import Scope

_KEY = {
    "provider": "provider",
    "billing_account_id": "billing_account_id",
    "service": "service_name",
    "region": "region_id",
    "unit": "consumed_unit",
    "charge_category": "charge_category",
    "pricing_category": "pricing_category",
    "commitment_id": "commitment_discount_id",
    "name": "commitment_discount_name",
    "type": "commitment_discount_type",
    "category": "commitment_discount_category",
    "commitment_unit": "commitment_discount_unit",
    "status": "commitment_discount_status",
}
_SUMS = {"billed": "billed", "effective": "effective", "listed": "listed", "quantity": "commitment_quantity"}


@dataclass(frozen=True, slots=True)
class CommitmentUsage:
    """`rows` of all usage and of everything that names a commitment; `currency` is None where there are no costs."""

    currency: str | None
    rows: list[CommitmentUse]


async def commitment_usage(scope: Scope, question: CostQuestion) -> CommitmentUsage:
    """What was used and bought in the question's days, by its grain and filter; it groups by what is needed here.

    Raises Invalid when the days hold rows in several currencies and the question names none.
    """
    editions = await current_editions(scope, first=question.first, until=question.until, currency=question.currency)
    pipeline = commitment_pipeline(scope, question, [edition.id for edition in editions])
    rows = await CostUsageDay.rows().aggregate(pipeline, allowDiskUse=True)
    currency = currency_of({edition.currency for edition in editions})
    return CommitmentUsage(currency, [_use(raw) async for raw in rows])


def commitment_pipeline(scope: Scope, question: CostQuestion, editions: Sequence[ObjectId]) -> list[dict[str, Any]]:
    """One document per period and everything in `CommitmentUse` that is no amount."""
    match = {
        **CostUsageDay.within(scope),
        "day": {"$gte": midnight(question.first), "$lt": midnight(question.until)},
        "edition_id": {"$in": list(editions)},
        "charge_category": {"$in": ["Usage", "Purchase"]},
        # What is bought without a commitment is no part of any figure here.
        "$or": [{"charge_category": "Usage"}, {"commitment_discount_id": {"$exists": True}}],
        **cost_match(question.where),
    }
    period = {"$dateTrunc": {"date": "$day", "unit": question.grain.lower(), "startOfWeek": "monday"}}
    return [
        {"$match": match},
        {
            "$group": {
                "_id": {"period": period, **{name: f"${field}" for name, field in _KEY.items()}},
                **{name: {"$sum": f"${field}"} for name, field in _SUMS.items()},
                "unlisted": {"$sum": "$unlisted_count"},
            }
        },
        # As text, because the driver reads decimals slowly.
        {"$set": {name: {"$toString": f"${name}"} for name in _SUMS}},
    ]


def _use(raw: Mapping[str, Any]) -> CommitmentUse:
    key: dict[str, Any] = dict(raw["_id"])
    period: date = key.pop("period").date()
    amounts: dict[str, Any] = {name: Decimal(raw[name]) for name in _SUMS}
    return CommitmentUse(period=period, **key, **amounts, unlisted=raw["unlisted"])
