"""Commands that work on the store itself: which servers they use, and the migration."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from app.embedded.checks import check_mongodb
from app.embedded.servers import ServerUrls, running_or_started
from app.keys import load_keys
from app.settings import Settings
from app.wiring import urls_of
from documents.database import connect, migrate
from documents.vault import Vault


def with_urls(settings: Settings, urls: ServerUrls) -> Settings:
    """The settings with the addresses of embedded servers filled in."""
    found = {"mongodb_url": urls.mongodb_url, "redis_url": urls.redis_url}
    return settings.model_copy(update={name: SecretStr(url) for name, url in found.items() if url is not None})


@contextmanager
def borrowed_store(settings: Settings) -> Iterator[Settings]:
    """Settings whose servers answer: those that are set, those of a running `up`, else our own for the duration."""
    wants_mongodb, wants_redis = settings.mongodb_url is None, settings.redis_url is None
    if not wants_mongodb and not wants_redis:
        yield settings
        return
    with running_or_started(settings.data_dir, mongodb=wants_mongodb, redis=wants_redis) as urls:
        yield with_urls(settings, urls)


async def run_migrate(settings: Settings) -> list[str]:
    """Create what is missing; returns it in words."""
    url, _ = urls_of(settings)
    await check_mongodb(url)
    client = connect(url)
    vault = Vault(client, settings.mongodb_database, load_keys(settings).master)
    try:
        made = await migrate(client, settings.mongodb_database)
        await vault.migrate()
    finally:
        await vault.close()
        await client.close()
    return made
