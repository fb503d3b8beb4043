"""The small run of `make chaos`: Redis, web, worker and the primary of MongoDB each break once under load."""

import subprocess
import sys

from tests.contract.sources import ROOT


def test_nothing_is_lost_doubled_or_leaked_while_everything_breaks() -> None:
    command = [sys.executable, "-m", "tests.chaos", "--quick", "--seed", "1"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)

    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert "Nothing was lost" in ended.stdout
