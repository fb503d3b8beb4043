"""Lines of several processes on one terminal."""

import asyncio
import io
import os

from rich.console import Console

from app.processes.output import LINE_BYTES, Output, lines_of


async def lines_written(data: bytes) -> list[str]:
    reading_end, writing_end = os.pipe()
    with os.fdopen(writing_end, "wb") as writer:
        writer.write(data)
    return [line async for line in lines_of(reading_end)]


async def test_lines_lose_their_ends_and_the_last_needs_none() -> None:
    lines = await lines_written(b"one\r\n\ntwo\nthree")

    assert lines == ["one", "", "two", "three"]


async def test_bytes_that_are_no_text_do_not_stop_the_lines() -> None:
    lines = await lines_written(b"caf\xe9\nnext\n")

    assert lines == ["caf\N{REPLACEMENT CHARACTER}", "next"]


async def test_line_without_end_is_cut_in_pieces() -> None:
    reading_end, writing_end = os.pipe()
    received = lines_of(reading_end)

    writing = asyncio.create_task(asyncio.to_thread(os.write, writing_end, b"x" * LINE_BYTES))
    line = await anext(received)  # while the writer is still there and has not ended its line

    written = await writing
    os.close(writing_end)
    rest = [piece async for piece in received]
    assert len(line) + sum(map(len, rest)) == written == LINE_BYTES


def printed(name: str, text: str, *, colour: bool = False) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=colour, color_system="standard" if colour else None, width=20)
    Output(["web", "worker"], console).line(name, text)
    return buffer.getvalue()


def test_names_are_padded_to_one_column() -> None:
    assert printed("web", "ready") == "web    │ ready\n"
    assert printed("worker", "ready") == "worker │ ready\n"


def test_text_is_neither_wrapped_nor_taken_for_markup() -> None:
    text = '{"event": "[bold]stored[/bold]", "rows": 12345678901234567890}'

    assert printed("web", text) == f"web    │ {text}\n"


def test_colours_of_a_process_are_kept_on_a_terminal_and_dropped_in_a_file() -> None:
    red = "\x1b[31mfailed\x1b[0m"

    assert "\x1b[31mfailed" in printed("web", red, colour=True)
    assert printed("web", red) == "web    │ failed\n"


def test_output_goes_quiet_when_its_reader_has_gone() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError("the terminal is gone")

    output = Output(["web"], Console(file=Gone(), force_terminal=False))

    output.line("web", "hello")
    output.line("web", "again")

    assert not output.is_open
