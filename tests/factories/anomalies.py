"""Anomalies of costs, one to hold and many to look through."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

import documents
from domain.facts.anomaly import AnomalyDirection, AnomalyKind, AnomalyState
from domain.facts.severity import Severity

START = datetime(2026, 1, 1, tzinfo=UTC)


def anomaly(org_id: ObjectId, number: int = 0, **changes: Any) -> documents.CostAnomaly:
    """The anomaly of a day."""
    day = START + timedelta(days=number % 300)
    return documents.CostAnomaly(
        **{
            "org_id": PydanticObjectId(org_id),
            "key": f"key {number}",
            "provider": "AWS",
            "billing_account_id": "secret-payer",
            "sub_account_id": f"account {number % 7}",
            "service_name": f"service {number % 11}",
            "currency": "USD",
            "direction": AnomalyDirection.UP,
            "kind": AnomalyKind.SPIKE,
            "severity": list(Severity)[number % 5],
            "state": list(AnomalyState)[number % 6],
            "first_on": day,
            "last_on": day,
            "actual": Decimal(300),
            "expected": Decimal(100),
            "impact": Decimal(200),
            "run_rate": Decimal(6000),
            "confidence": 0.95,
            "summary": "secret-anomaly",
            "cause": f"anomaly:key {number}",
            "seen_at": day,
            "created_at": START,
            **changes,
        }
    )


def anomaly_rows(org_id: ObjectId, count: int) -> list[dict[str, Any]]:
    """Many of one organization, as they are stored."""
    return [
        anomaly(org_id, number).model_dump(exclude={"id", "revision_id"}, mode="python") | {"org_id": org_id}
        for number in range(count)
    ]
