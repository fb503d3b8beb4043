"""What of an event partners are told, for each topic; what is not named is not told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bson import ObjectId

import documents
from documents.base import Document
from documents.cost_period import PeriodChange
from domain.costs.slice import CostSlice, SliceKey
from domain.facts.channel import WebhookTopic
from domain.facts.event import LoggedEvent
from jobs.cost_telling import told_costs
from jobs.webhook_payload import (
    ALERT,
    BY_TOPIC,
    COSTS,
    INCIDENT,
    INTEGRATION,
    NODES,
    PERIOD,
    SYNC,
    TOPICS,
    Told,
    global_id,
    public_data,
    topic_of,
)

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
ID = ObjectId("66b0f1c2d3e4f5a6b7c8d9e0")


def event(topic: str, type: str, payload: dict[str, Any]) -> LoggedEvent:
    return LoggedEvent("o", 1, f"tenant/o/{topic}", type, {"hidden": "x", **payload}, AT)


def test_every_topic_that_can_be_chosen_has_its_fields() -> None:
    assert BY_TOPIC.keys() == TOPICS == {topic.value for topic in WebhookTopic}
    assert topic_of(event("alerts", "AlertRaised", {})) == "alerts"


@pytest.mark.parametrize(
    ("told", "document"),
    [
        (ALERT, documents.Alert),
        (INCIDENT, documents.Incident),
        (SYNC, documents.SyncRun),
        (INTEGRATION, documents.IntegrationHealth),
    ],
)
def test_every_field_that_is_named_is_one_of_the_document(told: Told, document: type[Document]) -> None:
    assert set(told.fields) - document.model_fields.keys() == set()


def test_every_field_that_is_named_of_costs_is_told_by_an_import() -> None:
    period = CostSlice(SliceKey("s", "AWS", "1", AT), number=0, currency="USD", period_end=AT, file="f")
    made = told_costs(ID, [PeriodChange(period, old_lines=None, old_load_id=None, is_unchanged=False)])

    assert set(COSTS.fields) - made.keys() == set()
    assert set(PERIOD) == made["periods"][0].keys()


def test_what_leads_elsewhere_is_told_as_an_id_of_the_graph() -> None:
    fields = {name for told in BY_TOPIC.values() for name in told.fields}

    assert NODES.keys() == {name for name in fields if name.endswith("_id") and name != "resource_native_id"}


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
        (
            "incidents",
            "IncidentOpened",
            {
                "_id": ID,
                "account_ids": [ID],
                "links": [{"a": f"finding:{ID}", "b": f"alert:{ID}", "rule": "r", "reason": "w", "at": AT, "more": 1}],
                "merged_into_id": ID,
                "assignee_id": None,
                "decisions": [],
            },
            {
                "id": global_id("Incident", ID),
                "accountIds": [global_id("Account", ID)],
                "links": [
                    {
                        "a": global_id("Finding", ID),
                        "b": global_id("Alert", ID),
                        "rule": "r",
                        "reason": "w",
                        "at": "2026-11-26T12:00:00Z",
                    }
                ],
                "mergedIntoId": global_id("Incident", ID),
                "assigneeId": None,
            },
        ),
    ],
)
def test_what_is_named_is_told_as_json_and_nothing_else(
    topic: str, type: str, payload: dict[str, Any], told: dict[str, Any]
) -> None:
    assert public_data(event(topic, type, payload)) == told
