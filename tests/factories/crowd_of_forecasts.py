"""Many forecasts and events known of costs to come, of many tenants, stored raw."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId

import documents

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def forecast_rows(org_id: ObjectId, count: int) -> dict[type[documents.TenantDocument], Sequence[ROW]]:
    """What forecasts of so many series leave behind, by the document."""
    edition_id = ObjectId()
    run = documents.ForecastRun(org_id=org_id, edition_id=edition_id, made_at=START, read_at=START, created_at=START)
    return {
        documents.ForecastRun: [run.model_dump(exclude={"id", "revision_id"}) | {"org_id": org_id}],
        documents.CostForecast: [_forecast(org_id, edition_id, number) for number in range(count)],
        documents.ForecastEvent: [_event(org_id, number) for number in range(max(2, count // 10))],
    }


def _forecast(org_id: ObjectId, edition_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "edition_id": edition_id,
        "level": "ACCOUNT_SERVICE",
        "currency": "USD",
        "sub_account_id": f"account {number % 10}",
        "service_name": f"service {number}",
        "target_id": None,
        "first": START,
        "ahead": [10_000] * 30,
        "unrest": {"offset": 1.0, "volatility": 0.1, "roughness": 0.1},
        "model": "MEDIAN",
        "days_known": 400,
        **dict.fromkeys(("month_spent", "year_spent"), Decimal128(Decimal(1))),
        "tests": 0,
        **dict.fromkeys(("mase", "month_error", "quarter_error")),
        "created_at": START,
    }


def _event(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "name": f"event {number}",
        "first": START + timedelta(days=number),
        **dict.fromkeys(("until", "sub_account_id", "service_name", "amount", "currency")),
        "factor": Decimal128(Decimal(2)),
        "version": 1,
        "created_at": START,
    }
