"""The reading of events in a process of its own, to be killed. Run as `python -m tests.fakes.dying_events ORG`."""

import asyncio
import sys

from app.settings import Settings
from app.wiring import open_backend
from app.worker import options
from jobs.tasks.process_events import process_events


async def main(org_id: str) -> None:
    async with open_backend(Settings()) as backend:
        await process_events(options(backend)["ctx"], org_id=org_id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
