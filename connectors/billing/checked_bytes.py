"""Watches the bytes of a text file as they are read, so that damage is named by its line and no line grows for ever."""

import codecs
import io
from typing import NamedTuple, Protocol

_MOST_LINE = 4 << 20
_CHUNK = 1 << 16

_NUL = "has a NUL character in it: the file is damaged or not text."
_NOT_UTF_8 = "has bytes that are not UTF-8: save the file as UTF-8."
_LONG = f"is on a line of more than {_MOST_LINE >> 20} million bytes: end lines with a line feed."


class Source(Protocol):
    """A binary file or a gzip file."""

    def read1(self, size: int, /) -> bytes: ...


class DamagedLine(Exception):
    """`message` completes a sentence that begins with the row; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class _Fault(NamedTuple):
    at: int  # offset in the chunk
    message: str


class CheckedBytes(io.BufferedIOBase):
    """The bytes of `source` up to the first damaged line; reading on from there raises DamagedLine."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._lines = 1
        self._since_break = 0
        self._damage: DamagedLine | None = None

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """The next bytes, as many as are at hand; `size` is only a wish."""
        if self._damage is not None:
            raise self._damage
        chunk = self._source.read1(_CHUNK)
        fault = self._fault_in(chunk)
        if fault is None:
            self._count(chunk)
            return chunk
        whole_lines = chunk[: chunk.rfind(b"\n", 0, fault.at) + 1]
        self._damage = DamagedLine(fault.message, self._lines + whole_lines.count(b"\n"))
        if not whole_lines:
            raise self._damage
        return whole_lines

    def _count(self, chunk: bytes) -> None:
        breaks = chunk.count(b"\n")
        self._lines += breaks
        self._since_break = len(chunk) - chunk.rfind(b"\n") - 1 + (0 if breaks else self._since_break)

    def _fault_in(self, chunk: bytes) -> _Fault | None:
        if (nul := chunk.find(b"\x00")) >= 0:
            return _Fault(nul, _NUL)
        if self._since_break + len(chunk) > _MOST_LINE and b"\n" not in chunk:
            return _Fault(0, _LONG)
        held = len(self._decoder.getstate()[0])
        if held == 0 and chunk.isascii() and chunk:
            return None
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return _Fault(max(error.start - held, 0), _NOT_UTF_8)
        return None
