"""The one terminal that several processes share: every line opens with the name of the process it came from."""

import asyncio
import os
from collections.abc import AsyncIterator

from rich.console import Console
from rich.text import Text

# A longer line is cut in pieces: a process that never ends its line must not fill the memory.
LINE_BYTES = 64 * 1024
_COLOURS = ("cyan", "magenta", "green", "yellow", "blue")


class Output:
    """Prints lines of named processes. After the reader has gone (`| head`, a closed terminal) it says nothing more."""

    def __init__(self, names: list[str], console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._width = max((len(name) for name in names), default=0)
        self._colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}
        self.is_open = True

    def line(self, name: str, text: str) -> None:
        """One line of process `name`; the colours it brings are kept on a terminal and dropped elsewhere."""
        prefix = Text(f"{name:<{self._width}} │ ", style=self._colours.get(name, "bold"))
        self._print(prefix.append_text(Text.from_ansi(text)))

    def plain(self, text: str) -> None:
        """Text without a name in front, so that it can be copied as it stands."""
        self._print(Text(text))

    def _print(self, text: Text) -> None:
        if not self.is_open:
            return
        try:
            self._console.print(text, soft_wrap=True)
        except (OSError, SystemExit):  # rich answers a broken pipe with SystemExit
            self.is_open = False


async def lines_of(reading_end: int) -> AsyncIterator[str]:
    """The lines that arrive at a pipe, without their ends and with undecodable bytes replaced, until all writers close.

    Takes over the descriptor and closes it.
    """
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading_end, "rb", buffering=0)
    )
    try:
        async for line in _split(stream):
            yield line
    finally:
        transport.close()


async def _split(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    rest = b""
    while chunk := await stream.read(LINE_BYTES):
        *complete, rest = (rest + chunk).split(b"\n")
        if len(rest) >= LINE_BYTES:
            complete.append(rest)
            rest = b""
        for line in complete:
            yield _decode(line)
    if rest:
        yield _decode(rest)


def _decode(line: bytes) -> str:
    return line.rstrip(b"\r").decode("utf-8", "replace")
