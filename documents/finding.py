"""The state of one rule on one resource."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.alert import resolve_alerts
from documents.base import TenantDocument
from documents.transaction import Transaction
from domain.facts.finding import FindingCategory, FindingState
from domain.facts.resource import ResourceKind
from domain.facts.severity import Severity
from domain.finding_savings import ExpectedSaving, outdone
from domain.findings import FindingChanges, FindingKey, FiringFinding, KnownFinding, ResolvedFinding
from domain.findings_priority import priority_of

NOT_SUPPRESSED = dict.fromkeys(("suppressed_by", "suppressed_at", "suppressed_until", "suppression_reason"))
_WORST_FIRST = (("severity_rank", ASCENDING), ("opened_at", DESCENDING), ("_id", DESCENDING))
_SOONEST_FIRST = (("priority", DESCENDING), ("opened_at", DESCENDING), ("_id", DESCENDING))


# What findings are grouped and filtered by in `documents.finding_group`, and what is added up there.
GROUPED = (
    *("category", "severity_rank", "rule_id", "account_id", "region"),
    *("is_outdone", "saving_currency", "saving_amount"),
)


def _all(*fields: str) -> list[tuple[str, int]]:
    return [(field, ASCENDING) for field in fields]


class Finding(TenantDocument):
    """`saving_amount` is the expected saving a month in `saving_currency`; `severity_rank` sorts the worst first, and
    `priority`, of `domain.findings_priority`, what is worth mending soonest.

    `resolution` says why it was resolved where no sync has seen it mended. `suppressed_by` is who lives with it until
    `suppressed_until`, kind:id as in the audit log; these fields are None while it is not suppressed. `is_outdone`:
    another open finding about costs on the same resource saves more, so that this saving is not counted.
    """

    noun: ClassVar[str] = "finding"

    account_id: PydanticObjectId
    resource_id: PydanticObjectId
    resource_native_id: str
    region: str | None = None
    rule_id: str
    category: FindingCategory
    severity: Severity
    severity_rank: int
    title: str
    reason: str
    observed: dict[str, Any]
    saving_amount: Decimal | None = None
    saving_currency: str | None = None
    saving_formula: str | None = None
    state: FindingState = FindingState.OPEN
    opened_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None = None
    resolution: str | None = None
    suppressed_by: str | None = None
    suppressed_at: datetime | None = None
    suppressed_until: datetime | None = None
    suppression_reason: str | None = None
    is_outdone: bool = False
    priority: int = 0

    class Settings:
        name = "findings"
        indexes = [
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("account_id", ASCENDING),
                    ("rule_id", ASCENDING),
                    ("resource_native_id", ASCENDING),
                ],
                unique=True,
                name="natural",
            ),
            # What lists filter by and are not sorted by stands behind the order, so that no row is fetched in vain.
            IndexModel([("org_id", ASCENDING), *_WORST_FIRST, ("category", ASCENDING)], name="org_worst"),
            IndexModel(
                [("org_id", ASCENDING), ("state", ASCENDING), *_WORST_FIRST, ("category", ASCENDING)],
                name="org_state_worst",
            ),
            IndexModel(
                [("org_id", ASCENDING), ("rule_id", ASCENDING), *_WORST_FIRST, ("state", ASCENDING)],
                name="org_rule_worst",
            ),
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("account_id", ASCENDING),
                    *_WORST_FIRST,
                    ("state", ASCENDING),
                    ("category", ASCENDING),
                ],
                name="org_account_worst",
            ),
            IndexModel(
                [("org_id", ASCENDING), *_SOONEST_FIRST, *_all("state", "category", "severity_rank", "rule_id")],
                name="org_soonest",
            ),
            IndexModel(
                [*_all("org_id", "state"), *_SOONEST_FIRST, *_all("category", "severity_rank", "rule_id")],
                name="org_state_soonest",
            ),
            IndexModel(
                [*_all("org_id", "account_id"), *_SOONEST_FIRST, *_all("state", "category", "severity_rank")],
                name="org_account_soonest",
            ),
            IndexModel([*_all("org_id", "rule_id"), *_SOONEST_FIRST, *_all("state")], name="org_rule_soonest"),
            # Everything that groups are made of, so that no row is fetched for them.
            IndexModel(_all("org_id", "state", *GROUPED), name="org_state_groups"),
            IndexModel([("resource_id", ASCENDING)], name="resource"),
            IndexModel(
                [("suppressed_until", ASCENDING)],
                name="suppressed_until",
                partialFilterExpression={"state": FindingState.SUPPRESSED.value},
            ),
            IndexModel(
                [("org_id", ASCENDING), ("resource_native_id", ASCENDING), ("state", ASCENDING)], name="org_native"
            ),
        ]


async def known_findings(account: Account, session: AsyncClientSession | None = None) -> list[KnownFinding]:
    """Every stored finding of the account, as the life cycle needs it."""
    query = {"org_id": account.org_id, "account_id": account.id}
    fields = {"rule_id": 1, "resource_native_id": 1, "state": 1, "region": 1}
    rows = Finding.rows().find(query, projection=fields, session=session)
    return [
        KnownFinding(
            key=FindingKey(str(account.id), raw["rule_id"], raw["resource_native_id"]),
            state=FindingState(raw["state"]),
            region=raw["region"],
        )
        async for raw in rows
    ]


async def record_findings(
    account: Account,
    changes: FindingChanges,
    resource_ids: Mapping[tuple[ResourceKind, str], ObjectId],
    at: datetime,
    tx: Transaction,
) -> dict[FindingKey, ObjectId]:
    """Store what a sync changed; returns the row ids of all findings that fire now. Twice changes nothing more.

    The organization's tally changes by what is open in the account after it and was not before.
    """
    session, of_account = tx.session, {"org_id": account.org_id, "account_id": account.id}
    opened = {"state": FindingState.OPEN.value, "opened_at": at, **NOT_SUPPRESSED}
    firing = [
        *((finding, opened) for finding in (*changes.opened, *changes.reopened)),
        *((finding, {}) for finding in changes.refreshed),
    ]
    writes = [_seen(account, finding, state, resource_ids, at) for finding, state in firing]
    writes += [_resolved(account, ended, at) for ended in changes.resolved]
    async with counting(tx, account.org_id, of_account):
        if writes:
            await Finding.rows().bulk_write(writes, ordered=False, session=session)
    rows = Finding.rows().find(
        {**of_account, "last_seen_at": at}, projection={"rule_id": 1, "resource_native_id": 1}, session=session
    )
    return {FindingKey(str(account.id), raw["rule_id"], raw["resource_native_id"]): raw["_id"] async for raw in rows}


async def resolve_finding(tx: Transaction, org_id: PydanticObjectId, finding: ObjectId, at: datetime) -> None:
    """Close a finding whose fault was seen to be gone, with its alert; one that is closed already is left alone.

    The caller announces something in the organization, whose tally changes.
    """
    live = {"$in": [FindingState.OPEN.value, FindingState.SUPPRESSED.value]}
    where = {"_id": finding, "org_id": org_id, "state": live}
    raw = await Finding.rows().find_one(where, session=tx.session)
    if raw is None:
        return
    async with counting(tx, org_id, {"org_id": org_id, "resource_id": raw["resource_id"]}):
        await Finding.rows().update_one(where, {"$set": resolved(None, at)}, session=tx.session)
    fingerprint = f"finding:{raw['account_id']}:{raw['rule_id']}:{raw['resource_native_id']}"
    await resolve_alerts(tx, org_id, [fingerprint], at)


@asynccontextmanager
async def counting(tx: Transaction, org_id: PydanticObjectId, where: Mapping[str, Any]) -> AsyncIterator[None]:
    """Within, findings among these change; afterwards it is chosen anew whose savings count, and the tally follows.

    `where` holds all findings of each resource that it holds one of.
    """
    before = await open_findings(where, tx.session)
    yield
    await _choose_savings(where, tx.session)
    tx.count(org_id, await open_findings(where, tx.session))
    tx.count(org_id, {place: -amount for place, amount in before.items()})


async def _choose_savings(where: Mapping[str, Any], session: AsyncClientSession) -> None:
    wanted = {
        **where,
        "state": FindingState.OPEN.value,
        "category": FindingCategory.FINOPS.value,
        "saving_amount": {"$ne": None},
    }
    fields = dict.fromkeys(("resource_id", "saving_amount", "saving_currency", "is_outdone"), 1)
    raws = await Finding.rows().find(wanted, projection=fields, session=session).to_list()
    beaten = outdone(
        ExpectedSaving(raw["_id"], raw["resource_id"], raw["saving_amount"], raw["saving_currency"]) for raw in raws
    )
    for is_outdone in (True, False):
        ids = [
            raw["_id"]
            for raw in raws
            if (raw["_id"] in beaten) is is_outdone and raw.get("is_outdone", False) is not is_outdone
        ]
        if ids:
            change = {"$set": {"is_outdone": is_outdone}}
            await Finding.rows().update_many({"_id": {"$in": ids}}, change, session=session)


async def open_findings(where: Mapping[str, Any], session: AsyncClientSession) -> dict[str, int | Decimal]:
    """What the open findings among these add to a tally: how many by severity, and the savings by currency.

    Of several savings on one resource the highest counts.
    """
    is_for_cost = {"$and": [{"$eq": ["$category", FindingCategory.FINOPS.value]}, {"$ne": ["$is_outdone", True]}]}
    pipeline: list[dict[str, Any]] = [
        {"$match": {**where, "state": FindingState.OPEN.value}},
        {
            "$group": {
                "_id": ["$severity", {"$cond": [is_for_cost, {"$ifNull": ["$saving_currency", None]}, None]}],
                "count": {"$sum": 1},
                "saving": {"$sum": "$saving_amount"},
            }
        },
    ]
    found: dict[str, int | Decimal] = {}
    async for raw in await Finding.rows().aggregate(pipeline, session=session):
        severity, currency = raw["_id"]
        found[f"open_findings.{severity}"] = found.get(f"open_findings.{severity}", 0) + raw["count"]
        if currency is not None:
            found[f"saving.{currency}"] = found.get(f"saving.{currency}", 0) + raw["saving"]
    return found


def _seen(
    account: Account,
    finding: FiringFinding,
    state: dict[str, Any],
    resource_ids: Mapping[tuple[ResourceKind, str], ObjectId],
    at: datetime,
) -> UpdateOne:
    rule, resource, observation = finding.judgement.rule, finding.judgement.resource, finding.judgement.observation
    if observation is None:
        raise ValueError(f"{rule.id} fires without an observation")
    saving = observation.estimated_monthly_saving
    fields = {
        "resource_id": resource_ids[resource.kind, resource.native_id],
        "region": resource.region,
        "category": rule.category.value,
        "severity": rule.severity.value,
        "severity_rank": rule.severity.rank,
        "priority": priority_of(rule, saving.amount if saving else None),
        "title": rule.title,
        "reason": observation.reason,
        "observed": observation.observed,
        "saving_amount": saving.amount if saving else None,
        "saving_currency": saving.currency if saving else None,
        "saving_formula": observation.saving_formula,
        "last_seen_at": at,
        "resolved_at": None,
        "resolution": None,
        **state,
    }
    return UpdateOne(_natural(account, finding.key), {"$set": fields, "$setOnInsert": {"created_at": at}}, upsert=True)


def _resolved(account: Account, ended: ResolvedFinding, at: datetime) -> UpdateOne:
    return UpdateOne(_natural(account, ended.key), {"$set": resolved(ended.says, at)}, upsert=False)


def resolved(resolution: str | None, at: datetime) -> dict[str, Any]:
    """The fields of a finding that is over; `resolution` says why, None where it was seen to be mended."""
    return {"state": FindingState.RESOLVED.value, "resolved_at": at, "resolution": resolution, **NOT_SUPPRESSED}


def _natural(account: Account, key: FindingKey) -> dict[str, Any]:
    return {
        "org_id": account.org_id,
        "account_id": account.id,
        "rule_id": key.rule_id,
        "resource_native_id": key.native_id,
    }
