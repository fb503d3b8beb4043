"""Unpacks gzip a little at a time and stops where a file unpacks to far more than any bill does."""

import gzip
from typing import BinaryIO

# Bills shrink to a tenth or a fortieth; gzip itself can reach a thousandth. Small files may do as they like.
MOST_RATIO = 250
FREE_BYTES = 64 << 20
# A hundred times the largest bills we know of; at that size months are better loaded apart.
MOST_BYTES = 256 << 30


class UnpacksTooFar(Exception):
    """The message completes a sentence that begins with the row."""


class Unpacked:
    """The unpacked bytes of a gzip file. `read1` raises UnpacksTooFar, and what gzip raises for damage."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._gzip = gzip.GzipFile(fileobj=raw)
        self._size = 0

    def read1(self, size: int, /) -> bytes:
        """The next bytes, at most so many."""
        chunk = self._gzip.read1(size)
        self._size += len(chunk)
        if self._size > FREE_BYTES and self._size > MOST_RATIO * self._raw.tell():
            raise UnpacksTooFar(
                f"is where the file has unpacked to more than {MOST_RATIO} times its size: no bill does that. If it is "
                "one, unpack it and load it as it is."
            )
        if self._size > MOST_BYTES:
            raise UnpacksTooFar(f"is beyond {MOST_BYTES >> 30} GiB: load the months one by one.")
        return chunk
