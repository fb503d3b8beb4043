"""Opens and settles drift with the end of a sync, by the lines of history that came since the last look."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import DESCENDING, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.drift import Drift, DriftBaseline
from documents.drift_reason import Changed, Reasons, reasons_of
from documents.resource import Resource
from documents.resource_change import ChangeKind, ResourceChange
from documents.sync_run import WHOLE, SyncRun
from documents.transaction import Transaction
from domain.compliance.drift import Difference, Step, difference, is_meant
from domain.facts.governance import DriftKind, DriftState
from domain.resource_content import FieldChange

AT_ONCE = 500
Raw = Mapping[str, Any]
Write = InsertOne[dict[str, Any]] | UpdateOne
# kind, native id
Key = tuple[str, str]


@dataclass(slots=True)
class _Look:
    """One look at what syncs have seen in an account. `seen` is when a line told of each resource last."""

    account: Account
    baseline: DriftBaseline
    reasons: Reasons
    began: datetime
    session: AsyncClientSession
    seen: dict[Key, datetime] = field(default_factory=dict)


async def record_drift(tx: Transaction, account: Account, run: SyncRun, at: datetime) -> None:
    """What a sync that ends now says of drift; nothing without a baseline. A line of history is gone through once.

    A change came between the last whole sync, or the line before of the same resource, and now.
    """
    session = tx.session
    raw = await DriftBaseline.rows().find_one({"account_id": account.id}, session=session)
    if raw is None:
        return
    baseline = DriftBaseline.stored(raw)
    query = {"org_id": account.org_id, "account_id": account.id, "at": {"$gt": baseline.looked_at}}
    if await ResourceChange.rows().find_one(query, {"_id": 1}, session=session) is None:
        return
    began = await _looked_before(account, run, session) or baseline.since
    look = _Look(account, baseline, await reasons_of(account, began, at, session), began, session)
    async for lines in _batches(look):
        await _take(look, lines, at)
    await DriftBaseline.rows().update_one({"_id": baseline.id}, {"$set": {"looked_at": at}}, session=session)


async def _looked_before(account: Account, run: SyncRun, session: AsyncClientSession) -> datetime | None:
    """When the last whole sync before this one began."""
    query = {"org_id": account.org_id, "account_id": account.id, **WHOLE, "_id": {"$ne": run.id}}
    newest = [("created_at", DESCENDING), ("_id", DESCENDING)]
    raw = await SyncRun.rows().find_one(query, {"started_at": 1}, sort=newest, session=session)
    return None if raw is None else raw.get("started_at")


async def _batches(look: _Look) -> AsyncIterator[Sequence[Raw]]:
    """The lines since the last look, the oldest first, and before them those that say when a resource was seen."""
    first = min(look.began, look.baseline.looked_at)
    query = {"org_id": look.account.org_id, "account_id": look.account.id, "at": {"$gt": first}}
    cursor = ResourceChange.rows().find(query, session=look.session).sort([("at", 1), ("_id", 1)])
    while lines := await cursor.to_list(AT_ONCE):
        yield lines


async def _take(look: _Look, lines: Sequence[Raw], at: datetime) -> None:
    by_key: dict[Key, list[Raw]] = defaultdict(list)
    for line in lines:
        by_key[line["resource_kind"], line["native_id"]].append(line)
    resources = await _rows(look, Resource, "kind", by_key)
    drifts = await _rows(look, Drift, "resource_kind", by_key, is_open=True)
    writes = [
        write
        for key, resource in resources.items()
        if (write := _write(look, resource, drifts.get(key), list(_steps(look, key, by_key[key], resource)), at))
    ]
    if writes:
        await Drift.rows().bulk_write(writes, session=look.session)


def _steps(look: _Look, key: Key, lines: Sequence[Raw], resource: Raw) -> Iterator[tuple[datetime, Step]]:
    """What has happened to a resource since the last look, and when it was seen."""
    ids = frozenset((str(resource["_id"]), resource["native_id"]))
    one = Changed(str(look.account.id), ids, resource["tags"])
    for line in lines:
        since = max(look.began, look.seen.get(key, look.began))
        look.seen[key] = line["at"]
        if line["at"] > look.baseline.looked_at:
            kind, reason = line["kind"], look.reasons.of(one, resource["native_id"], since)
            was_there = kind not in (ChangeKind.ADDED, ChangeKind.BACK)
            yield line["at"], Step(was_there, kind != ChangeKind.GONE, _changes(line), reason)


def _changes(raw: Raw) -> list[FieldChange]:
    """Of a line of history, or of a drift."""
    values = zip(raw["fields"], raw["before"], raw["after"], strict=True)
    return [FieldChange(path, before, after) for path, before, after in values]


def _write(
    look: _Look, resource: Raw, drift: Raw | None, told: Sequence[tuple[datetime, Step]], at: datetime
) -> Write | None:
    """What the steps make of the drift of a resource; None for nothing."""
    if not told:
        return None
    new = [step for _, step in told]
    if drift is not None:
        before = Difference(DriftKind(drift["kind"]), _changes(drift))
        found = difference([before.as_step, *new])
        fields = _settled(new[-1], at) if found is None else _fields(found)
        return UpdateOne({"_id": drift["_id"]}, {"$set": {**fields, "changed_at": told[-1][0]}})
    changes = [change for step in new for change in step.changes]
    found = difference(new) if is_meant(look.baseline.tags, resource["tags"], changes) else None
    if found is None:
        return None
    opened_at = next(seen_at for seen_at, step in told if step.explained_by is None)
    return InsertOne(
        {
            "org_id": look.account.org_id,
            "account_id": look.account.id,
            "resource_id": resource["_id"],
            "resource_kind": resource["kind"],
            **{name: resource[name] for name in ("native_id", "name", "region")},
            **_fields(found),
            "opened_at": opened_at,
            "changed_at": told[-1][0],
            "state": DriftState.OPEN.value,
            "is_open": True,
            **dict.fromkeys(("explained_by", "settled_at", "settled_by")),
            "reason": "",
            "created_at": at,
        }
    )


def _fields(found: Difference) -> dict[str, Any]:
    return {
        "kind": found.kind.value,
        "fields": [change.path for change in found.changes],
        "before": [change.before for change in found.changes],
        "after": [change.after for change in found.changes],
    }


def _settled(last: Step, at: datetime) -> dict[str, Any]:
    state = {"state": DriftState.SETTLED.value, "is_open": None}
    return {**state, "settled_at": at, "explained_by": last.explained_by}


async def _rows(
    look: _Look, document: type[Resource | Drift], kind: str, keys: Collection[Key], **where: Any
) -> dict[Key, Raw]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for name, native_id in keys:
        by_kind[name].append(native_id)
    found: dict[Key, Raw] = {}
    for name, native_ids in by_kind.items():
        query = {"org_id": look.account.org_id, "account_id": look.account.id, kind: name, **where}
        rows = document.rows().find({**query, "native_id": {"$in": native_ids}}, {"config": 0}, session=look.session)
        found |= {(name, raw["native_id"]): raw async for raw in rows}
    return found
