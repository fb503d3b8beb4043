"""How a job makes a file to download: its states, its place while it is written, and what becomes of trouble."""

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog

from documents.file_export import FileExport, keep_file, move_on
from documents.transaction import Transaction
from jobs.context import JobContext

log = structlog.get_logger()


class NoFileMade(Exception):
    """There is no file; the text tells the customer why, and what to do."""


async def make_file(context: JobContext, export: FileExport, write: Callable[[Path], Awaitable[int]]) -> str:
    """One export to its end; one that has ended is left alone. Returns the state it ended in.

    `write` is handed a path and returns how many entries it wrote there. A run that was killed starts over.
    """
    if export.is_ended:
        return str(export.state)
    try:
        ended = await _made(export, write)
    except NoFileMade as error:
        ended = _failed(str(error))
    except Exception:  # whatever broke, who asked is to see that it failed; it is logged
        log.exception("export_broke", export_id=str(export.id))
        ended = _failed(
            f"Something went wrong on our side; the log has it under {export.id}. Ask for the export again."
        )
    return str((await tell(context, export, ended_at=context.now(), **ended)).state)


async def tell(context: JobContext, export: FileExport, **fields: Any) -> FileExport:
    """Set fields of an export that has not ended, and announce it."""

    async def change(tx: Transaction) -> FileExport:
        return await move_on(tx, export, **fields)

    return await context.writer.commit(change)


async def _made(export: FileExport, write: Callable[[Path], Awaitable[int]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / export.filename
        done = await write(path)
        digest, size = await asyncio.to_thread(_measured, path)
        with await asyncio.to_thread(path.open, "rb") as file:
            file_id = await keep_file(export, path, file)
    return {"state": "SUCCEEDED", "done": done, "file_id": file_id, "size": size, "sha256": digest}


def _measured(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _failed(problem: str) -> dict[str, Any]:
    return {"state": "FAILED", "problem": problem}
