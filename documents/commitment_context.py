"""What is known beside bills for advice on commitments: open savings, recommendations of providers, terms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.account import CONNECTED_STATES, Account
from documents.commitment import KINDS, MOST_SYNCED, CommitmentTerm
from documents.commitment_bill import MOST_BILLS, BillDays, bills_of_late, commitment_bill, named_accounts
from documents.finding import Finding
from documents.resource import Resource
from domain.commitments.bill import RESOURCES, Bill, KnownTerm, ResourceSaving
from domain.commitments.coverable import POOLS
from domain.commitments.recommendation import Recommended
from domain.commitments.recommended import KINDS as RECOMMENDING
from domain.commitments.recommended import recommended
from domain.commitments.targets import google_target
from domain.commitments.terms import entered_term, known_term
from domain.costs.commitments import commitment_key
from domain.facts.finding import FindingCategory, FindingState
from domain.facts.resource_kind import ResourceKind
from domain.facts.scope import Scope

# The highest first; what is beyond saves too little to change the advice.
MOST_SAVINGS = 5_000
MOST_RECOMMENDED = 2_000
# What says of what size a resource is, and of a recommendation what it is about.
_SIZES = sorted({f"resource.config.{path[0]}" for _, path, _ in RESOURCES.values()})


@dataclass(frozen=True, slots=True)
class Evidence:
    """The bills with everything beside them, the largest first, and what is not among them."""

    bills: list[Bill]
    bills_left_out: int
    accounts: int


@dataclass(frozen=True, slots=True)
class _Cloud:
    """An account that is connected, as bills name it."""

    id: ObjectId
    provider: str
    native_id: str | None
    synced_at: datetime | None


async def commitment_evidence(scope: Scope, today: date, left_out_rules: Iterable[str]) -> Evidence:
    """The bills in a scope of one organization. `left_out_rules` save by commitments: their savings do not count."""
    late = await bills_of_late(scope, today)
    clouds = await _clouds(scope)
    savings, offered = await _savings(scope, sorted(left_out_rules), clouds), await _recommended(scope, clouds)
    terms = await _terms(scope)
    found = []
    for days in late[:MOST_BILLS]:
        own = await _own(scope, days, late, clouds)
        bill = await commitment_bill(scope, days)
        found.append(
            replace(
                bill,
                terms=terms,
                savings=[saving for account, saving in savings if account in own],
                recommended=[one for account, one in offered if account in own],
            )
        )
    return Evidence(found, len(late[MOST_BILLS:]), len(clouds))


async def _own(
    scope: Scope, bill: BillDays, bills: Sequence[BillDays], clouds: Mapping[ObjectId, _Cloud]
) -> set[ObjectId]:
    """The connected accounts that a bill is for: those it names, and where it is the only one of its cloud, all."""
    alike = [one for one in bills if one.provider is bill.provider]
    named = set() if len(alike) == 1 else await named_accounts(scope, bill)
    return {
        cloud.id
        for cloud in clouds.values()
        if cloud.provider == bill.provider.value and (len(alike) == 1 or cloud.native_id in named)
    }


async def _clouds(scope: Scope) -> dict[ObjectId, _Cloud]:
    names = sorted({pool.provider.value for pool in POOLS})
    fields = dict.fromkeys(("provider", "native_id", "last_synced_at"), 1)
    query = {**Account.within(scope), "provider": {"$in": names}, "state": {"$in": list(CONNECTED_STATES)}}
    rows = Account.rows().find(query, fields)
    return {
        raw["_id"]: _Cloud(raw["_id"], raw["provider"], raw.get("native_id"), raw.get("last_synced_at"))
        async for raw in rows
    }


async def _savings(
    scope: Scope, left_out: Sequence[str], clouds: Mapping[ObjectId, _Cloud]
) -> list[tuple[ObjectId, ResourceSaving]]:
    """Open savings that count, with the account they are in. What a recommendation of Google is about takes its place,
    so that a saving found by us and by Google on one machine is on one resource.
    """
    raws = [raw async for raw in await Finding.rows().aggregate(savings_pipeline(scope, left_out))]
    named = {raw["_id"]: name for raw in raws if (name := _target(raw, clouds)) is not None}
    query = {**Resource.within(scope), "native_id": {"$in": sorted(set(named.values()))}, "is_gone": False}
    fields = {"native_id": 1, "kind": 1, "region": 1, "config.machineType": 1, "config.settings.tier": 1}
    targets = {raw["native_id"]: raw async for raw in Resource.rows().find(query, fields)} if named else {}
    found = []
    for raw in raws:
        resource = targets.get(named.get(raw["_id"], ""), raw["resource"])
        saving = ResourceSaving(
            resource=str(resource["_id"]),
            kind=ResourceKind(resource["kind"]),
            region=resource.get("region"),
            config=resource.get("config", {}),
            monthly=Decimal(str(raw["saving_amount"])),
            currency=raw["saving_currency"],
        )
        found.append((raw["account_id"], saving))
    return found


def savings_pipeline(scope: Scope, left_out: Sequence[str]) -> list[dict[str, Any]]:
    """One document for each open saving that counts, the highest first, with what its resource is."""
    kinds = [kind.value for kind in (*RESOURCES, ResourceKind.GCP_RECOMMENDATION)]
    return [
        {
            "$match": {
                **Finding.within(scope),
                "state": FindingState.OPEN.value,
                "category": FindingCategory.FINOPS.value,
                "rule_id": {"$nin": list(left_out)},
                "is_outdone": {"$ne": True},
                "saving_amount": {"$gt": 0},
            }
        },
        {"$sort": {"saving_amount": -1, "_id": 1}},
        {"$limit": MOST_SAVINGS},
        {
            "$lookup": {
                "from": Resource.get_settings().name,
                "localField": "resource_id",
                "foreignField": "_id",
                "as": "resource",
                "pipeline": [{"$match": {"kind": {"$in": kinds}}}],
            }
        },
        {"$unwind": "$resource"},
        {
            "$project": dict.fromkeys(
                ("account_id", "saving_amount", "saving_currency", "resource._id", "resource.kind", "resource.region"),
                1,
            )
            | dict.fromkeys((*_SIZES, "resource.config.content"), 1)
        },
    ]


def _target(raw: Mapping[str, Any], clouds: Mapping[ObjectId, _Cloud]) -> str | None:
    cloud = clouds.get(raw["account_id"])
    if raw["resource"]["kind"] != ResourceKind.GCP_RECOMMENDATION.value or cloud is None:
        return None
    return google_target(raw["resource"].get("config", {}), cloud.native_id or "")


async def _recommended(scope: Scope, clouds: Mapping[ObjectId, _Cloud]) -> list[tuple[ObjectId, Recommended]]:
    """What providers recommend to commit to, with the account it was read in."""
    query = {**Resource.within(scope), "kind": {"$in": [kind.value for kind in RECOMMENDING]}, "is_gone": False}
    marks = {"$regex": "ce\\.(savings-plan|reservation)/|commitment|benefitRecommendations|reservationRecommendations"}
    query["native_id"] = marks | {"$options": "i"}
    # Offers are many, and say nothing here.
    fields = {"account_id": 1, "native_id": 1, "config": 1, "_id": 0}
    rows = Resource.rows().find(query, fields).limit(MOST_RECOMMENDED)
    found = []
    async for raw in rows:
        one, cloud = recommended(raw["native_id"], raw["config"]), clouds.get(raw["account_id"])
        if one is not None and cloud is not None:
            found.append((cloud.id, replace(one, read_at=cloud.synced_at)))
    return found


async def _terms(scope: Scope) -> dict[str, KnownTerm]:
    """What syncs and people know of commitments, by their key."""
    query = {**Resource.within(scope), "kind": {"$in": [kind.value for kind in KINDS]}}
    fields = {"kind": 1, "native_id": 1, "config": 1, "region": 1}
    found = {
        commitment_key(raw["native_id"]): known_term(ResourceKind(raw["kind"]), raw["config"], raw.get("region"))
        async for raw in Resource.rows().find(query, fields).limit(MOST_SYNCED)
    }
    for term in await CommitmentTerm.list_in(scope, {}, limit=MOST_SYNCED):
        key, starts_on = commitment_key(term.native_id), term.starts_on and term.starts_on.date()
        payment = term.payment and term.payment.value.replace("_", " ").title()
        found[key] = entered_term(found.get(key, KnownTerm()), starts_on, term.ends_on.date(), payment)
    return found
