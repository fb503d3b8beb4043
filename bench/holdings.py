"""What the store holds when it is measured: tenants with a member, accounts, resources, findings and many alerts."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.collection import AsyncCollection

import documents
from app.wiring import Backend, migrate
from bench.people import enter_clients, token_for
from documents import OrganizationKind, Role
from documents.organization import open_organization
from documents.transaction import Transaction
from domain.facts.severity import Severity
from domain.findings_priority import BY_HAND, priority

BATCH = 5000
FIRST_RAISED = datetime(2026, 1, 1, tzinfo=UTC)
SEVERITIES = tuple(Severity)
KINDS = ("AWS_EC2_INSTANCE", "AWS_S3_BUCKET", "AWS_EBS_VOLUME", "AWS_SECURITY_GROUP")
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization, an administrator's access token, and how many accounts and findings it has."""

    org_id: ObjectId
    token: str
    user_id: ObjectId


@dataclass(frozen=True, slots=True)
class Things:
    """Ids of what alerts point to; the finding of a number belongs to the account of that number, modulo."""

    accounts: Sequence[ObjectId]
    findings: Sequence[ObjectId]


async def make_tenant(
    backend: Backend, name: str, *, kind: OrganizationKind = OrganizationKind.COMPANY, msp: Tenant | None = None
) -> Tenant:
    """A fresh organization and its one member."""

    async def change(tx: Transaction) -> documents.Organization:
        msp_id = None if msp is None else PydanticObjectId(msp.org_id)
        return await open_organization(name, kind, msp_id=msp_id, session=tx.session)

    organization = await backend.writer.commit(change)
    assert organization.id is not None
    mark = secrets.token_hex(6)
    user = documents.User(email=f"bench-{mark}@example.com", name=f"Bench {mark}", password_hash="v1$nobody")
    await user.insert()
    assert user.id is not None
    role = Role.MSP_ADMIN if kind is OrganizationKind.MSP else Role.ADMIN
    await documents.Membership(user_id=user.id, org_id=organization.id, role=role).insert()
    if role is Role.MSP_ADMIN:
        await enter_clients(ObjectId(user.id), ObjectId(organization.id))
    return Tenant(ObjectId(organization.id), await token_for(backend, ObjectId(user.id)), ObjectId(user.id))


async def add_things(org_id: ObjectId, *, accounts: int, findings: int) -> Things:
    """Accounts, and findings each on a resource of its own."""
    account_ids = [ObjectId() for _ in range(accounts)]
    finding_ids, resource_ids = [[ObjectId() for _ in range(findings)] for _ in range(2)]
    account_of = [account_ids[number % accounts] for number in range(findings)]
    await _insert(documents.Account.rows(), [_account(org_id, id, n) for n, id in enumerate(account_ids)])
    numbered = list(enumerate(zip(account_of, resource_ids, finding_ids, strict=True)))
    await _insert(documents.Resource.rows(), [_resource(org_id, a, r, n) for n, (a, r, _) in numbered])
    await _insert(documents.Finding.rows(), [_finding(org_id, a, r, f, n) for n, (a, r, f) in numbered])
    return Things(account_ids, finding_ids)


async def add_alerts(org_id: ObjectId, things: Things, count: int) -> None:
    """So many open alerts, a minute apart, the newest last."""
    collection = documents.Alert.rows()
    for start in range(0, count, BATCH):
        await _insert(collection, list(alert_rows(org_id, things, range(start, min(count, start + BATCH)))))


async def settle(backend: Backend) -> None:
    """What was put in beside the product's own ways is not in its tallies yet: have everything counted anew."""
    await backend.database["event_counters"].update_many({}, {"$set": {"is_tallied": False}})
    await migrate(backend)


def alert_rows(org_id: ObjectId, things: Things, numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers:
        at = FIRST_RAISED + timedelta(minutes=number % 400_000, milliseconds=number // 400_000)
        yield {
            "org_id": org_id,
            "fingerprint": f"bench-{number}",
            "source": "FINDING",
            "severity": SEVERITIES[number % len(SEVERITIES)].value,
            "title": f"Security group {number} lets the whole internet in on a port of administration",
            "message": f"Rule {number % 97} of the group admits 0.0.0.0/0 to port 22. Name the networks that need it.",
            "state": "OPEN",
            "account_id": things.accounts[number % len(things.accounts)],
            "finding_id": things.findings[number % len(things.findings)],
            "budget_id": None,
            "raised_at": at,
            "acknowledged_at": None,
            "resolved_at": None,
            "times_raised": 1 + number % 3,
            "version": 1,
            "created_at": at,
        }


async def _insert(collection: AsyncCollection[dict[str, Any]], rows: Rows) -> None:
    if rows:
        await collection.insert_many(rows, ordered=False)


def _account(org_id: ObjectId, id: ObjectId, number: int) -> dict[str, Any]:
    return {
        "_id": id,
        "org_id": org_id,
        "provider": "AWS",
        "native_id": f"{number:012}",
        "name": f"production-{number}",
        "state": "CONNECTED",
        "role_arn": None,
        "endpoint_url": None,
        "regions": list(REGIONS),
        "credentials": None,
        "sync_every": 3600.0,
        "last_synced_at": FIRST_RAISED,
        "problem": None,
        "created_at": FIRST_RAISED,
    }


def _resource(org_id: ObjectId, account_id: ObjectId, id: ObjectId, number: int) -> dict[str, Any]:
    return {
        "_id": id,
        "org_id": org_id,
        "account_id": account_id,
        "kind": KINDS[number % len(KINDS)],
        "native_id": f"i-{number:017x}",
        "name": f"web-{number}",
        "region": REGIONS[number % len(REGIONS)],
        "tags": {"team": f"team-{number % 7}", "stage": "production"},
        "config": {"State": {"Name": "running"}, "InstanceType": "m7g.large", "Monitoring": {"State": "disabled"}},
        "first_seen_at": FIRST_RAISED,
        "last_seen_at": FIRST_RAISED,
        "changed_at": None,
        "is_gone": False,
        "created_at": FIRST_RAISED,
    }


def _finding(
    org_id: ObjectId, account_id: ObjectId, resource_id: ObjectId, id: ObjectId, number: int
) -> dict[str, Any]:
    severity = SEVERITIES[number % len(SEVERITIES)]
    return {
        "_id": id,
        "org_id": org_id,
        "account_id": account_id,
        "resource_id": resource_id,
        "resource_native_id": f"i-{number:017x}",
        "region": REGIONS[number % len(REGIONS)],
        "rule_id": "aws-ec2-security_group_open",
        "category": "SECOPS",
        "severity": severity.value,
        "severity_rank": severity.rank,
        "priority": priority(severity, None, BY_HAND),
        "title": f"Port of administration is open to the internet: web-{number}",
        "reason": f"Rule {number % 97} admits 0.0.0.0/0 to port 22.",
        "observed": {"port": 22, "source": "0.0.0.0/0"},
        "saving_amount": None,
        "saving_currency": None,
        "saving_formula": None,
        "state": "OPEN",
        "opened_at": FIRST_RAISED,
        "last_seen_at": FIRST_RAISED,
        "resolved_at": None,
        "created_at": FIRST_RAISED,
    }
