"""Our reviews of access as controls look at them, in the rows of `domain/compliance/own_records.py`."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from documents.access_review import AccessReview
from documents.access_review_item import AccessReviewItem
from domain.facts.access_review import AccessDecision, ReviewState
from domain.facts.compliance import Integration
from domain.facts.scope import Scope

Rows = list[dict[str, Any]]
# Twenty-five years of four a year.
MOST_CAMPAIGNS = 100
LATE_AFTER = timedelta(days=7)
_COUNTED = (ReviewState.OPEN, ReviewState.COMPLETED)


async def access_review_campaigns(scope: Scope, _: datetime) -> Rows:
    """Every review that is open or completed, with what became of its revocations."""
    query = {**AccessReview.within(scope), "state": {"$in": [state.value for state in _COUNTED]}}
    reviews = await AccessReview.rows().find(query).sort("opened_at", -1).limit(MOST_CAMPAIGNS).to_list()
    revoked = await _revocations(scope, [review["_id"] for review in reviews])
    return [_campaign(review, revoked.get(review["_id"], {})) for review in reviews]


async def _revocations(scope: Scope, review_ids: list[ObjectId]) -> dict[ObjectId, dict[str, Any]]:
    is_late = {"$gt": [{"$subtract": ["$confirmed_at", "$decided_at"]}, LATE_AFTER // timedelta(milliseconds=1)]}
    grouped = {
        "_id": "$review_id",
        "requested": {"$sum": 1},
        "confirmed": {"$sum": {"$cond": ["$confirmed_at", 1, 0]}},
        "late": {"$sum": {"$cond": [{"$and": ["$confirmed_at", is_late]}, 1, 0]}},
        "oldest": {"$min": {"$cond": ["$confirmed_at", None, "$decided_at"]}},
    }
    match = {
        **AccessReviewItem.within(scope),
        "review_id": {"$in": review_ids},
        "decision": AccessDecision.REVOKE.value,
    }
    found = await AccessReviewItem.rows().aggregate([{"$match": match}, {"$group": grouped}])
    return {raw["_id"]: raw async for raw in found}


def _campaign(review: Mapping[str, Any], revoked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "campaign": review["name"],
        "opened_at": review["opened_at"],
        "due_at": review["due_at"],
        "completed_at": review["closed_at"],
        "items_total": review["items_total"],
        "items_decided": review["items_decided"],
        "revocations_requested": revoked.get("requested", 0),
        "revocations_confirmed": revoked.get("confirmed", 0),
        "revocations_late": revoked.get("late", 0),
        "oldest_unconfirmed_at": revoked.get("oldest"),
    }


async def access_review_items(scope: Scope, _: datetime) -> Rows:
    """What the last completed review of each connected account has decided."""
    query = {**AccessReview.within(scope), "state": ReviewState.COMPLETED.value}
    reviews = await AccessReview.rows().find(query).sort("closed_at", -1).limit(MOST_CAMPAIGNS).to_list()
    seen: set[tuple[str, str]] = set()
    rows: Rows = []
    for review in reviews:
        found = await _items(scope, review, seen)
        seen |= {(one["integration"], one["account"]) for one in found}
        rows += found
    return rows


async def _items(scope: Scope, review: Mapping[str, Any], seen: Collection[tuple[str, str]]) -> Rows:
    """Those of accounts that no later review has listed."""
    fields = ("integration", "account", "thing", "person", "decision", "decided_at")
    query = {
        **AccessReviewItem.within(scope),
        "review_id": review["_id"],
        "$nor": [
            {"integration": Integration.PLATFORM.value},
            *({"integration": integration, "account": account} for integration, account in seen),
        ],
    }
    own = {"campaign": review["name"], "listed_at": review["listed_at"]}
    found = AccessReviewItem.rows().find(query, dict.fromkeys(fields, 1))
    return [{**own, **{name: raw[name] for name in fields}} async for raw in found]
