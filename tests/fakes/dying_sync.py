"""A sync in a process of its own, to be killed. Run as `python -m tests.fakes.dying_sync ORG RUN`."""

import asyncio
import sys

from app.settings import Settings
from app.wiring import open_backend
from app.worker import options
from connectors import registry
from domain.facts.provider import Provider
from jobs.tasks.sync_account import sync_account
from tests.fakes.synthetic import REGISTRATION


async def main(org_id: str, run_id: str) -> None:
    registry.registrations = lambda: {Provider.DIGITALOCEAN: REGISTRATION}  # type: ignore[assignment]
    async with open_backend(Settings()) as backend:
        ctx = {"context": options(backend)["ctx"]["context"], "job_id": f"sync_account:{run_id}"}
        await sync_account(ctx, org_id=org_id, run_id=run_id)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
