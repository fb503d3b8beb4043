"""Whether a chain of evidence is as it was written, and every place where it is not. Part of what lies in every pack.

CloudWatcher checks its own database with this code, so that no second one has to say the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from domain.evidence.ed25519 import NOT_READABLE, IsSigned, canonical, sha256

CHECKPOINT_FORM = "cloudwatcher-evidence-checkpoint-1"
RECORD_FORM = "cloudwatcher-evidence-record-1"
RECORD_FIELDS = {"form", "org_id", "seq", "at", "record", "prev_hash"}
CHECKPOINT_FIELDS = (
    "form", "org_id", "number", "first_seq", "last_seq", "last_hash", "window_root", "root", "previous", "at",
)  # fmt: skip
GENESIS = "0" * 64
LONGEST_LINE, MOST_BREAKS = 16 << 20, 1000
# Of a line {"hash":"...","entry":{...}}: where the hash ends and the hashed text begins.
LINE_START, LINE_MIDDLE, TEXT_AT = b'{"hash":"', b'","entry":', 83

EDITED, DELETED, INSERTED, REORDERED, TRUNCATED = "EDITED", "DELETED", "INSERTED", "REORDERED", "TRUNCATED"
FOREIGN, FORGED, REPLACED, DAMAGED = "FOREIGN", "FORGED", "REPLACED", "DAMAGED"
PACK_MISSING, PACK_CHANGED, UNSTAMPED = "PACK_MISSING", "PACK_CHANGED", "UNSTAMPED"


class Break(NamedTuple):
    """`place` is what is not as it was written, such as "record 4"; `kind` is one of the words above."""

    kind: str
    place: str
    problem: str


class Tree:
    """A Merkle tree as in RFC 6962, 2.1, that grows to the right: kept are the roots of its full subtrees (`peaks`)."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size, self.peaks = size, list(peaks)

    def add(self, leaf: bytes) -> None:
        """Go on with this leaf."""
        node, size = hashlib.sha256(b"\0" + leaf).digest(), self.size
        while size & 1:
            node, size = hashlib.sha256(b"\1" + self.peaks.pop() + node).digest(), size >> 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> str:
        """In hex."""
        if not self.peaks:
            return sha256(b"")
        node = self.peaks[-1]
        for left in reversed(self.peaks[:-1]):
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node.hex()


def checkpoint_members(checkpoint: Any) -> dict[str, Any]:
    """What is signed of a checkpoint. Raises KeyError when something is missing."""
    return {name: checkpoint[name] for name in CHECKPOINT_FIELDS}


def checkpoint_digest(checkpoint: Any) -> str:
    """What the next checkpoint holds as `previous`, and what a time authority stamps."""
    return sha256(canonical(checkpoint_members(checkpoint)))


def tree_of(checkpoint: Any) -> Tree:
    """The tree over everything up to a checkpoint. Raises ValueError when its peaks do not give its root."""
    tree = Tree(checkpoint["last_seq"], [bytes.fromhex(peak) for peak in checkpoint["peaks"]])
    if len(tree.peaks) != tree.size.bit_count() or tree.root() != checkpoint["root"]:
        raise ValueError("its peaks do not give its root")
    return tree


