"""Commands that work on the store itself: which servers they use, and the migration."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.embedded.servers import running_or_started
from app.settings import Settings, with_urls
from app.wiring import migrate, open_backend


@contextmanager
def borrowed_store(settings: Settings) -> Iterator[Settings]:
    """Settings whose servers answer: those that are set, those of a running `up`, else our own for the duration."""
    wants_mongodb, wants_redis = settings.mongodb_url is None, settings.redis_url is None
    if not wants_mongodb and not wants_redis:
        yield settings
        return
    with running_or_started(settings.data_dir, mongodb=wants_mongodb, redis=wants_redis) as urls:
        yield with_urls(settings, mongodb_url=urls.mongodb_url, redis_url=urls.redis_url)


async def run_migrate(settings: Settings) -> list[str]:
    """Create what is missing; returns it in words."""
    async with open_backend(settings) as backend:
        return await migrate(backend)
