"""`cloudwatcher doctor`: looks at everything a start needs and says what to do."""

import asyncio
import os
import stat
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from app.cli.store import borrowed_store
from app.embedded.checks import check_mongodb, check_redis
from app.keys import load_master_keys
from app.post import mail_folder, make_post
from app.settings import Settings
from app.wiring import urls_of
from connectors.channels.mail import SmtpPost
from documents.database import connect, missing_indexes, open_database
from documents.vault import Vault
from domain.errors import CloudWatcherError

# Tokens are judged with ten seconds of leeway; clocks further apart than half of that are worth a word.
CLOCK_LIMIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    is_fine: bool
    found: str


def run_doctor(settings: Settings) -> int:
    """Print every check; 0 when all are fine, 1 when something needs doing."""
    console = Console()
    console.print(_settings_table(settings))
    try:
        with borrowed_store(settings) as ready:
            checks = asyncio.run(examine(ready))
    except CloudWatcherError as error:
        checks = [Check("servers", False, str(error))]
    checks.insert(0, _data_directory(settings))
    for check in checks:
        mark = "[green]fine[/green]" if check.is_fine else "[red]mend[/red]"
        console.print(f"{mark}  {check.name}: {check.found}", highlight=False, soft_wrap=True)
    return 0 if all(check.is_fine for check in checks) else 1


async def examine(settings: Settings) -> list[Check]:
    """The checks that need the servers; one that fails does not keep the others from running."""
    looks: dict[str, Callable[[Settings], Awaitable[Check]]] = {
        "MongoDB": _mongodb,
        "Redis": _redis,
        "indexes": _indexes,
        "clocks": _clocks,
        "permissions": _permissions,
        "mail": _mail,
        "secrets": _secrets,
    }
    checks = []
    for name, look in looks.items():
        try:
            checks.append(await look(settings))
        except Exception as error:  # noqa: BLE001 - whatever it is, the doctor reports it
            checks.append(Check(name, False, str(error)))
    return checks


async def _mongodb(settings: Settings) -> Check:
    facts = await check_mongodb(urls_of(settings)[0])
    return Check("MongoDB", True, f"version {facts.version}, {facts.topology}")


async def _redis(settings: Settings) -> Check:
    return Check("Redis", True, await check_redis(urls_of(settings)[1]))


async def _indexes(settings: Settings) -> Check:
    client = connect(urls_of(settings)[0])
    try:
        missing = await missing_indexes(await open_database(client, settings.mongodb_database))
    finally:
        await client.close()
    if missing:
        return Check("indexes", False, f"{len(missing)} are missing: run `cloudwatcher migrate`.")
    return Check("indexes", True, "all there")


async def _clocks(settings: Settings) -> Check:
    client = connect(urls_of(settings)[0])
    redis = Redis.from_url(urls_of(settings)[1])
    try:
        theirs = (await client.admin.command("hello"))["localTime"]
        mongodb_off = abs((theirs.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds())
        seconds, microseconds = await redis.time()
        redis_off = abs(seconds + microseconds / 1e6 - time.time())
    finally:
        await redis.aclose()
        await client.close()
    worst = max(mongodb_off, redis_off)
    if worst > CLOCK_LIMIT_SECONDS:
        return Check("clocks", False, f"{worst:.1f} s apart: synchronise them, for example with chrony.")
    return Check("clocks", True, f"within {worst:.2f} s of each other")


async def _permissions(settings: Settings) -> Check:
    """Try what the application does: write, transact and remove, in a collection of its own."""
    client = connect(urls_of(settings)[0])
    try:
        probe = client[settings.mongodb_database]["doctor"]
        await probe.insert_one({"_id": "probe"})
        async with client.start_session() as session, await session.start_transaction():
            await probe.update_one({"_id": "probe"}, {"$set": {"seen": True}}, session=session)
        await probe.drop()
    finally:
        await client.close()
    return Check("permissions", True, f"may write and transact in {settings.mongodb_database}")


async def _mail(settings: Settings) -> Check:
    post = make_post(settings)
    if isinstance(post, SmtpPost):
        return Check("mail", True, f"{await post.check()} lets us in")
    return Check("mail", True, f"no server is set: mail is written to {mail_folder(settings)}")


async def _secrets(settings: Settings) -> Check:
    """Unwrap with every master key in use: one that is missing shows here and not in the next sync."""
    client = connect(urls_of(settings)[0])
    vault = Vault(client, settings.mongodb_database, load_master_keys(settings))
    try:
        keys = await vault.list_keys()
        await vault.try_out()
    finally:
        await vault.close()
        await client.close()
    current = vault.master.current
    if waiting := sum(not current.wraps(key.wrapped_by) for key in keys):
        return Check("secrets", True, f"{waiting} of {len(keys)} data keys wait for `cloudwatcher keys rewrap`")
    return Check("secrets", True, f"{len(keys)} data keys open, wrapped by {current.provider}")


def _data_directory(settings: Settings) -> Check:
    path = settings.data_dir
    if not path.exists():
        return Check("data directory", True, f"{path} will be made on the first start")
    keys = path / "keys"
    if keys.exists() and stat.S_IMODE(keys.stat().st_mode) & 0o077:
        return Check("data directory", False, f"others can read {keys}: run chmod -R go-rwx {path}")
    if not os.access(path, os.W_OK):
        return Check("data directory", False, f"{path} cannot be written to: change its owner or choose --data-dir.")
    return Check("data directory", True, str(path))


def _settings_table(settings: Settings) -> Table:
    table = Table("setting", "value", title="Settings", title_justify="left", show_edge=False)
    for name, value in settings.shown().items():
        table.add_row(name, value)
    return table
