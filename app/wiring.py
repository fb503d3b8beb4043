"""Opens what every process needs: database, bus, queue, vault. Closed in reverse when the process ends."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from arq.connections import ArqRedis, RedisSettings, create_pool
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from app.embedded.checks import check_mongodb
from app.keys import Keys, load_keys
from app.metrics import count_live
from app.settings import Settings
from connectors.guard import Guards
from documents.audit import Act, acting
from documents.audit_chain import organizations_without_chain
from documents.database import connect, open_database
from documents.database import migrate as migrate_documents
from documents.event import EventLog
from documents.log_reader import read_from_now_on
from documents.one_time_token import OneTimeTokens
from documents.transaction import Transaction
from documents.vault import Vault
from domain.errors import Invalid
from jobs.queue import QUICK, Queue, dumps, loads
from jobs.writer import Writer
from live.bus import Bus
from live.revocations import Revocations


@dataclass(frozen=True, kw_only=True)
class Backend:
    """The long-lived parts of one process; made by `open_backend`."""

    settings: Settings
    keys: Keys
    client: AsyncMongoClient[dict[str, Any]]
    database: AsyncDatabase[dict[str, Any]]
    redis: ArqRedis
    bus: Bus
    revocations: Revocations
    queue: Queue
    writer: Writer
    vault: Vault
    log: EventLog
    audit_entries: AsyncCollection[dict[str, Any]]
    one_time_tokens: OneTimeTokens
    guards: Guards


def urls_of(settings: Settings) -> tuple[str, str]:
    """(MongoDB URL, Redis URL). Raises Invalid when one is missing: only `up` starts servers by itself."""
    if settings.mongodb_url is None or settings.redis_url is None:
        raise Invalid(
            "MONGODB_URL and REDIS_URL are not both set. Start everything with `cloudwatcher up`, or set both."
        )
    return settings.mongodb_url.get_secret_value(), settings.redis_url.get_secret_value()


async def open_redis(url: str) -> ArqRedis:
    """A pool for asking jobs; waits a little for a server that is just starting."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_retries, settings.conn_retry_delay = 20, 1
    settings.retry_on_timeout = True
    return await create_pool(settings, job_serializer=dumps, job_deserializer=loads, default_queue_name=QUICK)


@asynccontextmanager
async def open_backend(settings: Settings) -> AsyncIterator[Backend]:
    """Connect and bind everything. Raises Refused with a sentence when a server is missing or unfit."""
    mongodb_url, redis_url = urls_of(settings)
    keys = load_keys(settings)
    await check_mongodb(mongodb_url)
    async with AsyncExitStack() as closing:
        client = connect(mongodb_url)
        closing.push_async_callback(client.close)
        audit_client = _audit_client(settings, client)
        closing.push_async_callback(audit_client.close)
        redis = await open_redis(redis_url)
        closing.push_async_callback(redis.aclose, close_connection_pool=True)
        vault = Vault(client, settings.mongodb_database, keys.master)
        closing.push_async_callback(vault.close)
        database = await open_database(client, settings.mongodb_database)
        bus, revocations = Bus(redis_url, count=count_live), Revocations(redis_url, count=count_live)
        for listening in (bus, revocations):
            await listening.connect()
            closing.push_async_callback(listening.disconnect)
        queue = Queue(redis)
        writer = Writer(bus.wake, queue, keys.audit[0])
        closing.push_async_callback(writer.close)
        yield Backend(
            settings=settings,
            keys=keys,
            client=client,
            database=database,
            redis=redis,
            bus=bus,
            revocations=revocations,
            queue=queue,
            writer=writer,
            vault=vault,
            log=EventLog(),
            audit_entries=audit_client[settings.mongodb_database]["audit"],
            one_time_tokens=OneTimeTokens(keys.derived("one-time tokens")),
            guards=Guards(redis),
        )


def _audit_client(settings: Settings, client: AsyncMongoClient[dict[str, Any]]) -> AsyncMongoClient[dict[str, Any]]:
    """Deleting what the retention is over for may need another database user than everything else."""
    url = settings.audit_mongodb_url
    return client if url is None else connect(url.get_secret_value(), max_pool_size=2)


async def migrate(backend: Backend) -> list[str]:
    """Create what is missing of collections and indexes, drop what is obsolete; returns what it did, in words."""
    made = await migrate_documents(backend.client, backend.settings.mongodb_database)
    await backend.vault.migrate()
    await read_from_now_on()
    begun = await _begin_audit_logs(backend)
    return [*made, f"began audit logs: {begun}"] if begun else made


async def _begin_audit_logs(backend: Backend) -> int:
    """Give every organization of before there were audit logs the first entry of one; returns how many."""

    async def change(tx: Transaction) -> int:
        # Read within: of two processes that start at once, one begins them.
        missing = await organizations_without_chain(tx.session)
        with acting(Act(action="audit.begin", actor="operator")):
            for org_id in missing:
                tx.audit(org_id, target=f"organization:{org_id}")
        return len(missing)

    return await backend.writer.commit(change) if await organizations_without_chain() else 0
