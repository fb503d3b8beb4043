"""What remediations have saved: which ones bills must tell of, what they told, and sums of it in groups."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_period import midnight
from documents.remediation import Remediation, announce_remediation, move
from documents.transaction import Transaction
from domain.facts.money import Money
from domain.facts.remediation import SAVES, RealisedState, RemediationState
from domain.facts.scope import Scope
from domain.remediation.realised import Change, Realised
from domain.remediation.saving_groups import SavingCount, SavingGrouping

_STATES = {"$in": sorted(state.value for state in SAVES)}
_FIELDS = dict.fromkeys(
    (
        *("account_id", "finding_id", "resource_id", "resource_native_id", "state", "started_at", "ended_at"),
        *("plan.saving", "realised_amount", "realised_currency", "realised_state", "realised_confidence"),
    ),
    1,
)


@dataclass(frozen=True, slots=True)
class Saver:
    """A remediation that has changed its resource, as far as its saving needs it."""

    id: ObjectId
    account_id: ObjectId
    resource_id: ObjectId
    native_id: str
    state: RemediationState
    change: Change
    told: Realised | None


async def changed_resources(scope: Scope, since: datetime) -> list[ObjectId]:
    """Ids of the resources that remediations have changed, or were taken back from, since then."""
    ids: set[ObjectId] = set()
    for field in ("started_at", "ended_at"):
        query = {**Remediation.within(scope), "state": _STATES, field: {"$gte": since}}
        ids.update([raw["resource_id"] async for raw in Remediation.rows().find(query, {"resource_id": 1})])
    return sorted(ids)


async def savers_of(scope: Scope, resource_ids: Collection[ObjectId]) -> list[Saver]:
    """Every remediation that has changed one of these resources."""
    query = {**Remediation.within(scope), "resource_id": {"$in": list(resource_ids)}, "state": _STATES}
    raws = await Remediation.rows().find(query, _FIELDS).to_list()
    return [_saver(raw) for raw in raws if raw.get("started_at") is not None]


def _saver(raw: Mapping[str, Any]) -> Saver:
    saving, state = (raw.get("plan") or {}).get("saving"), RemediationState(raw["state"])
    began, told = raw["started_at"], raw.get("realised_state")
    change = Change(
        id=str(raw["_id"]),
        first_on=began.date(),
        # A rollback that was refused leaves none; most are done within minutes.
        last_on=max(began, raw.get("ended_at") or began).date(),
        estimate=saving and Money(amount=Decimal(saving["amount"]), currency=saving["currency"]),
        is_rolled_back=state is RemediationState.ROLLED_BACK,
    )
    numbers = (raw.get(f"realised_{name}") for name in ("amount", "currency", "confidence"))
    return Saver(
        id=raw["_id"],
        account_id=raw["account_id"],
        resource_id=raw["resource_id"],
        native_id=raw["resource_native_id"],
        state=state,
        change=change,
        told=None if told is None else Realised(RealisedState(told), *numbers),
    )


async def note_saving(tx: Transaction, saver: Saver, told: Realised, at: datetime) -> bool:
    """Store what bills tell now; False where it is in another state by now."""
    fields = {f"realised_{name}": value for name, value in asdict(told).items()}
    return await _note(tx, saver.id, saver.state, {**fields, "realised_at": at})


async def note_regressions(
    tx: Transaction, org_id: ObjectId, finding_ids: Collection[ObjectId], read_from: datetime, at: datetime
) -> None:
    """Note of remediations that are DONE that their findings were opened again, once each.

    A reading that began (`read_from`) before a remediation was over says nothing of what it has done.
    """
    query = {
        "org_id": org_id,
        "finding_id": {"$in": list(finding_ids)},
        "state": RemediationState.DONE.value,
        "regressed_at": None,
        "ended_at": {"$lte": read_from},
    }
    rows = Remediation.rows().find(query, {"_id": 1}, session=tx.session)
    for raw in await rows.to_list():
        await _note(tx, raw["_id"], RemediationState.DONE, {"regressed_at": at}, {"regressed_at": None})


async def _note(
    tx: Transaction,
    id: ObjectId,
    state: RemediationState,
    fields: Mapping[str, Any],
    where: Mapping[str, Any] | None = None,
) -> bool:
    moved = await move(id, tx.session, among=frozenset({state}), where=where, **fields)
    if moved is not None:
        announce_remediation(tx, moved)
    return moved is not None


async def count_savings(scope: Scope, first: date, until: date, by: SavingGrouping) -> list[SavingCount]:
    """The remediations in scope whose change began from `first` up to before `until` (UTC), by what they are grouped
    by.
    """
    rows = await Remediation.rows().aggregate(savings_pipeline(scope, first, until, by), hint="org_state_started")
    return [_count(raw) async for raw in rows]


def savings_pipeline(scope: Scope, first: date, until: date, by: SavingGrouping) -> list[dict[str, Any]]:
    """One document per group, state and currencies."""
    began = {"$gte": midnight(first), "$lt": midnight(until)}
    key = {
        "key": _KEYS[by],
        "is_rolled_back": {"$eq": ["$state", RemediationState.ROLLED_BACK.value]},
        "state": {"$ifNull": ["$realised_state", None]},
        "is_regressed": {"$gt": ["$regressed_at", None]},
        "estimated_in": {"$ifNull": ["$plan.saving.currency", None]},
        "realised_in": {"$ifNull": ["$realised_currency", None]},
    }
    return [
        {"$match": {**Remediation.within(scope), "state": _STATES, "started_at": began}},
        {
            "$group": {
                "_id": key,
                "count": {"$sum": 1},
                "estimate": {"$sum": {"$toDecimal": "$plan.saving.amount"}},
                "realised": {"$sum": "$realised_amount"},
            }
        },
    ]


# The tag's name is written in any case; of several the first counts.
_TEAM_TAGS = {
    "$filter": {
        "input": {"$objectToArray": {"$ifNull": ["$plan.observed.tags", {}]}},
        "cond": {"$eq": [{"$toLower": "$$this.k"}, "team"]},
    }
}
_KEYS: dict[SavingGrouping, Any] = {
    SavingGrouping.RULE: "$rule_id",
    SavingGrouping.ACCOUNT: "$account_id",
    SavingGrouping.MONTH: {"$dateToString": {"date": "$started_at", "format": "%Y-%m"}},
    SavingGrouping.TEAM: {"$ifNull": [{"$first": {"$map": {"input": _TEAM_TAGS, "in": "$$this.v"}}}, None]},
}


def _count(raw: Mapping[str, Any]) -> SavingCount:
    of = raw["_id"]
    state, key = of["state"], of.get("key")
    return SavingCount(
        key=None if key is None else str(key),
        count=raw["count"],
        state=None if state is None else RealisedState(state),
        is_rolled_back=of["is_rolled_back"],
        is_regressed=of["is_regressed"],
        estimate=_money(raw["estimate"], of["estimated_in"]),
        realised=_money(raw["realised"], of["realised_in"]),
    )


def _money(amount: Any, currency: str | None) -> Money | None:
    return None if currency is None else Money(amount=Decimal(amount), currency=currency)
