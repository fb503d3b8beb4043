"""Two processes for arithmetic that would hold up the worker; they come when asked for and go when nobody does."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PROCESSES = 2


class ProcessPool:
    """One for each worker. Its processes end with the worker, however that ends."""

    def __init__(self, processes: int = PROCESSES) -> None:
        self._processes = processes
        self._executor: ProcessPoolExecutor | None = None
        self._users = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["ProcessPool"]:
        """The processes stay while anybody is within."""
        self._users += 1
        try:
            yield self
        finally:
            self._users -= 1
            if not self._users and self._executor is not None:
                executor, self._executor = self._executor, None
                await asyncio.to_thread(executor.shutdown, cancel_futures=True)

    async def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the function, which must be one of a module, returns for these arguments. Call it within `opened`."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._processes, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent
            )
        future = self._executor.submit(task, *args, **kwargs)
        return await asyncio.wrap_future(future)


def _end_with_parent() -> None:
    """A worker that is killed cannot tell its processes: they watch it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
