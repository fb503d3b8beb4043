"""Persisted documents on a real Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from app.embedded.servers import ServerUrls
from app.graphql.persisted import KEPT_UNUSED, RedisDocuments

DIGEST = "ab" * 32


@pytest.fixture
async def redis(servers: ServerUrls) -> AsyncIterator[Redis]:
    assert servers.redis_url is not None
    client = Redis.from_url(servers.redis_url)
    await client.delete(f"document:{DIGEST}")
    yield client
    await client.aclose()


async def test_a_document_is_found_by_every_process(redis):
    await RedisDocuments(redis).put(DIGEST, "{ zoë }")

    assert await RedisDocuments(redis).get(DIGEST) == "{ zoë }"


async def test_an_unknown_document_is_none(redis):
    assert await RedisDocuments(redis).get(DIGEST) is None


async def test_using_a_document_keeps_it_for_another_week(redis):
    documents = RedisDocuments(redis)
    await documents.put(DIGEST, "{ hello }")
    await redis.expire(f"document:{DIGEST}", 60)

    await documents.get(DIGEST)

    assert await redis.ttl(f"document:{DIGEST}") > KEPT_UNUSED.total_seconds() - 60


async def test_without_redis_nothing_is_found_and_nothing_breaks(unused_tcp_port):
    async with Redis(port=unused_tcp_port) as nowhere:
        documents = RedisDocuments(nowhere)
        await documents.put(DIGEST, "{ hello }")

        assert await documents.get(DIGEST) is None
