"""Whether a chain is whole: every entry as it was written, in its place, none missing; and if not, where it breaks."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.audit.canonical import ENTRY_FORM, FIELDS, GENESIS, entry_hash
from domain.audit.seal import gone_members, head_members, segment_digest, segment_members

# (members, signature in hex, id of the key) -> whether a key we trust has made it.
IsSigned = Callable[[Mapping[str, Any], str, str], bool]

# What a stored entry has besides the hashed fields; `form` where it was exported.
BESIDES = frozenset({"_id", "created_at", "hash", "form"})


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain is not as it was written."""

    seq: int
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`entries` were checked one by one, beginning with `first_seq`; older ones are vouched for by signed segments.

    `segments` counts the sealed ones. `last_seq` and `head_hash` are where the chain ends; 0 and GENESIS when it has
    not begun.
    """

    org_id: str
    entries: int
    segments: int
    first_seq: int
    last_seq: int
    head_hash: str
    broken: Break | None

    @property
    def is_intact(self) -> bool:
        return self.broken is None


class Walk:
    """Goes along entries from after `seq`, whose hash is `hash`."""

    def __init__(self, seq: int, hash: str) -> None:
        self.seq = seq
        self.hash = hash

    def step(self, entry: Mapping[str, Any]) -> Break | None:
        """Go on to this entry; says what is wrong when it is not the next one as it was written."""
        seq, wanted = entry.get("seq"), self.seq + 1
        if not isinstance(seq, int) or seq < wanted:
            return Break(wanted, f"an entry that does not belong here stands before {wanted}.")
        if seq > wanted:
            return Break(wanted, f"{_from_to(wanted, seq - 1)} missing.")
        if problem := _changed(entry):
            return Break(seq, problem)
        if entry["prev_hash"] != self.hash:
            at = max(self.seq, 1)
            return Break(at, f"entry {seq} follows on another entry than {self.seq}: one of the two was replaced.")
        self.seq, self.hash = seq, str(entry["hash"])
        return None


def _changed(entry: Mapping[str, Any]) -> str | None:
    if missing := [name for name in (*FIELDS, "hash") if name not in entry]:
        return f"the entry has lost {', '.join(missing)}."
    if extra := sorted(entry.keys() - BESIDES - set(FIELDS)):
        return f"the entry has got {', '.join(extra)}, which is not part of it."
    try:
        is_same = entry_hash(entry) == entry["hash"]
    except (TypeError, ValueError, AttributeError):  # a field of another type than was written
        is_same = False
    is_same = is_same and str(entry.get("_id", entry["hash"][:24])) == entry["hash"][:24]
    is_same = is_same and entry.get("created_at", entry["at"]) == entry["at"]
    return None if is_same and entry.get("form", ENTRY_FORM) == ENTRY_FORM else "the entry was changed."


# What a stored segment and a stored head must have for the rest of the check to make sense.
_SEGMENT_TYPES = {
    **dict.fromkeys(("number", "first_seq", "last_seq"), int),
    **dict.fromkeys(("prev_hash", "last_hash", "root", "key_id", "signature"), str),
    **dict.fromkeys(("first_at", "last_at"), datetime),
}
_HEAD_TYPES = {"last": int, "hash": str, "key_id": str, "signature": str}


def _is_segment(raw: Mapping[str, Any]) -> bool:
    previous, gone_at = raw.get("previous", 0), raw.get("gone_at")
    is_whole = isinstance(previous, str | None) and isinstance(gone_at, datetime | None) and "org_id" in raw
    return is_whole and _is_typed(raw, _SEGMENT_TYPES)


def _is_typed(raw: Mapping[str, Any], types: Mapping[str, type]) -> bool:
    return all(isinstance(raw.get(name), type_) for name, type_ in types.items())


def _from_to(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


class ChainCheck:
    """Checks one chain: made with its head and its segments, fed its entries from `first_seq` on, then asked.

    `head` is {last, hash, key_id, signature} or None, `segments` are in order. `at_most`: begin at a later segment,
    so that not many more entries than this are to be fed; the ones before are vouched for by signatures alone.
    """

    def __init__(
        self,
        org_id: object,
        head: Mapping[str, Any] | None,
        segments: Sequence[Mapping[str, Any]],
        is_signed: IsSigned,
        *,
        at_most: int | None = None,
    ) -> None:
        self._org_id = str(org_id)
        self._head = head if head is not None and _is_typed(head, _HEAD_TYPES) else None
        self._segments = segments
        self._is_signed = is_signed
        self._entries = 0
        self._broken = self._check_segments()
        if self._broken is not None:
            self._segments = segments = ()
        self._open = self._to_walk(at_most)
        self._index = len(segments) - len(self._open)
        self.first_seq = self._open[0]["first_seq"] if self._open else self._sealed_to + 1
        before = self._open[0]["prev_hash"] if self._open else segments[-1]["last_hash"] if segments else GENESIS
        self._walk = Walk(self.first_seq - 1, before)
        self._root = hashlib.sha256()

    @property
    def last_seq(self) -> int:
        """The seq up to which entries are to be fed."""
        return self._head["last"] if self._head else 0

    @property
    def is_broken(self) -> bool:
        return self._broken is not None

    @property
    def _sealed_to(self) -> int:
        return int(self._segments[-1]["last_seq"]) if self._segments else 0

    def feed(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Go on with these entries, in the order of their seq; what follows on a break is not looked at."""
        for entry in entries:
            if self._broken is None:
                self._broken = self._walk.step(entry) or self._step_segment()
                self._entries += self._broken is None

    def finish(self, newest_seq: int = 0) -> Verdict:
        """The verdict, once everything was fed. `newest_seq`: of all stored entries, read before the head was."""
        if self._broken is None:
            self._broken = self._check_end(newest_seq)
        return Verdict(
            org_id=self._org_id,
            entries=self._entries,
            segments=len(self._segments),
            first_seq=self.first_seq,
            last_seq=self.last_seq,
            head_hash=self._head["hash"] if self._head else GENESIS,
            broken=self._broken,
        )

    def _check_segments(self) -> Break | None:
        seq, hash, previous = 0, GENESIS, None
        for number, segment in enumerate(self._segments, start=1):
            if not _is_segment(segment):
                return Break(seq + 1, f"sealed segment {number} was changed.")
            members = segment_members(segment)
            if segment["number"] != number or segment["first_seq"] != seq + 1:
                return Break(seq + 1, f"sealed segment {number}, which began with entry {seq + 1}, is missing.")
            if not self._is_signed(members, segment["signature"], segment["key_id"]):
                return Break(seq + 1, f"sealed segment {number} does not bear a signature of a known key.")
            if segment["prev_hash"] != hash or segment["previous"] != previous:
                return Break(seq + 1, f"sealed segment {number} does not follow on the one before.")
            seq, hash, previous = segment["last_seq"], segment["last_hash"], segment_digest(segment)
        return None

    def _to_walk(self, at_most: int | None) -> Sequence[Mapping[str, Any]]:
        """The segments to go through entry by entry: those that are not gone, or the last of them."""
        kept = list(self._segments)
        while kept and self._is_gone(kept[0]):
            kept.pop(0)
        while at_most is not None and kept and self.last_seq - kept[0]["first_seq"] >= at_most:
            kept.pop(0)
        return kept

    def _is_gone(self, segment: Mapping[str, Any]) -> bool:
        if segment.get("gone_at") is None:
            return False
        signature, key_id = str(segment.get("gone_signature")), str(segment.get("gone_key_id"))
        return self._is_signed(gone_members(segment), signature, key_id)

    def _step_segment(self) -> Break | None:
        if self._index >= len(self._segments):
            return None
        segment = self._segments[self._index]
        self._root.update(bytes.fromhex(self._walk.hash))
        if self._walk.seq < segment["last_seq"]:
            return None
        root, self._root = self._root.hexdigest(), hashlib.sha256()
        self._index += 1
        if root == segment["root"] and self._walk.hash == segment["last_hash"]:
            return None
        stretch = f"entries {segment['first_seq']} to {segment['last_seq']}"
        return Break(segment["first_seq"], f"{stretch} are not those that segment {segment['number']} was sealed over.")

    def _check_end(self, newest_seq: int) -> Break | None:
        after = self._walk.seq + 1
        if self._head is None:
            if self._walk.seq or newest_seq or self._segments:
                return Break(
                    after, "the record of where the chain ends is missing or damaged, and maybe entries before it."
                )
            return None
        if self.last_seq < self._sealed_to:
            return Break(after, f"{_from_to(after, self._sealed_to)} missing: they were sealed, and the end is before.")
        if after <= self.last_seq:
            return Break(after, f"{_from_to(after, self.last_seq)} missing.")
        members = head_members(self._org_id, self.last_seq, self._head["hash"])
        if not self._is_signed(members, self._head["signature"], self._head["key_id"]):
            problem = "the record of where the chain ends does not bear a signature of a known key: entries from"
            return Break(after, f"{problem} {self._sealed_to + 1} on may have been replaced, later ones be missing.")
        if self._walk.hash != self._head["hash"] or self._walk.seq > self.last_seq:
            first = self._sealed_to + 1
            return Break(first, f"entries {first} to {self._walk.seq} do not end as the chain did: some were replaced.")
        if newest_seq > self.last_seq:
            return Break(after, f"{_from_to(after, newest_seq)} no part of the chain.")
        return None
