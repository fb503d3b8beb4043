"""The proof that goes with exported entries, so that they can be verified without the database and without us."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.audit.canonical import GENESIS, canonical, entry_hash, entry_members
from domain.audit.chain import Break, IsSigned, Verdict, Walk
from domain.audit.seal import EXPORT_FORM

ENTRIES, PROOF = "entries.jsonl", "proof.json"
# What is signed of an export; the rest of the proof is for people.
STATEMENT = (
    "form",
    "org_id",
    "at_from",
    "at_before",
    "exported_at",
    "first_seq",
    "last_seq",
    "prev_hash",
    "last_hash",
    "root",
    "files",
)


def entry_line(entry: Mapping[str, Any]) -> bytes:
    """A stored entry as a line of the file of entries: its hashed members and its hash, in canonical form."""
    return canonical({**entry_members(entry), "hash": entry["hash"]}) + b"\n"


def statement_of(proof: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a proof that its signature is under. Raises KeyError when one is missing."""
    return {name: proof[name] for name in STATEMENT}


class Slice:
    """Gathers what the proof says of a run of entries that follow on each other."""

    def __init__(self) -> None:
        self.first_seq = 0
        self.last_seq = 0
        self.prev_hash = GENESIS
        self.last_hash = GENESIS
        self._root = hashlib.sha256()

    def add(self, entry: Mapping[str, Any]) -> None:
        """Go on with this entry."""
        if not self.last_seq:
            self.first_seq, self.prev_hash = entry["seq"], entry["prev_hash"]
        self.last_seq, self.last_hash = entry["seq"], entry["hash"]
        self._root.update(bytes.fromhex(entry["hash"]))

    def members(self) -> dict[str, Any]:
        """The members of the proof that tell of the entries."""
        names = ("first_seq", "last_seq", "prev_hash", "last_hash")
        return {"form": EXPORT_FORM, "root": self._root.hexdigest(), **{name: getattr(self, name) for name in names}}


def check_bundle(
    proof: Mapping[str, Any], entries: Iterable[Mapping[str, Any]], digests: Mapping[str, str], is_signed: IsSigned
) -> Verdict:
    """Whether exported entries (as parsed from the lines) are those that the proof was signed over.

    `digests` are the SHA-256 of the files that were found, by name. Raises KeyError for a proof with parts missing.
    """
    statement, walked = statement_of(proof), 0
    walk, root = Walk(statement["first_seq"] - 1, statement["prev_hash"]), hashlib.sha256()
    broken = None
    if statement["form"] != EXPORT_FORM or not is_signed(statement, proof["signature"], proof["key_id"]):
        broken = Break(statement["first_seq"], "the proof does not bear a signature of a known key.")
    for entry in entries if broken is None else ():
        broken = _step(walk, entry, statement["org_id"])
        if broken is not None:
            break
        walked += 1
        root.update(bytes.fromhex(walk.hash))
    return Verdict(
        org_id=statement["org_id"],
        entries=walked,
        segments=0,
        first_seq=statement["first_seq"],
        last_seq=statement["last_seq"],
        head_hash=statement["last_hash"],
        broken=broken or _end(walk, root.hexdigest(), statement, digests),
    )


def _step(walk: Walk, line: Mapping[str, Any], org_id: str) -> Break | None:
    wanted = walk.seq + 1
    try:
        entry = {**line, "at": datetime.fromisoformat(line["at"])}
        entry_hash(entry)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Break(wanted, "the entry was changed.")
    return walk.step(entry) or (None if entry["org_id"] == org_id else Break(wanted, "the entry is of another chain."))


def _end(walk: Walk, root: str, statement: Mapping[str, Any], digests: Mapping[str, str]) -> Break | None:
    if walk.seq < statement["last_seq"]:
        return Break(walk.seq + 1, f"entries {walk.seq + 1} to {statement['last_seq']} are missing.")
    if (walk.seq, walk.hash, root) != (statement["last_seq"], statement["last_hash"], statement["root"]):
        return Break(statement["first_seq"], "the entries are not those that the proof was signed over.")
    for name, digest in statement["files"].items():
        if digests.get(name) != digest:
            return Break(statement["first_seq"], f"the file {name} is not the one that the proof was signed over.")
    return None
