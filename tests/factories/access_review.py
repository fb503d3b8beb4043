"""Reviews of access: one with an item for holdings, and many for the crowd that queries are explained over."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from documents.base import TenantDocument, utc_now
from domain.facts.access_review import AccessDecision, ReviewState
from domain.facts.compliance import Integration
from tests.factories.tenant import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)
Rows = dict[type[documents.TenantDocument], Sequence[dict[str, Any]]]


async def make_review(tenant: Tenant) -> dict[str, TenantDocument]:
    """An open review with one access that is revoked."""
    org_id, now = tenant.organization.id, utc_now()
    review = documents.AccessReview(
        org_id=org_id,
        name="secret-review",
        reviewer_ids=[PydanticObjectId(tenant.user.id)],
        opened_by="user:secret-actor",
        opened_at=now,
        due_at=now + timedelta(days=30),
        state=ReviewState.OPEN,
        unread=["secret-unread"],
        items_total=1,
    )
    await review.insert()
    item = documents.AccessReviewItem(
        org_id=org_id,
        review_id=PydanticObjectId(review.id),
        position=0,
        integration=Integration.GITHUB,
        account="secret-account",
        account_name="secret-account",
        thing="secret-owner/secret-repository",
        person="secret-person",
        name="secret-name",
        email="secret-person@example.com",
        is_decided=True,
        decision=AccessDecision.REVOKE,
        note="secret-note",
    )
    await item.insert()
    return {"AccessReview": review, "AccessReviewItem": item}


def review_rows(org_id: ObjectId, count: int) -> Rows:
    """A review for every ten accesses; the first has them all."""
    reviews = [_review(org_id, number) for number in range(max(2, count // 10))]
    return {
        documents.AccessReview: reviews,
        documents.AccessReviewItem: [_item(reviews[0], number) for number in range(count)],
    }


def _review(org_id: ObjectId, number: int) -> dict[str, Any]:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "name": f"review {number}",
        "reviewer_ids": [],
        "opened_by": "user:0",
        "opened_at": START + timedelta(minutes=number),
        "due_at": START + timedelta(days=30),
        "state": "OPEN",
        "listed_at": START,
        "unread": [],
        "items_total": 0,
        "items_decided": 0,
        "closed_at": None,
        "closed_by": None,
        "version": 1,
        "created_at": START,
    }


def _item(review: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "org_id": review["org_id"],
        "review_id": review["_id"],
        "position": number,
        "integration": "GITHUB",
        "account": "acme",
        "account_name": "acme",
        "thing": "",
        "thing_name": "",
        "person": f"person {number}",
        "name": f"person {number}",
        "email": None,
        "rights": "",
        "is_decided": number % 4 > 0,
        "decision": [None, *AccessDecision][number % 4],
        "note": "",
        "decided_by": None,
        "decided_at": None,
        "confirmed_at": None,
        "confirmed_by": None,
        "created_at": START,
    }
