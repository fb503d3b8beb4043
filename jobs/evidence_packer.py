"""Packs the raw answers of one part of a sync, in whatever order they come, the same way each time.

Answers wait in a temporary file. Packs are cut where the name of an answer says so, not by counting: one answer that
changes, or one more, leaves all packs but its own as they were.
"""

import hashlib
import struct
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator

import orjson

from connectors.reading.sink import RawAnswer
from domain.evidence.redaction import may_hold, redact

# Of plain JSON. Much smaller ones would be many rows, larger ones would be read for a single answer.
MOST_BYTES = 1024 * 1024
FEWEST_BYTES = MOST_BYTES // 4
# One name in sixteen ends a pack that is large enough.
CUTS_BELOW = 16
# MongoDB keeps 16 MB in a row, and what does not compress must fit too.
LONGEST_ANSWER = 12 * 1024 * 1024
IN_MEMORY = 256 * 1024
_ENTRY = struct.Struct(">16sQI")


class EvidencePacker:
    """Takes answers by `add`; `packs` gives them when the part has ended. Close it.

    `redacted` counts what each rule of `domain.evidence.redaction` has taken out.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by close
        self.redacted: Counter[str] = Counter()
        self._end = 0
        # Name, place and length of each answer: 28 bytes that sort by name.
        self._entries: list[bytes] = []
        # Of each operation digests of its answers, and of these with what was asked.
        self._answers: defaultdict[str, set[bytes]] = defaultdict(set)
        self._calls: defaultdict[str, set[bytes]] = defaultdict(set)

    def add(self, raw: RawAnswer) -> None:
        """Take one answer, without what is personal. Of one that is too long its length and hash are kept."""
        call = [raw.operation, raw.region, raw.arguments, raw.page]
        name = _digest(_json(call))
        text = _json([*call, raw.answer])
        if may_hold(text):
            answer, counts = redact(raw.operation, raw.answer)
            self.redacted += counts
            text = _json([*call, answer])
        if len(text) > LONGEST_ANSWER:
            text = _json([*call, {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}])
        self._answers[raw.operation].add(_digest(text[len(_json(call)) :]))
        self._calls[raw.operation].add(_digest(text))
        self._file.write(text)
        self._entries.append(_ENTRY.pack(name, self._end, len(text)))
        self._end += len(text)

    def packs(self) -> Iterator[bytes]:
        """JSON arrays of the answers in the order of their names."""
        held: list[bytes] = []
        size = 0
        for name, start, length in map(_ENTRY.unpack, sorted(self._entries)):
            if held and size + length > MOST_BYTES:
                yield _pack(held)
                held, size = [], 0
            self._file.seek(start)
            held.append(self._file.read(length))
            size += length
            if size >= FEWEST_BYTES and name[-1] < CUTS_BELOW:
                yield _pack(held)
                held, size = [], 0
        if held:
            yield _pack(held)

    def contents(self) -> list[tuple[str, str, str]]:
        """Of each operation its name, a digest of all its answers, and one of these with what was asked."""
        answers, calls = self._answers, self._calls
        return [(name, _of_all(answers[name]), _of_all(calls[name])) for name in sorted(answers)]

    def close(self) -> None:
        """Drop the temporary file."""
        self._file.close()


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _digest(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()


def _of_all(digests: set[bytes]) -> str:
    return _digest(b"".join(sorted(digests))).hex()


def _pack(texts: list[bytes]) -> bytes:
    return b"[" + b",".join(texts) + b"]"
