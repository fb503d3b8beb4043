"""Verifies the evidence of one organization as it is stored: the chain, its checkpoints, its raw answers, its end."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from documents.audit_key import AuditKey, KeyRing
from documents.evidence import PackStore, pack_text
from documents.evidence_chain import EVIDENCE, evidence_head, newest_seq, record_batches
from documents.evidence_checkpoint import checkpoints_of, written
from documents.organization import evidence_retention
from domain.audit.canonical import GENESIS
from domain.audit.retention import kept_days
from domain.audit.seal import head_members
from domain.errors import Misshapen, NotFound, Unavailable
from domain.evidence.check import (
    DAMAGED,
    DELETED,
    FORGED,
    PACK_CHANGED,
    PACK_MISSING,
    Break,
    Check,
    checkpoint_digest,
    held_head,
)
from domain.evidence.record import record_line

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceVerdict:
    """`records` were checked one by one, from `first_seq` on; checkpoints vouch for those before.

    `packs` of raw answers were read and hashed, the newest first; `breaks` are the first of `broken`. `head` is
    seq:hash of the end, None before the first record. `unread` says why raw answers could not be looked at.
    """

    org_id: str
    first_seq: int
    records: int
    packs: int
    checkpoints: int
    stamped: int
    head: str | None
    broken: int
    breaks: list[Break]
    unread: str | None


def chain_check(org_id: ObjectId, keys: Iterable[AuditKey], last: Mapping[str, Any] | None) -> Check:
    """A check of what follows on a stored checkpoint, or of everything."""
    ring = KeyRing(key.public for key in keys)
    if last is None:
        return Check(str(org_id), ring.is_signed)
    check = Check(str(org_id), ring.is_signed, last["last_seq"] + 1, last["last_hash"])
    check.take_checkpoints([written(dict(last))])
    return check


async def unsealed_hashes(
    org_id: ObjectId, head: Mapping[str, Any], last: Mapping[str, Any] | None, keys: Iterable[AuditKey]
) -> tuple[list[str], Break | None]:
    """The hashes of what follows on the checkpoint `last` up to the head, and the first thing that is wrong with it."""
    keys = tuple(keys)
    check, hashes = chain_check(org_id, keys, last), list[str]()
    async for batch in record_batches(org_id, check.seq + 1, head["last"]):
        for row in batch:
            check.feed(record_line(row))
            hashes.append(str(row["hash"]))
    _check_head(check, org_id, head, KeyRing(key.public for key in keys), head["last"])
    return hashes, check.breaks[0] if check.breaks else None


async def verify_evidence(
    org_id: ObjectId,
    keys: KeyRing,
    *,
    now: datetime,
    held: str | None = None,
    store: PackStore | None = None,
    most_records: int | None = None,
    most_packs: int | None = None,
    on_progress: Told | None = None,
) -> EvidenceVerdict:
    """What became of the evidence. `keys` are those whose signatures count; `held` is a head that was sent out.

    `most_records` and `most_packs` bound how much is looked at one by one, the newest of it. Raises ValueError for a
    head that is none.
    """
    # In this order: what commits meanwhile makes the head newer than what was read before, never older.
    newest, checkpoints = await newest_seq(org_id), await checkpoints_of(org_id)
    head = await evidence_head(org_id)
    last = head["last"] if head and isinstance(head.get("last"), int) else newest
    first, prev_hash = _beginning(checkpoints, last, most_records)
    check = Check(str(org_id), keys.is_signed, first, prev_hash)
    check.held = held_head(held) if held else None
    await asyncio.to_thread(check.take_checkpoints, checkpoints)
    named: dict[str, datetime] = {}
    async for batch in record_batches(org_id, first, max(last, newest)):
        await asyncio.to_thread(_feed, check, batch, named)
        if on_progress is not None:
            on_progress(batch[-1]["seq"], last)
    _check_head(check, org_id, head, keys, newest)
    packs, unread = await _check_packs(check, org_id, named, now, store, most_packs)
    return EvidenceVerdict(
        org_id=str(org_id),
        first_seq=first,
        records=check.records,
        packs=packs,
        checkpoints=len(checkpoints),
        stamped=sum(_is_stamped(one, check) for one in checkpoints if one.get("stamp")),
        head=f"{last}:{head.get('hash')}" if head else None,
        broken=check.count,
        breaks=check.breaks,
        unread=unread,
    )


def _beginning(checkpoints: list[dict[str, Any]], last: int, most: int | None) -> tuple[int, str]:
    """(first seq to check one by one, the hash before it): after the oldest checkpoint that leaves no more."""
    if most is None or last <= most:
        return 1, GENESIS
    ends = [one for one in checkpoints if isinstance(one["last_seq"], int) and one["last_seq"] >= last - most]
    return (ends[0]["last_seq"] + 1, str(ends[0]["last_hash"])) if ends else (1, GENESIS)


def _feed(check: Check, batch: list[dict[str, Any]], named: dict[str, datetime]) -> None:
    for row in batch:
        check.feed(record_line(row))
        if isinstance(row.get("record"), dict) and isinstance(row.get("at"), datetime):
            named.update(dict.fromkeys(map(str, row["record"].get("evidence") or ()), row["at"]))


def _check_head(check: Check, org_id: ObjectId, head: Mapping[str, Any] | None, keys: KeyRing, newest: int) -> None:
    if head is None:
        if newest or check.records:
            check.found(DELETED, "head", "The record of where the chain ends is missing, and maybe records before it.")
        check.finish(check.seq, check.hash)
        return
    try:
        members = head_members(org_id, head["last"], head["hash"], EVIDENCE.form.head)
        if not keys.is_signed(members, head["signature"], head["key_id"]):
            check.found(FORGED, "head", "It does not bear a signature of a known key: records may be missing.")
        check.finish(head["last"], head["hash"])
    except (KeyError, TypeError):
        check.found(DAMAGED, "head", "It was changed.")


async def _check_packs(
    check: Check,
    org_id: ObjectId,
    named: Mapping[str, datetime],
    now: datetime,
    store: PackStore | None,
    most: int | None,
) -> tuple[int, str | None]:
    """(how many were read, why the others could not be). Those whose retention is over need not be there."""
    kept, read = timedelta(days=kept_days(*await evidence_retention(org_id))), 0
    for sha256 in sorted(named, key=lambda sha256: named[sha256], reverse=True)[:most]:
        place, record = f"pack {sha256}", f"Record {check.named.get(sha256)} rests on it"
        try:
            await pack_text(org_id, sha256, store)
            read += 1
        except NotFound:
            if named[sha256] + kept >= now:
                check.found(PACK_MISSING, place, f"{record}, and it is not there.")
        except Misshapen:
            check.found(PACK_CHANGED, place, f"{record}, and it is not as it was read.")
        except Unavailable as error:
            return read, error.message
    return read, None


def _is_stamped(checkpoint: Mapping[str, Any], check: Check) -> bool:
    """Whether its stamp is one of it; whose it is, a time authority's own tools say."""
    try:
        is_of_it = bytes.fromhex(checkpoint_digest(checkpoint)) in bytes.fromhex(checkpoint["stamp"])
    except (KeyError, TypeError, ValueError):
        is_of_it = False
    if not is_of_it:
        check.found("UNSTAMPED", f"checkpoint {checkpoint.get('number')}", "Its time stamp is of something else.")
    return is_of_it
