"""`python -m bench controls`: a large AWS account judged by every control, and what was said sealed into the chain.

The answers are those of an account that moto holds, read by the connector and written down many times over under other
names, in a process of their own. They are stored as a sync stores them; no network is asked while they are judged.
"""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import documents
from app.embedded.servers import EmbeddedServers, ServerUrls
from app.settings import Settings
from app.wiring import Backend, open_backend
from app.worker import options
from auth.scope import scope_of_job
from bench.account_copies import record_account
from bench.import_costs import Watch
from bench.sync_scale import Memory, resident
from documents.database import migrate
from documents.evidence_chain import EvidenceRecord
from jobs.checking.round import judge_round
from jobs.queue import JUDGE_CONTROLS

SECONDS, MEMORY = 120.0, 1024.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench controls", description=__doc__)
    parser.add_argument("--resources", type=int, default=47_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedServers(Path(name) / "servers") as servers:
        recording = multiprocessing.get_context("spawn").Process(
            target=_record, args=(servers.urls, Path(name), asked.resources)
        )
        recording.start()
        recording.join()
        if recording.exitcode:
            raise SystemExit("The account could not be recorded; the lines above say why.")
        asyncio.run(_measured(servers.urls, Path(name)))


def settings_of(urls: ServerUrls, folder: Path) -> Settings:
    changes = {"data_dir": folder, "mongodb_url": urls.mongodb_url, "redis_url": urls.redis_url}
    return Settings.model_validate({**Settings().model_dump(), **changes})


def _record(urls: ServerUrls, folder: Path, resources: int) -> None:
    async def run() -> None:
        async with open_backend(settings_of(urls, folder)) as backend:
            await migrate(backend.client, backend.settings.mongodb_database)
            began = time.perf_counter()
            made = await record_account(backend, resources)
            print(f"recorded {made} in {time.perf_counter() - began:.1f} s", flush=True)

    asyncio.run(run())


async def _measured(urls: ServerUrls, folder: Path) -> None:
    async with open_backend(settings_of(urls, folder)) as backend:
        account = await documents.Account.rows().find_one({})
        assert account is not None
        before = resident()
        with (watch := Watch()), Memory() as memory:
            judged = await _judge(backend, str(account["org_id"]))
        print(f"{judged:,} checks judged and sealed in {watch.seconds:.1f} s, {watch.cpu:.1f} s of processor time here")
        print(f"memory {before:.0f} MiB before, {memory.most:.0f} MiB at most")
        print(f"of the aims: {watch.seconds / SECONDS:.2f} of {SECONDS:.0f} s, {memory.most / MEMORY:.2f} of 1 GiB")
        await _told()


async def _judge(backend: Backend, org_id: str) -> int:
    async def nobody_asks(_done: int, _total: int) -> None:
        pass

    context = options(backend)["ctx"]["context"]
    return (await judge_round(context, scope_of_job(JUDGE_CONTROLS, org_id), None, nobody_asks)).judged


async def _told() -> None:
    """What was said, so that nobody takes errors for speed."""
    rows: list[dict[str, Any]] = await documents.Check.rows().find({}).to_list()
    statuses = Counter(row["status"] for row in rows)
    items = sum(sum(row["counts"].values()) for row in rows)
    print(", ".join(f"{status} {count}" for status, count in sorted(statuses.items())), f"over {items:,} things")
    for row in rows:
        if row["status"] == "ERROR":
            print(f"  {row['control_id']} {row['integration']}: {row['problem']}")
    print(f"{await EvidenceRecord.rows().count_documents({}):,} records in the chain")


if __name__ == "__main__":
    main()
