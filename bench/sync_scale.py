"""Time, memory, calls and writes of a sync of a large account, and of the next one, in which nothing has changed.

The account is that of a synthetic vendor, which answers over HTTP from a process of its own.
"""

import argparse
import asyncio
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import orjson
from pydantic import SecretStr
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

import app.wiring
import documents
from app.embedded.servers import EmbeddedServers
from app.wiring import Backend
from app.worker import options
from bench.import_costs import Watch, backend_of, peak
from connectors import registry
from documents import AccountState, OrganizationKind
from documents.account import sealed
from documents.database import connect
from documents.organization import open_organization
from documents.sync_read import SyncRead
from documents.sync_run import SyncRun, open_run
from domain.facts.provider import Provider
from jobs.tasks.sync_account import sync_account
from tests.fakes.synthetic import REGISTRATION, TOKEN, SyntheticCredentials

WRITES = {"insert": "documents", "update": "updates", "delete": "deletes"}


class WriteCounter(CommandListener):
    """Counts what is written, by collection, and the commands of all kinds."""

    def __init__(self) -> None:
        self.written: Counter[str] = Counter()
        self.commands = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.commands += 1
        name = event.command_name
        if name in WRITES:
            self.written[event.command[name]] += len(event.command.get(WRITES[name], ()))
        elif name == "findAndModify":
            self.written[event.command[name]] += 1

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to do."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to do."""


class Memory:
    """The most memory of this process while `with` lasts, in MiB, sampled."""

    def __init__(self) -> None:
        self.most = 0.0
        self._ended = threading.Event()

    def __enter__(self) -> "Memory":
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(0.05):
            self.most = max(self.most, resident())


def resident() -> float:
    """The memory of this process now, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / (1 << 20)


async def account_at(backend: Backend, url: str) -> documents.Account:
    """A connected account of the vendor at this address."""
    organization = await backend.writer.commit(
        lambda tx: open_organization("Bench", OrganizationKind.COMPANY, msp_id=None, session=tx.session)
    )
    credentials = SyntheticCredentials(token=SecretStr(TOKEN), endpoint_url=url)
    cipher = await backend.vault.seal(str(organization.id), orjson.dumps(credentials.revealed()).decode())
    account = documents.Account(
        org_id=organization.id,
        provider=Provider.DIGITALOCEAN,
        name="Large",
        state=AccountState.CONNECTING,
        credentials=sealed(cipher),
    )
    await account.insert()
    return account


async def synced(backend: Backend, account: documents.Account, counter: WriteCounter, name: str) -> None:
    """One sync, measured and told of."""
    raw = await documents.Account.rows().find_one({"_id": account.id})
    assert raw is not None
    stored = documents.Account.stored(raw)
    run, _ = await backend.writer.commit(lambda tx: open_run(stored, tx.session))
    counter.written.clear()
    counter.commands, before = 0, resident()
    ctx = {"context": options(backend)["ctx"]["context"], "job_id": f"sync_account:{run.id}"}
    with (watch := Watch()), Memory() as memory:
        state = await sync_account(ctx, org_id=str(run.org_id), run_id=str(run.id))
    raw = await SyncRun.rows().find_one({"_id": run.id})
    assert raw is not None
    pages = [one["pages"] async for one in SyncRead.rows().find({"sync_id": run.id}, {"pages": 1})]
    print(f"{name}: {state} in {watch.seconds:.1f} s ({watch.cpu:.1f} s of processor time here)")
    print(f"  resources {raw['resources']:,}: added {raw['added']:,}, changed {raw['changed']}, gone {raw['gone']}")
    print(f"  calls answered {sum(pages):,}; commands to MongoDB {counter.commands:,}")
    print(f"  memory {before:.0f} MiB before, {memory.most:.0f} MiB at most")
    print(f"  written: {', '.join(f'{one} {count:,}' for one, count in sorted(counter.written.items()))}")
    print(f"  resource writes: {counter.written['resources']:,}", flush=True)


async def measured(servers: EmbeddedServers, folder: Path, url: str) -> None:
    counter = WriteCounter()
    app.wiring.connect = lambda url, **more: connect(url, listeners=[counter], **more)  # type: ignore[assignment]  # counts what is written
    registry.registrations = lambda: {Provider.DIGITALOCEAN: REGISTRATION}  # type: ignore[assignment]  # one vendor only
    async with backend_of(servers, folder) as backend:
        account = await account_at(backend, url)
        await synced(backend, account, counter, "first sync")
        await synced(backend, account, counter, "second sync, nothing changed")


async def run(folder: Path, count: int) -> None:
    vendor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.fakes.synthetic", str(count)), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert vendor.stdout is not None
        url = (await vendor.stdout.readline()).decode().strip()
        with EmbeddedServers(folder / "servers") as servers:
            await measured(servers, folder, url)
    finally:
        vendor.terminate()
        await vendor.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=50_000)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(run(Path(name), parser.parse_args().resources))
    print(f"peak of the process {peak():.0f} MiB; {time.perf_counter() - begun:.0f} s in all")


if __name__ == "__main__":
    main()
