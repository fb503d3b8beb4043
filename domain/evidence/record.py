"""How records of evidence are written down, and what is signed of checkpoints. Checking them is elsewhere."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.audit.canonical import GENESIS, LinkForm, canonical, instant
from domain.errors import Invalid
from domain.evidence.check import CHECKPOINT_FORM, RECORD_FORM, Tree, checkpoint_digest, tree_of

EVIDENCE_LINK = LinkForm(RECORD_FORM, ("org_id", "seq", "at", "record", "prev_hash"), "cloudwatcher-evidence-head-1")
# What a stored record has besides the hashed fields.
BESIDES = frozenset({"_id", "created_at", "hash"})
# MongoDB keeps integers of 64 bits, and a row of 16 MB.
LONGEST_RECORD = 1 << 20
LARGEST = 1 << 63


def plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as it is stored and hashed: of JSON types only, instants as text. Raises Invalid for what is too long
    or cannot be kept as it is.
    """
    text = canonical(record)
    if len(text) > LONGEST_RECORD:
        raise Invalid(f"A record of evidence has {len(text)} bytes; {LONGEST_RECORD} are kept.")
    plain: dict[str, Any] = json.loads(text, parse_int=_kept)
    return plain


def _kept(digits: str) -> int:
    number = int(digits)
    if not -LARGEST <= number < LARGEST:
        raise Invalid("A record of evidence holds a number of more than 64 bits.")
    return number


def record_line(row: Mapping[str, Any]) -> bytes:
    """A stored record as a line, without its end; empty for one that was stored with other fields than it has."""
    if row.keys() - BESIDES != set(EVIDENCE_LINK.fields) or not _is_aligned(row):
        return b""
    return b'{"hash":"' + str(row["hash"]).encode() + b'","entry":' + canonical(EVIDENCE_LINK.members(row)) + b"}"


def _is_aligned(row: Mapping[str, Any]) -> bool:
    is_named = str(row.get("_id")) == str(row.get("hash"))[:24]
    return is_named and isinstance(row["at"], datetime) and row.get("created_at") == row["at"]


def checkpoint_of(
    org_id: object, last: Mapping[str, Any] | None, hashes: Iterable[str], at: datetime
) -> dict[str, Any] | None:
    """The checkpoint after `last` over the hashes of the records that follow on it; None when there are none.

    What is signed are the members named in `domain.evidence.check.CHECKPOINT_FIELDS`; `peaks` lets the next one go on.
    """
    window, whole = Tree(), tree_of(last) if last else Tree()
    first, hash = whole.size + 1, GENESIS
    for hash in hashes:
        leaf = bytes.fromhex(hash)
        window.add(leaf)
        whole.add(leaf)
    if not window.size:
        return None
    return {
        "form": CHECKPOINT_FORM,
        "org_id": str(org_id),
        "number": last["number"] + 1 if last else 1,
        "first_seq": first,
        "last_seq": whole.size,
        "last_hash": hash,
        "window_root": window.root(),
        "root": whole.root(),
        "previous": checkpoint_digest(last) if last else None,
        "at": instant(at),
        "peaks": [peak.hex() for peak in whole.peaks],
    }