class Check:
    """Checks one chain: made, given its checkpoints, fed its lines in order, finished; `breaks` is what was found.

    The chain begins with record `first_seq`; `prev_hash` is the hash before it. `named` are the hashes of raw answers
    that records name, each with the seq of the first record that does.
    """

    def __init__(self, org_id: str, is_signed: IsSigned, first_seq: int = 1, prev_hash: str = GENESIS) -> None:
        self.breaks: list[Break] = []
        self.count = self.records = 0
        self.named: dict[str, int] = {}
        self.held: tuple[int, str] | None = None
        self._org_id, self._is_signed = org_id, is_signed
        self._ends = {first_seq - 1: prev_hash}  # the last hash of every checkpoint, by its seq
        self.seq, self.hash = first_seq - 1, prev_hash
        self._is_known = True  # whether `hash` is that of record `seq`
        self._gaps: list[tuple[int, int]] = []
        self._late: set[int] = set()
        self._checkpoints: list[Any] = []
        self._window, self._whole, self._is_clean = Tree(), Tree(), first_seq == 1

    def found(self, kind: str, place: str, problem: str) -> None:
        """Note a break; of very many only the first are kept."""
        self.count += 1
        if len(self.breaks) < MOST_BREAKS:
            self.breaks.append(Break(kind, place, problem))

    def take_checkpoints(self, checkpoints: Iterable[Any], last_number: int | None = None) -> None:
        """All of the chain in order; the first one may end just before `first_seq`, to vouch for what was before."""
        last: Any = None
        for one in checkpoints:
            if self._is_next(one, last):
                last = one
                self._ends[one["last_seq"]] = one["last_hash"]
                if one["last_seq"] > self.seq:
                    self._checkpoints.append(one)
                elif one["last_seq"] == self.seq:
                    self._whole, self._is_clean = tree_of(one), True
        if last_number is not None and (last["number"] if last else 0) < last_number:
            self.found(TRUNCATED, f"checkpoint {last_number}", "The newest checkpoints are missing.")

    def _is_next(self, one: Any, last: Any) -> bool:
        place = f"checkpoint {last['number'] + 1 if last else 'at the beginning'}"
        try:
            number, members = one["number"], checkpoint_members(one)
            place = f"checkpoint {int(number)}"
            if one["org_id"] != self._org_id:
                self.found(FOREIGN, place, "It is of another organization.")
            elif members["form"] != CHECKPOINT_FORM or not self._is_signed(members, one["signature"], one["key_id"]):
                self.found(FORGED, place, "It does not bear a signature of a known key.")
            elif last and number <= last["number"]:
                self.found(REORDERED, place, f"It stands after checkpoint {last['number']}.")
            elif last and number > last["number"] + 1:
                self.found(DELETED, f"checkpoint {last['number'] + 1}", f"Missing, up to {number - 1}.")
                return tree_of(one) is not None
            elif last and (one["previous"] != checkpoint_digest(last) or one["first_seq"] != last["last_seq"] + 1):
                self.found(REPLACED, place, "It does not follow on the checkpoint before.")
            elif not last and number > 1 and one["last_seq"] > self.seq:
                self.found(DELETED, "checkpoint 1", f"Missing, up to {number - 1}.")
            else:
                return tree_of(one) is not None
        except NOT_READABLE:
            self.found(EDITED, place, "It was changed.")
        return False

    def feed(self, line: bytes) -> None:
        """Go on with the next line, without its end."""
        self.records += 1
        place = f"record {self.seq + 1}"
        hash, text = line[9:73].decode("ascii", "replace"), line[TEXT_AT:-1]
        try:
            is_whole = line[:9] == LINE_START and line[73:TEXT_AT] == LINE_MIDDLE and line[-1:] == b"}"
            entry = json.loads(text) if is_whole else None
            if entry is None or sha256(text) != hash or entry.keys() != RECORD_FIELDS or entry["form"] != RECORD_FORM:
                self._unusable(EDITED, place, "It was changed.")
            elif entry["org_id"] != self._org_id:
                self._unusable(FOREIGN, place, "A record of another organization stands here.")
            else:
                self._step(entry["seq"], entry["prev_hash"], hash)
                for named in entry["record"].get("evidence") or ():
                    self.named.setdefault(named, entry["seq"])
        except NOT_READABLE:
            self._unusable(EDITED, place, "It was changed.")

    def _unusable(self, kind: str, place: str, problem: str) -> None:
        self.found(kind, place, problem)
        self._advance(self.seq + 1, None)

    def _step(self, seq: int, prev_hash: str, hash: str) -> None:
        wanted = self.seq + 1
        if seq not in self._late and any(first <= seq <= last for first, last in self._gaps):
            self._late.add(seq)
            self.found(REORDERED, f"record {seq}", f"It stands after record {self.seq}.")
            return
        if seq < wanted:
            self.found(INSERTED, f"record {seq}", f"One more that is called {seq} stands after record {self.seq}.")
            return
        if seq > wanted:
            self._gaps.append((wanted, seq - 1))
        elif self._is_known and prev_hash != self.hash:
            self.found(REPLACED, f"record {self.seq}", f"Record {seq} follows on another one: one was replaced.")
        self._advance(seq, hash)

    def _advance(self, seq: int, hash: str | None) -> None:
        """Stand at this record now; None for a hash that is not to be believed."""
        if seq != self.seq + 1 or hash is None:
            self._is_clean = False
        while self._checkpoints and self._checkpoints[0]["last_seq"] < seq:
            self._close()
        if hash is not None and self._is_clean:
            leaf = bytes.fromhex(hash)
            self._window.add(leaf)
            self._whole.add(leaf)
        self.seq, self.hash, self._is_known = seq, hash or "", hash is not None
        if self.held and self.held[0] == seq and hash and hash != self.held[1]:
            self.found(REPLACED, f"record {seq}", "It is not the one that the held head names.")
        if self._checkpoints and self._checkpoints[0]["last_seq"] == seq:
            self._close()

    def _close(self) -> None:
        """Compare what was fed with the checkpoint that ends here, and go on from what it says."""
        one = self._checkpoints.pop(0)
        if self._is_clean:
            # Where a checkpoint is missing, the window that follows is longer than the one it was made over.
            is_window = self._window.size == one["last_seq"] - one["first_seq"] + 1
            window = self._window.root() if is_window else one["window_root"]
            if (window, self._whole.root(), self.hash) != (one["window_root"], one["root"], one["last_hash"]):
                span = f"records {one['first_seq']} to {one['last_seq']}"
                self.found(REPLACED, span, f"They are not those that checkpoint {one['number']} was made over.")
        self._window, self._whole, self._is_clean = Tree(), tree_of(one), True

    def finish(self, last_seq: int, last_hash: str) -> None:
        """Compare the end with where the chain is said to end, and with the held head."""
        for first, last in self._gaps:
            lost = [seq for seq in range(first, last + 1) if seq not in self._late]
            if lost:
                self.found(DELETED, _records(lost[0], lost[-1]), "Missing.")
        if self.seq < last_seq:
            self.found(TRUNCATED, _records(self.seq + 1, last_seq), "Missing at the end.")
        elif self.seq > last_seq:
            self.found(INSERTED, _records(last_seq + 1, self.seq), "They stand after the end of the chain.")
        elif self._is_known and self.hash != last_hash:
            self.found(REPLACED, f"record {self.seq}", "The chain does not end as it did: records were replaced.")
        if self.held and self.held[0] > max(self.seq, last_seq):
            self.found(
                TRUNCATED, _records(max(self.seq, last_seq) + 1, self.held[0]), "The held head is after the end."
            )
        if self.held and self._ends.get(self.held[0], self.held[1]) != self.held[1]:
            self.found(
                REPLACED, f"record {self.held[0]}", "A checkpoint ends with another one than the held head names."
            )


def _records(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first} to {last}"


def held_head(text: str) -> tuple[int, str]:
    """A head as it is sent out, SEQ:HASH. Raises ValueError for anything else."""
    seq, _, hash = text.strip().partition(":")
    if len(bytes.fromhex(hash)) != 32:
        raise ValueError("a held head is SEQ:HASH, the hash in 64 hex digits")
    return int(seq), hash.lower()
