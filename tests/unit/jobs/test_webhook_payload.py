"""What of an event partners are told, for each topic; what is not named is not told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

from domain.facts.channel import WebhookTopic
from domain.facts.event import LoggedEvent
from jobs.webhook_payload import BY_TOPIC, TOPICS, global_id, public_data, topic_of

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
ID = ObjectId("66b0f1c2d3e4f5a6b7c8d9e0")


def event(topic: str, type: str, payload: dict[str, Any]) -> LoggedEvent:
    return LoggedEvent("o", 1, f"tenant/o/{topic}", type, {"hidden": "x", **payload}, AT)


def test_every_topic_that_can_be_chosen_has_its_fields() -> None:
    assert BY_TOPIC.keys() == TOPICS == {topic.value for topic in WebhookTopic}
    assert topic_of(event("alerts", "AlertRaised", {})) == "alerts"


@pytest.mark.parametrize(
    ("topic", "type", "payload", "told"),
    [
        (
            "alerts",
            "AlertRaised",
            {"_id": ID, "title": "t", "account_id": ID, "raised_at": AT, "resolved_at": None},
            {
                "id": global_id("Alert", ID),
                "title": "t",
                "accountId": global_id("Account", ID),
                "raisedAt": "2026-11-26T12:00:00Z",
                "resolvedAt": None,
            },
        ),
        (
            "costs",
            "CostsUpdated",
            {
                "load_id": "x",
                "line_count": 2,
                "periods": [
                    {"provider": "AWS", "period_start": date(2026, 11, 1), "billed": Decimal("1.50"), "more": 1}
                ],
            },
            {"lineCount": 2, "periods": [{"provider": "AWS", "periodStart": "2026-11-01", "billed": "1.50"}]},
        ),
        ("syncs", "SyncProgressed", {"_id": ID, "done": 3, "lease": "x"}, {"id": global_id("Sync", ID), "done": 3}),
        (
            "syncs",
            "AccountChanged",
            {"account_id": str(ID), "state": "CONNECTED"},
            {"accountId": global_id("Account", ID), "state": "CONNECTED"},
        ),
        (
            "integrations",
            "IntegrationHealthChanged",
            {"_id": ID, "score": 70},
            {"id": global_id("IntegrationHealth", ID), "score": 70},
        ),
        ("incidents", "IncidentOpened", {"_id": ID, "title": "t"}, {"id": global_id("Incident", ID), "title": "t"}),
    ],
)
def test_what_is_named_is_told_as_json_and_nothing_else(
    topic: str, type: str, payload: dict[str, Any], told: dict[str, Any]
) -> None:
    assert public_data(event(topic, type, payload)) == told
