"""Chains made to order, signed with a signature that is plain to see."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from domain.audit.canonical import FIELDS, GENESIS, digest, entry_hash
from domain.audit.chain import ChainCheck, Verdict
from domain.audit.seal import gone_members, head_members, segment_digest, segment_members

ORG = "a" * 24
START = datetime(2026, 3, 1, tzinfo=UTC)
Raw = dict[str, Any]


def signature_of(members: Mapping[str, Any]) -> str:
    return "signed " + digest(members)


def is_signed(members: Mapping[str, Any], signature: str, key_id: str) -> bool:
    return key_id == "key" and signature == signature_of(members)


def entries(count: int) -> list[Raw]:
    made: list[Raw] = []
    for seq in range(1, count + 1):
        at = START + timedelta(seconds=seq)
        entry = {**dict.fromkeys(FIELDS), "org_id": ORG, "seq": seq, "at": at, "created_at": at, "changed": []}
        made.append(linked({**entry, "target": f"thing:{seq}"}, made[-1]["hash"] if made else GENESIS))
    return made


def linked(entry: Raw, prev_hash: str) -> Raw:
    """The entry with hashes that are right for it."""
    hash = entry_hash({**entry, "prev_hash": prev_hash})
    return {**entry, "prev_hash": prev_hash, "hash": hash, "_id": hash[:24]}


def relinked(chain: Sequence[Raw], prev_hash: str = GENESIS) -> list[Raw]:
    """The entries with all hashes made anew, as somebody would who rewrites a chain without having the key."""
    made: list[Raw] = []
    for entry in chain:
        made.append(linked(entry, made[-1]["hash"] if made else prev_hash))
    return made


def head(chain: Sequence[Raw]) -> Raw:
    last, hash = chain[-1]["seq"], chain[-1]["hash"]
    return {"last": last, "hash": hash, "key_id": "key", "signature": signature_of(head_members(ORG, last, hash))}


def segments(chain: Sequence[Raw], *lasts: int) -> list[Raw]:
    """Segments that end at these seqs."""
    made: list[Raw] = []
    for number, (first, last) in enumerate(zip((1, *(last + 1 for last in lasts)), lasts, strict=False), start=1):
        part = chain[first - 1 : last]
        segment = {
            "org_id": ORG,
            "number": number,
            "first_seq": first,
            "last_seq": last,
            "first_at": part[0]["at"],
            "last_at": part[-1]["at"],
            "prev_hash": part[0]["prev_hash"],
            "last_hash": part[-1]["hash"],
            "root": sha256(b"".join(bytes.fromhex(entry["hash"]) for entry in part)).hexdigest(),
            "previous": segment_digest(made[-1]) if made else None,
            "key_id": "key",
        }
        made.append({**segment, "signature": signature_of(segment_members(segment))})
    return made


def gone(segment: Raw) -> Raw:
    ended = {**segment, "gone_at": START + timedelta(days=90), "gone_key_id": "key"}
    return {**ended, "gone_signature": signature_of(gone_members(ended))}


def verdict(
    stored: Sequence[Raw], head: Raw | None, sealed: Sequence[Raw] = (), *, at_most: int | None = None, newest: int = 0
) -> Verdict:
    """What the check says of these stored entries, of which it is fed those that it asks for."""
    check = ChainCheck(ORG, head, sealed, is_signed, at_most=at_most)
    check.feed(entry for entry in stored if entry["seq"] >= check.first_seq)
    return check.finish(newest)
