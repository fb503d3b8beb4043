"""Many rows of many tenants, stored raw: what queries meet in an installation that has grown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import Document
from bson import Decimal128, ObjectId

import documents
from documents.cost_line import CostLine
from domain.facts.severity import Severity
from tests.factories.access_review import review_rows
from tests.factories.allocation import allocation_of
from tests.factories.anomalies import anomaly_rows
from tests.factories.compliance import milestone_rows
from tests.factories.crowd_channels import channels_of
from tests.factories.crowd_costs import cost_rows, more_periods
from tests.factories.crowd_of_audit import audit_entry_row, audit_export_row
from tests.factories.crowd_of_checks import check_rows
from tests.factories.crowd_of_costs import cost_export_row, statement_row
from tests.factories.crowd_of_evidence import audit_pack_row, evidence_checkpoint_row, evidence_record_row
from tests.factories.crowd_of_forecasts import forecast_rows
from tests.factories.crowd_of_governance import governance_rows
from tests.factories.crowd_of_people import invitation_row, member_row, person_row, role_row, visit_row
from tests.factories.crowd_of_routing import routing_rows
from tests.factories.crowd_tickets import tickets_of
from tests.factories.directory_crowd import directory_group_row, directory_user_row
from tests.factories.event_crowd import cost_source_row, endpoint_row, received_row
from tests.factories.incident_crowd import alert_entry, incident_rows
from tests.factories.registers import register_rows
from tests.factories.remediations import remediation_rows

START = datetime(2026, 1, 1, tzinfo=UTC)
SEVERITIES = list(Severity)
STATES = ("OPEN", "ACKNOWLEDGED", "RESOLVED")
ROW = dict[str, Any]


async def make_crowd(org_id: ObjectId, count: int) -> ObjectId:
    """`count` alerts, findings, resources, syncs and billed rows of one tenant, and a tenth as many members.

    Returns the id of an account.
    """
    (account_id,) = await make_crowds([org_id], count)
    return account_id


async def make_crowds(org_ids: Sequence[ObjectId], count: int) -> list[ObjectId]:
    """The same for each of these tenants, stored together. Returns an account of each."""
    stored: dict[type[Document], list[ROW]] = {}
    for org_id in org_ids:
        for document, rows in crowd_of(org_id, count).items():
            stored.setdefault(document, []).extend(rows)
    for document, rows in stored.items():
        await document.get_pymongo_collection().insert_many(rows, ordered=False)
    counters = documents.EventCounter.get_pymongo_collection()
    await counters.delete_many({"_id": {"$in": list(org_ids)}})
    await counters.insert_many([{"_id": org_id, "epoch": "e", "first": 1, "last": count} for org_id in org_ids])
    accounts = stored[documents.Account]
    return [ObjectId(str(accounts[at]["_id"])) for at in range(1, len(accounts), len(accounts) // len(org_ids))]


def crowd_of(org_id: ObjectId, count: int) -> dict[type[Document], Sequence[ROW]]:
    """The rows by document."""
    accounts = [_account(org_id, number) for number in range(max(2, count // 100))]
    resources = [_resource(accounts[number % len(accounts)], number) for number in range(count)]
    findings = [_finding(resource, number) for number, resource in enumerate(resources)]
    alerts = [{"_id": ObjectId(), **_alert(finding, number)} for number, finding in enumerate(findings)]
    machines = [_machine(org_id, number) for number in range(max(2, count // 100))]
    edition_id = ObjectId()
    budgets = [{"_id": ObjectId(), **_budget(org_id, number)} for number in range(max(2, count // 10))]
    people = [person_row(org_id, number) for number in range(max(2, count // 10))]
    endpoints = [endpoint_row(account, number) for number, account in enumerate(accounts)]
    runs = [{"_id": ObjectId(), **_sync(accounts[number % len(accounts)], number)} for number in range(count)]
    return {
        documents.User: people,
        documents.Account: accounts,
        documents.Resource: resources,
        documents.Finding: findings,
        documents.Alert: alerts,
        documents.AlertEntry: [alert_entry(alerts[number // 30 * 30], number) for number in range(count)],
        **incident_rows(org_id, alerts),
        documents.IntegrationHealth: [_health(account, number) for number, account in enumerate(accounts)],
        documents.SyncRun: runs,
        documents.SyncRead: [_read(runs[number // 60 * 60], number) for number in range(count)],
        documents.ResourceChange: [
            _change(resources[number // 10 * 10 + 1], runs[0], number) for number in range(count)
        ],
        documents.IntakeEndpoint: endpoints,
        documents.CostSource: [cost_source_row(account, number) for number, account in enumerate(accounts)],
        documents.ReceivedEvent: [received_row(endpoints[number % len(endpoints)], number) for number in range(count)],
        documents.CostAnomaly: anomaly_rows(org_id, count),
        documents.Milestone: milestone_rows(org_id, count),
        **review_rows(org_id, count),
        **register_rows(org_id, count),
        documents.BusinessMetric: [_metric(org_id, number) for number in range(max(2, count // 10))],
        documents.CommitmentTerm: [_term(org_id, number) for number in range(max(2, count // 10))],
        documents.Budget: budgets,
        documents.BudgetRecord: [_budget_record(budgets[number % 2], number) for number in range(count)],
        **channels_of(org_id, count),
        **check_rows(org_id, accounts, count),
        **routing_rows(org_id, alerts),
        **governance_rows(org_id, accounts, count),
        **remediation_rows(org_id, findings),
        **forecast_rows(org_id, count),
        documents.IdentityProvider: [_provider(org_id, number) for number in range(max(2, count // 100))],
        documents.VerifiedDomain: [_domain(org_id, number) for number in range(max(2, count // 100))],
        documents.ServiceAccount: machines,
        documents.ApiKey: [_key(machines[number % len(machines)], number) for number in range(count)],
        documents.GroupRole: [_group_role(org_id, number) for number in range(max(2, count // 100))],
        documents.ScimUser: [directory_user_row(org_id, number) for number in range(count)],
        documents.ScimGroup: [directory_group_row(org_id, number) for number in range(max(2, count // 10))],
        documents.CostPeriod: [_period(org_id, edition_id), *more_periods(org_id, count)],
        **cost_rows(org_id, count),
        CostLine: list(_lines(org_id, edition_id, count)),
        documents.CostDay: list(_days(org_id, edition_id, count)),
        documents.Membership: [member_row(org_id, person, number) for number, person in enumerate(people)],
        **tickets_of(org_id, accounts, count),
        **allocation_of(org_id, count),
        documents.CustomRole: [role_row(org_id, number) for number in range(max(2, count // 100))],
        documents.Invitation: [invitation_row(org_id, person, number) for number, person in enumerate(people)],
        documents.ProviderVisit: [visit_row(org_id, person, number) for number, person in enumerate(people)],
        documents.Event: [_event(org_id, number) for number in range(count)],
        documents.AuditEntry: [audit_entry_row(org_id, number) for number in range(count)],
        documents.Statement: [statement_row(org_id, number) for number in range(count)],
        documents.CostExport: [cost_export_row(org_id, number) for number in range(count)],
        documents.AuditPack: [audit_pack_row(org_id, number) for number in range(count)],
        documents.EvidenceCheckpoint: [evidence_checkpoint_row(org_id, number) for number in range(count)],
        documents.EvidenceRecord: [evidence_record_row(org_id, number) for number in range(count)],
        documents.AuditExport: [audit_export_row(org_id, number) for number in range(count)],
    }


def _account(org_id: ObjectId, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "provider": "AWS",
        "native_id": f"{number:012}-{org_id}",
        "name": f"account {number}",
        "state": "CONNECTED",
        "regions": [],
        "sync_every": 3600.0,
        "next_sync_at": START + timedelta(days=3650, seconds=number),
        "created_at": START,
    }


def _provider(org_id: ObjectId, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "name": f"provider {number}",
        "issuer": f"https://provider-{number}.example.com",
        "client_id": "client",
        "creates_members": False,
        "default_role": "USER",
        "role_mappings": [],
        "is_enforced": False,
        "version": 1,
        "created_at": START,
    }


def _domain(org_id: ObjectId, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "name": f"domain-{number}-{org_id}.example.com",
        "token": f"{number:032}",
        "verified_at": START if number % 2 else None,
        "created_at": START,
    }


def _resource(account: ROW, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "kind": "AWS_S3_BUCKET" if number % 2 else "AWS_EC2_INSTANCE",
        "native_id": f"native {number}",
        "name": f"name {number % 97}",
        "region": "us-east-1",
        "tags": {},
        "config": {},
        "first_seen_at": START,
        "is_gone": number % 10 == 0,
        "created_at": START,
    }


def _finding(resource: ROW, number: int) -> ROW:
    severity = SEVERITIES[number % len(SEVERITIES)]
    return {
        "_id": ObjectId(),
        "org_id": resource["org_id"],
        "account_id": resource["account_id"],
        "resource_id": resource["_id"],
        "resource_native_id": resource["native_id"],
        "region": "us-east-1" if number % 3 else None,
        "rule_id": f"rule-{number % 50}",
        "category": "FINOPS" if number % 2 else "SECOPS",
        "severity": severity.value,
        "severity_rank": severity.rank,
        "priority": number % 60,
        "title": "title",
        "reason": "reason",
        "observed": {},
        "state": "RESOLVED" if number // 7 % 3 else "OPEN",
        # Many at the same moment, as one sync opens them.
        "opened_at": START + timedelta(minutes=number // 50),
        "last_seen_at": START + timedelta(seconds=number),
        "created_at": START,
    }


def _alert(finding: ROW, number: int) -> ROW:
    return {
        "org_id": finding["org_id"],
        "fingerprint": f"finding:{number}",
        "source": ("FINDING", "BUDGET", "SYNC")[number % 3],
        "severity": finding["severity"],
        "title": "title",
        "message": "message",
        "state": STATES[number % 7 % 3],
        "account_id": finding["account_id"],
        "finding_id": finding["_id"],
        # In fives at the same moment, and no two tenants at the same one.
        "raised_at": START + timedelta(seconds=number // 5, milliseconds=int(str(finding["org_id"]), 16) % 1000),
        "category": ("SECOPS", "FINOPS", "OPERATIONS")[number % 3],
        "assignee_id": finding["account_id"] if number % 5 == 0 else None,
        "occurrences": 1,
        "times_raised": 1,
        "version": 1,
        "created_at": START,
    }


def _sync(account: ROW, number: int) -> ROW:
    return {
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "state": "SUCCEEDED",
        "step": "Done",
        "done": 1,
        "total": 1,
        "resources": 1,
        "findings_opened": 0,
        "findings_resolved": 0,
        "gaps": [],
        # Of late, or they would expire.
        "created_at": datetime.now(UTC) - timedelta(seconds=number),
    }


def _health(account: ROW, number: int) -> ROW:
    return {
        "org_id": account["org_id"],
        "account_id": account["_id"],
        "state": "HEALTHY",
        "score": number % 101,
        "rank": number % 101,
        "services": [],
        "breakers": [],
        "problems": [],
        "tallies": [],
        "gaps": [],
        "at": START,
        "created_at": START,
    }


def _read(run: ROW, number: int) -> ROW:
    return {
        "org_id": run["org_id"],
        "account_id": run["account_id"],
        "sync_id": run["_id"],
        "operation": f"list {number}",
        "region": None,
        "state": "COMPLETE",
        "gaps": [],
        "pages": 1,
        "items": 1,
        "added": 0,
        "changed": 0,
        "unchanged": 1,
        "evidence": [],
        "started_at": START,
        "ended_at": START,
        "created_at": run["created_at"],
    }


def _change(resource: ROW, run: ROW, number: int) -> ROW:
    return {
        "org_id": resource["org_id"],
        "account_id": resource["account_id"],
        "resource_id": resource["_id"],
        "sync_id": run["_id"],
        "kind": "CHANGED",
        "resource_kind": resource["kind"],
        "native_id": resource["native_id"],
        "name": resource["name"],
        "region": None,
        "at": run["created_at"] - timedelta(seconds=number // 5),
        "fields": ["name"],
        "before": ["a"],
        "after": ["b"],
        "created_at": run["created_at"],
    }


KINDLESS: ROW = {
    "where": {"dimensions": [], "tags": []},
    "period": "MONTHLY",
    "metric": "BILLED",
    "basis": "FIXED",
    "forecast_thresholds": [],
    "roll_over_cap": 0,
    **dict.fromkeys(("change_percent", "carried"), Decimal128("0")),
}


def _budget_record(budget: ROW, number: int) -> ROW:
    first_at = START - timedelta(days=number)
    return {
        "org_id": budget["org_id"],
        "budget_id": budget["_id"],
        "name": f"{first_at:%Y-%m-%d}",
        "first_at": first_at,
        "until_at": first_at + timedelta(days=1),
        **dict.fromkeys(("amount", "carried", "spent"), Decimal128("1")),
        "currency": "USD",
        "alerts": [],
        "checked_at": START,
        "created_at": START,
    }


def _budget(org_id: ObjectId, number: int) -> ROW:
    amount = Decimal128("100")
    return {
        "org_id": org_id,
        "name": f"budget {number}",
        "amount": amount,
        "currency": "USD",
        "thresholds": [100],
        "services": [],
        "account_native_ids": [],
        "spent": amount,
        **KINDLESS,
        "version": 1,
        "created_at": START,
    }


def _metric(org_id: ObjectId, number: int) -> ROW:
    row = {"org_id": org_id, "name": f"metric {number}", "unit": "order", "description": "", "gathering": "SUM"}
    return {**row, "version": 1, "created_at": START}


def _term(org_id: ObjectId, number: int) -> ROW:
    row = {"org_id": org_id, "native_id": f"sp-{number}", "ends_on": START + timedelta(days=number // 3), "note": ""}
    return {**row, "version": 1, "created_at": START}


def _period(org_id: ObjectId, edition_id: ObjectId) -> ROW:
    return {
        "org_id": org_id,
        "source": "",
        "provider": "AWS",
        "billing_account_id": "payer",
        "period_start": START,
        "period_end": START + timedelta(days=31),
        "currency": "USD",
        "billed": Decimal128("1"),
        "line_count": 1,
        "fingerprint": "f",
        "first_on": START,
        "last_on": START + timedelta(days=30),
        "edition_id": edition_id,
        "load_id": ObjectId(),
        "loaded_at": START,
        "retired": [],
        "created_at": START,
    }


def _lines(org_id: ObjectId, edition_id: ObjectId, count: int) -> Iterator[ROW]:
    for number in range(count):
        begins = START + timedelta(hours=number * 37 % 700)
        yield {
            "org_id": org_id,
            "edition_id": edition_id,
            "file": 0,
            "row": number + 1,
            "provider": "AWS",
            "billed_cost": Decimal128("1"),
            "effective_cost": Decimal128("1"),
            "billing_account_id": "payer",
            "billing_currency": "USD",
            "billing_period_start": START,
            "billing_period_end": START + timedelta(days=31),
            "charge_category": "Usage",
            "charge_period_start": begins,
            "charge_period_end": begins + timedelta(hours=1),
            "service_name": f"service {number % 5}",
            "sub_account_id": f"account {number % 4}",
            "resource_id": f"resource {number % 20}",
            "created_at": START,
        }


def _days(org_id: ObjectId, edition_id: ObjectId, count: int) -> Iterator[ROW]:
    one = Decimal128("1")
    for number in range(count):
        yield {
            "org_id": org_id,
            "edition_id": edition_id,
            "day": START + timedelta(days=number % 31),
            "provider": "AWS",
            "billing_account_id": "payer",
            "service_name": f"service {number % 5}",
            "charge_category": "Usage",
            "currency": "USD",
            "billed": one,
            "effective": one,
            "listed": one,
            "contracted": one,
            "line_count": 1,
        }


def _event(org_id: ObjectId, number: int) -> ROW:
    at = START + timedelta(seconds=number)
    return {
        "org_id": org_id,
        "seq": number + 1,
        "topic": "t",
        "type": "Nothing",
        "payload": {},
        "at": at,
        "created_at": at,
    }


def _machine(org_id: ObjectId, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "name": f"machine {number}",
        "permissions": ["alerts:read"],
        "disabled_at": None,
        "created_by": "user:0",
        "created_at": START,
    }


def _key(machine: ROW, number: int) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": machine["org_id"],
        "service_account_id": machine["_id"],
        "name": f"key {number}",
        "prefix": f"{number:08}",
        "sha256": f"{machine['_id']}-{number}",
        "scopes": None,
        "revoked_at": None,
        "created_by": "user:0",
        "created_at": START + timedelta(seconds=number),
        "expires_at": START + timedelta(days=90),
    }


def _group_role(org_id: ObjectId, number: int) -> ROW:
    name = f"group {number}"
    return {"_id": ObjectId(), "org_id": org_id, "group": name, "group_key": name, "role": "USER", "created_at": START}
