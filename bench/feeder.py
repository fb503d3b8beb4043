"""`python -m bench.feeder`: commits alerts as a sync does, at the pace it is told, in transactions of a few at a time.

A line of JSON comes in for each step, `{"org_id": id, "rate": events a second, "seconds": s}`; the answer is a line
with how many were committed. The time of sending is taken before the transaction begins.
"""

import asyncio
import json
import secrets
import sys
import time

import uvloop
from beanie import PydanticObjectId

from app.settings import Settings
from app.wiring import Backend, open_backend
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction, commit
from domain.facts.severity import Severity

# Events this close together are committed together.
TICK = 0.02
MESSAGE = "Rule 3 of the group admits 0.0.0.0/0 to port 22. Name the networks that need it."


def causes(count: int) -> list[Cause]:
    """So many new causes, sent now."""
    mark, title = secrets.token_hex(6), f"@{time.time():.6f}@"
    return [
        Cause(f"feed-{mark}-{number}", AlertSource.FINDING, Severity.HIGH, title, MESSAGE) for number in range(count)
    ]


async def raise_all(backend: Backend, org_id: PydanticObjectId, count: int) -> None:
    raised = causes(count)

    async def change(tx: Transaction) -> None:
        for cause in raised:
            await raise_alert(tx, org_id, cause, utc_now())

    await commit(change, announce=backend.bus.wake)


async def step(backend: Backend, org_id: PydanticObjectId, rate: float, seconds: float) -> int:
    """How many were committed in the time; what could not be kept up with is left out."""
    begun, done = time.monotonic(), 0
    while (now := time.monotonic()) < begun + seconds:
        due = int((now - begun) * rate) + 1 - done
        if due > 0:
            await raise_all(backend, org_id, due)
            done += due
        await asyncio.sleep(max(TICK, begun + done / rate - time.monotonic()))
    return done


async def feed() -> None:
    async with open_backend(Settings()) as backend:
        print("{}", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            begun = time.process_time()
            count = await step(backend, PydanticObjectId(order["org_id"]), order["rate"], order["seconds"])
            print(json.dumps({"events": count, "cpu": time.process_time() - begun}), flush=True)


if __name__ == "__main__":
    uvloop.run(feed())
