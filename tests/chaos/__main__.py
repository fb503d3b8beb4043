"""`python -m tests.chaos`: break everything while it is used. Ends with 1 if anything was lost, doubled or leaked."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from app.logs import set_up_logs
from tests.chaos.run import Plan, run

WHOLE = Plan(tenants=10, subscribers=500, events=10_000, breaks=3, seconds=120, seed=0)
QUICK = Plan(tenants=2, subscribers=20, events=300, breaks=1, seconds=25, seed=0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run, as the tests do it")
    parser.add_argument("--seed", type=int, default=None, help="what the order of chance is made from; new by default")
    parser.add_argument("--keep", type=Path, default=None, help="keep data and logs in this folder")
    asked = parser.parse_args()
    base = QUICK if asked.quick else WHOLE
    seed = int(time.time()) if asked.seed is None else asked.seed
    plan = Plan(base.tenants, base.subscribers, base.events, base.breaks, base.seconds, seed)
    set_up_logs(json=False, level="ERROR")
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        outcome = asyncio.run(run(plan, folder, say))
    for name, figure in outcome.figures.items():
        print(f"{figure:>10}  {name}")
    for title in outcome.own_alerts:
        print(f"  alert  {title}")
    for fault in outcome.faults[:50]:
        print(f"LOST  {fault}")
    print("Something was lost." if outcome.faults else "Nothing was lost, doubled or leaked.")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
