"""The web and the worker process, to be killed and started again."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2

READY_WITHIN = 60


class Process:
    """`module` runs with this environment; what it writes goes to a file of its own."""

    def __init__(self, module: str, environment: Mapping[str, str], log: Path) -> None:
        self._module, self._environment, self._log = module, dict(environment), log
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module], env=self._environment, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """As kill -9 does."""
        assert self._process is not None
        assert self._process.poll() is None, f"{self._module} ended by itself; see {self._log}"
        self._process.kill()
        self._process.wait()
        self.kills += 1

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


async def answers(address: str) -> None:
    """Returns once the web process serves."""
    deadline = time.monotonic() + READY_WITHIN
    async with httpx2.AsyncClient(verify=False) as http:
        while True:
            try:
                if (await http.get(f"{address}/readyz", timeout=5)).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            assert time.monotonic() < deadline, "the web process does not answer"
            await asyncio.sleep(0.1)
