"""Verifies the chain of one organization as the database holds it, in batches, so that its length does not matter."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bson import ObjectId

from documents.audit import AuditEntry
from documents.audit_chain import AuditHead
from documents.audit_key import KeyRing
from documents.audit_segment import entry_batches, segments_of
from documents.organization import find_organizations
from domain.audit.chain import Break, ChainCheck, Verdict

BATCH = 1000
NO_CHAIN = Break(1, "the whole log is missing: every organization has one, since `cloudwatcher migrate` at the latest.")


async def verify_chain(
    org_id: ObjectId,
    keys: KeyRing,
    *,
    at_most: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """What became of the chain. `keys` are those whose signatures count. An organization without one is broken at 1.

    `at_most`: check no more than about this many entries one by one, the newest; signed segments vouch for the others.
    `on_progress` is told seqs: how far the check is, and how far it will go.
    """
    segments = await segments_of(org_id)
    verdict = await _verify(org_id, keys, segments, at_most, on_progress)
    if verdict.broken is not None and await segments_of(org_id) != segments:
        # A segment was sealed, or its time ran out, while the check was under way.
        verdict = await _verify(org_id, keys, await segments_of(org_id), at_most, on_progress)
    if verdict.is_intact and not verdict.last_seq and await find_organizations(str(org_id)):
        return replace(verdict, broken=NO_CHAIN)
    return verdict


async def hash_at(org_id: ObjectId, seq: int) -> str | None:
    """The hash of this entry, from the entry or from a segment that ends with it; None when neither is there."""
    entry = await AuditEntry.rows().find_one({"org_id": org_id, "seq": seq}, projection={"hash": 1})
    if entry is not None:
        return str(entry["hash"])
    ending = [segment for segment in await segments_of(org_id) if segment["last_seq"] == seq]
    return str(ending[0]["last_hash"]) if ending else None


async def _verify(
    org_id: ObjectId,
    keys: KeyRing,
    segments: list[dict[str, Any]],
    at_most: int | None,
    on_progress: Callable[[int, int], None] | None,
) -> Verdict:
    # In this order: what commits meanwhile makes the head newer than what was read before, never older.
    newest = await AuditEntry.rows().find_one({"org_id": org_id}, sort=[("seq", -1)], projection={"seq": 1})
    head = await AuditHead.get_pymongo_collection().find_one({"_id": org_id})
    check = await asyncio.to_thread(ChainCheck, org_id, head, segments, keys.is_signed, at_most=at_most)
    newest_seq = newest["seq"] if newest else 0
    async for batch in entry_batches(org_id, check.first_seq, check.last_seq or newest_seq, BATCH):
        await asyncio.to_thread(check.feed, batch)
        if check.is_broken:
            break
        if on_progress is not None:
            on_progress(batch[-1]["seq"], check.last_seq)
    return check.finish(newest_seq)
