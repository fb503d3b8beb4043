"""Where a measurement takes place: one MongoDB and one Valkey of its own, and the settings of the product over them."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pymongo import MongoClient

from app.embedded.servers import EmbeddedServers
from app.settings import Settings, environment_for_children
from app.wiring import Backend, migrate, open_backend

# More than any measurement takes; tokens must not run out in the middle of an hour.
TOKEN_LIFETIME = timedelta(hours=12)
ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "bench"


@dataclass(frozen=True, slots=True)
class Stage:
    """`folder` is for files of this run; `database` the one that is measured."""

    folder: Path
    mongodb_url: str
    redis_url: str
    mongod_pid: int
    database: str = "bench"

    def settings(self, port: int = 0) -> Settings:
        changes = {
            "data_dir": self.folder,
            "mongodb_url": SecretStr(self.mongodb_url),
            "redis_url": SecretStr(self.redis_url),
            "mongodb_database": self.database,
            "access_token_lifetime": TOKEN_LIFETIME,
            "port": port,
        }
        return Settings().model_copy(update=changes)

    def environment(self, port: int, **more: str) -> dict[str, str]:
        """The environment of the product's processes: budgets that never refuse, logs as quiet as in production."""
        chosen = {
            "CLOUDWATCHER_MONGODB_DATABASE": self.database,
            "CLOUDWATCHER_COST_PER_MINUTE": "6000000000",
            "CLOUDWATCHER_COST_PER_MINUTE_SIGNED_OUT": "6000000000",
            "CLOUDWATCHER_COST_PER_MINUTE_PER_ADDRESS": "6000000000",
            "CLOUDWATCHER_FREE_ATTEMPTS": "1000000",
            "CLOUDWATCHER_MAX_CONNECTIONS_PER_USER": "100000",
            "CLOUDWATCHER_MAX_CONNECTIONS_PER_ADDRESS": "100000",
            "CLOUDWATCHER_MAX_CONNECTIONS": "100000",
            "CLOUDWATCHER_LOG_LEVEL": "WARNING",
            "CLOUDWATCHER_LOG_JSON": "true",
            "WEB_PROCESSES": "1",
            "PYTHONPATH": str(ROOT),
            "NODE_ENV": "production",
            "BENCH_DATABASE": self.database,
            "BENCH_PORT": str(port),
        }
        return environment_for_children(self.settings(port)) | chosen | more

    @asynccontextmanager
    async def backend(self) -> AsyncIterator[Backend]:
        """The open backend, collections and indexes made."""
        async with open_backend(self.settings()) as backend:
            await migrate(backend)
            yield backend

    def mongodb(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.mongodb_url, w="majority", tz_aware=True)


@contextmanager
def staged(folder: Path, *, cache_gigabytes: float = 2.0) -> Iterator[Stage]:
    """The servers, started in `folder`; MongoDB may keep so much in memory, as one of a real deployment would."""
    folder.mkdir(parents=True, exist_ok=True)
    with EmbeddedServers(folder) as servers:
        urls, mongodb = servers.urls, servers.mongodb
        assert urls.mongodb_url is not None
        assert urls.redis_url is not None
        assert mongodb is not None
        stage = Stage(folder, urls.mongodb_url, urls.redis_url, mongodb.process_id() or os.getpid())
        with stage.mongodb() as client:
            megabytes = int(cache_gigabytes * 1024)
            client.admin.command("setParameter", 1, wiredTigerEngineRuntimeConfig=f"cache_size={megabytes}M")
        yield stage
