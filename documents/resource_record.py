"""Takes what a sync saw of resources into the store: unchanged ones cost no write, changed ones leave their history.

A batch costs one read, one more for those that differ, and one write each of resources and history. Done again after a
crash, it changes nothing more and counts the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReplaceOne, UpdateOne

from documents.account import Account
from documents.resource import Resource
from documents.resource_change import ChangeKind, line_of, tell
from documents.sync_run import SyncRun
from domain.facts.resource import Resource as ResourceFact
from domain.facts.resource import ResourceKind
from domain.resource_content import Prints, carried_over, changes_between, prints_of, without

# What moves by itself is refreshed this often where nothing else changes.
VOLATILE_EVERY = timedelta(hours=1)
UNCHANGED = "UNCHANGED"
_PRINTS = dict.fromkeys(
    ("kind", "native_id", "lasting", "whole", "unread", "is_gone", "written_at", "noted_in", "noted_as"), 1
)
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """One sync that records. `volatile` are dotted paths by kind. `at` is the time of the sync's attempt."""

    account: Account
    run: SyncRun
    at: datetime
    volatile: Mapping[ResourceKind, frozenset[str]]


@dataclass(slots=True)
class _Writes:
    resources: list[UpdateOne] = field(default_factory=list)
    history: list[ReplaceOne[dict[str, Any]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


async def record_resources(recording: Recording, facts: Sequence[ResourceFact], *, is_baseline: bool) -> Counter[str]:
    """Store a batch; returns how many were ADDED, CHANGED, BACK and UNCHANGED.

    `is_baseline`: the list is read for the first time, so what is on it is nothing that happened. Raises TypeError for
    a config that is not JSON, OverflowError or InvalidDocument for one that MongoDB cannot keep.
    """
    wanted = {(fact.kind, fact.native_id): fact for fact in facts}
    prints = {key: prints_of(fact, recording.volatile.get(fact.kind, ())) for key, fact in wanted.items()}
    known = await _known(recording.account, wanted)
    differing = {key for key, raw in known.items() if not _is_same(raw, prints[key], wanted[key], recording.at)}
    whole = await _whole(known[key]["_id"] for key in differing)
    writes = _Writes()
    for key, fact in wanted.items():
        if key not in known:
            _add(writes, recording, fact, prints[key], is_baseline=is_baseline)
        elif key in differing:
            _compare(writes, recording, whole[known[key]["_id"]], fact)
        else:
            writes.counts[_as_noted(known[key], recording.run)] += 1
    # History first: what dies in between is found different again, and tells the same line anew.
    await tell(writes.history)
    if writes.resources:
        await Resource.rows().bulk_write(writes.resources, ordered=False)
    return writes.counts


async def _known(account: Account, wanted: Iterable[tuple[ResourceKind, str]]) -> dict[tuple[ResourceKind, str], Raw]:
    by_kind: dict[ResourceKind, list[str]] = {}
    for kind, native_id in wanted:
        by_kind.setdefault(kind, []).append(native_id)
    found: dict[tuple[ResourceKind, str], Raw] = {}
    for kind, native_ids in by_kind.items():
        natural = {"kind": kind.value, "native_id": {"$in": native_ids}}
        query = {"org_id": account.org_id, "account_id": account.id, **natural}
        for raw in await Resource.rows().find(query, _PRINTS, batch_size=len(native_ids) + 1).to_list():
            found[kind, raw["native_id"]] = raw
    return found


async def _whole(ids: Iterable[ObjectId]) -> dict[ObjectId, Raw]:
    wanted = list(ids)
    if not wanted:
        return {}
    return {raw["_id"]: raw for raw in await Resource.rows().find({"_id": {"$in": wanted}}).to_list()}


def _is_same(raw: Raw, prints: Prints, fact: ResourceFact, at: datetime) -> bool:
    if raw.get("lasting") != prints.lasting or raw["is_gone"] or fact.unread or raw.get("unread"):
        return False
    return raw["whole"] == prints.whole or not _is_stale(raw, at)


def _is_stale(raw: Raw, at: datetime) -> bool:
    return raw.get("written_at") is None or bool(raw["written_at"] <= at - VOLATILE_EVERY)


def _as_noted(raw: Raw, run: SyncRun) -> str:
    """What an earlier attempt of the same sync has made of it; else it is unchanged."""
    return raw["noted_as"] if raw.get("noted_in") == run.id and raw.get("noted_as") else UNCHANGED


def _add(writes: _Writes, recording: Recording, fact: ResourceFact, prints: Prints, *, is_baseline: bool) -> None:
    account, at = recording.account, recording.at
    writes.counts[ChangeKind.ADDED.value] += 1
    id = ObjectId()
    first = {"_id": id, "first_seen_at": at, "created_at": at, "changed_at": None}
    fields = _fields(recording, fact, fact.config, prints, ChangeKind.ADDED)
    natural = {
        "org_id": account.org_id,
        "account_id": account.id,
        "kind": fact.kind.value,
        "native_id": fact.native_id,
    }
    writes.resources.append(UpdateOne(natural, {"$set": fields, "$setOnInsert": first}, upsert=True))
    if not is_baseline:
        writes.history.append(line_of(recording.run, {"_id": id, **natural, **fields}, ChangeKind.ADDED, at))


def _compare(writes: _Writes, recording: Recording, stored: Raw, fact: ResourceFact) -> None:
    volatile = recording.volatile.get(fact.kind, frozenset())
    config = carried_over(fact.config, stored["config"], fact.unread)
    kept = fact.model_copy(update={"config": config})
    prints = prints_of(kept, volatile)
    # What could not be read until now is learned, which is no change.
    ignored = volatile | {key for key in stored.get("unread") or () if key not in stored["config"]}
    changes = changes_between(_content(stored, ignored), _content(kept.model_dump(), ignored))
    kind = ChangeKind.BACK if stored["is_gone"] else ChangeKind.CHANGED if changes else None
    is_same = stored.get("lasting") == prints.lasting and sorted(fact.unread) == (stored.get("unread") or [])
    if kind is None and is_same and (stored["whole"] == prints.whole or not _is_stale(stored, recording.at)):
        writes.counts[_as_noted(stored, recording.run)] += 1
        return
    writes.counts[kind.value if kind else _as_noted(stored, recording.run)] += 1
    fields = _fields(recording, fact, config, prints, kind)
    if any(change.path.startswith("config.") for change in changes):
        fields["changed_at"] = recording.at
    writes.resources.append(UpdateOne({"_id": stored["_id"]}, {"$set": fields}))
    if kind:
        row = {**stored, "name": fact.name, "region": fact.region}
        writes.history.append(line_of(recording.run, row, kind, recording.at, changes))


def _content(raw: Raw, ignored: frozenset[str]) -> dict[str, Any]:
    named = {key: raw[key] for key in ("name", "region", "tags")}
    return {**named, "config": without(raw["config"], ignored)}


def _fields(
    recording: Recording, fact: ResourceFact, config: dict[str, Any], prints: Prints, kind: ChangeKind | None
) -> dict[str, Any]:
    noted = {"noted_in": recording.run.id, "noted_as": kind.value} if kind else {}
    return {
        "name": fact.name,
        "region": fact.region,
        "tags": fact.tags,
        "config": config,
        "made_at": fact.created_at,
        "unread": sorted(fact.unread),
        "is_gone": False,
        "gone_at": None,
        "lasting": prints.lasting,
        "whole": prints.whole,
        "written_at": recording.at,
        **noted,
    }
