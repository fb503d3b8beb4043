"""Tickets, their rules and scheduled summaries of a crowd, stored raw."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId

import documents

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


def tickets_of(org_id: ObjectId, accounts: list[ROW], count: int) -> dict[type[documents.TenantDocument], list[ROW]]:
    """The rows by their document."""
    few = range(max(2, count // 100))
    return {
        documents.TicketRule: [ticket_rule(accounts[0], number) for number in few],
        documents.JiraTask: [ticket(accounts[number % len(accounts)], number) for number in range(count)],
        documents.StatusReport: [report(org_id, number) for number in few],
    }


def ticket_rule(account: ROW, number: int) -> ROW:
    return {
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "name": f"rule {number}",
        "project": "OPS",
        "issue_type": "Task",
        "match": {},
        "labels": [],
        "priorities": {},
        "fields": {},
        "is_paused": False,
        "version": 1,
    }


def ticket(account: ROW, number: int) -> ROW:
    # Each of the first is of an alert that is named by the account, so that a filter finds it.
    return {
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "subject": f"alert:{number}",
        "alert_id": account["_id"],
        "state": ("WAITING", "OPEN", "DONE")[number % 3],
        "issue_id": str(number),
        "issue_key": f"OPS-{number}",
        "comments": [],
        "is_over": False,
        "version": 1,
        "created_at": START + timedelta(seconds=number // 5),
    }


def report(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "name": f"report {number}",
        "channel_id": ObjectId(),
        "kinds": ["COSTS"],
        "every": "DAY",
        "weekday": "MONDAY",
        "at": "08:00",
        "zone": "UTC",
        "is_paused": False,
        "next_at": START + timedelta(days=3650, seconds=number),
        "version": 1,
    }
