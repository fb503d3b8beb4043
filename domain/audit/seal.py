"""What is signed of a chain, so that nobody without a key can cut it shorter or write it anew. Signing is elsewhere.

`form` in every object names the kind of statement, so that a signature under one is none under another.
"""

from collections.abc import Mapping
from typing import Any

from domain.audit.canonical import AUDIT_LINK, digest, instant

SEGMENT_FORM = "cloudwatcher-audit-segment-1"
GONE_FORM = "cloudwatcher-audit-segment-gone-1"
EXPORT_FORM = "cloudwatcher-audit-export-1"


def head_members(org_id: object, seq: int, hash: str, form: str = AUDIT_LINK.head) -> dict[str, Any]:
    """What is signed of the end of a chain: whose chain, how many entries it has ever had, the hash of the last."""
    return {"form": form, "org_id": str(org_id), "seq": seq, "hash": hash}


def segment_members(segment: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed of a sealed segment, the entries `first_seq` to `last_seq` of a chain.

    `number` counts from 1; `prev_hash` is the hash before the first entry, `last_hash` that of the last one, `root` the
    SHA-256 over the hashes (32 bytes each) of all its entries in order; `previous` the digest of the members of the
    segment before, None for the first; `first_at` and `last_at` the times of the first and the last entry.
    """
    names = ("number", "first_seq", "last_seq", "prev_hash", "last_hash", "root", "previous")
    return {
        "form": SEGMENT_FORM,
        "org_id": str(segment["org_id"]),
        "first_at": instant(segment["first_at"]),
        "last_at": instant(segment["last_at"]),
        **{name: segment[name] for name in names},
    }


def segment_digest(segment: Mapping[str, Any]) -> str:
    """What the next segment holds as `previous`."""
    return digest(segment_members(segment))


def gone_members(segment: Mapping[str, Any]) -> dict[str, Any]:
    """What is signed when the retention of a segment is over and its entries are deleted at `gone_at`."""
    return {"form": GONE_FORM, "segment": segment_digest(segment), "gone_at": instant(segment["gone_at"])}
