"""Targets, rules, runs and months of allocation, one of each or many."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Decimal128, ObjectId

import documents
from documents.base import TenantDocument
from domain.allocation.rule import AllocationRule, Fixed
from domain.facts.allocation import AllocationKind
from tests.factories.tenant import Tenant

START = datetime(2026, 1, 1, tzinfo=UTC)
ROW = dict[str, Any]


async def make_allocation(tenant: Tenant) -> dict[str, TenantDocument]:
    """One of each kind, closed, so that no job changes them."""
    org_id: Any = tenant.organization.id
    target = documents.AllocationTarget(
        org_id=org_id, kind=AllocationKind.TEAM, name="secret-team", spelling="secretteam", owner="secret-owner"
    )
    await target.insert()
    rule = AllocationRule(name="secret-rule", take=Fixed(target_id=str(target.id)))
    rules = documents.AllocationRules(org_id=org_id, version=1, rules=[rule], saved_by="user:secret-actor")
    await rules.insert()
    run = documents.AllocationRun(
        org_id=org_id, month=START, state="CURRENT", rules_version=1, fingerprint="f", reason="secret-reason"
    )
    await run.insert()
    month = documents.AllocationMonth(
        org_id=org_id, month=START, run_id=run.id, closed_at=START, closed_by="user:secret-actor"
    )
    await month.insert()
    return {"AllocationTarget": target, "AllocationRuleSet": rules, "AllocationRun": run, "AllocationMonth": month}


def allocation_of(org_id: ObjectId, count: int) -> dict[type[TenantDocument], list[ROW]]:
    """`count` allocated costs and a tenth as many of everything else, by the document."""
    months = [START + timedelta(days=31 * number) for number in range(max(2, count // 10))]
    runs = [_run(org_id, month.replace(day=1)) for month in months]
    return {
        documents.AllocationTarget: [_target(org_id, number) for number in range(max(2, count // 10))],
        documents.AllocationRules: [
            {"org_id": org_id, "version": number + 1, "rules": [], "saved_by": "user:0", "created_at": START}
            for number in range(max(2, count // 10))
        ],
        documents.AllocationRun: runs,
        documents.AllocationMonth: [
            {
                "org_id": org_id,
                "month": month,
                "run_id": run["_id"],
                "edition_ids": [],
                "former_ids": [],
                "version": 1,
                "created_at": START,
            }
            for month, run in zip(months, runs, strict=True)
        ],
        documents.AllocatedCost: [_cost(org_id, runs[0], number) for number in range(count)],
    }


def _target(org_id: ObjectId, number: int) -> ROW:
    return {
        "org_id": org_id,
        "kind": "TEAM",
        "name": f"team {number}",
        "spelling": f"team{number}",
        "aliases": [],
        "version": 1,
        "created_at": START,
    }


def _run(org_id: ObjectId, month: datetime) -> ROW:
    return {
        "_id": ObjectId(),
        "org_id": org_id,
        "month": month,
        "state": "CURRENT",
        "rules_version": 1,
        "edition_ids": [],
        "fingerprint": "f",
        "totals": [],
        "created_at": START,
    }


def _cost(org_id: ObjectId, run: ROW, number: int) -> ROW:
    one = Decimal128("1")
    return {
        "org_id": org_id,
        "run_id": run["_id"],
        "day": START + timedelta(days=number % 31),
        "target_id": f"target {number % 9}",
        "taken_by": "DIRECT",
        "provider": "AWS",
        "billing_account_id": "payer",
        "service_name": f"service {number % 5}",
        "currency": "USD",
        **dict.fromkeys(("billed", "effective", "listed", "contracted"), one),
    }
