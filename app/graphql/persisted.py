"""Automatic persisted queries: a client sends the hash of a document, and the document itself only the first time.

Protocol: github.com/apollographql/apollo-link-persisted-queries. Over HTTP only: WebSockets pass no extensions on.
"""

import hashlib
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.graphql.errors import ErrorCode, RequestError
from app.graphql.limits import MAX_SOURCE_LENGTH
from app.graphql.request import GraphQLRequest, HttpRefusal

log = structlog.get_logger(__name__)

KEPT_UNUSED = timedelta(days=7)
# What clients look for, besides the code, to send the whole document.
NOT_FOUND = "PersistedQueryNotFound"


class UnknownDocument(RequestError):
    """The hash stands for no document that is known: the client shall send the document itself."""

    def __init__(self) -> None:
        super().__init__(NOT_FOUND, ErrorCode.PERSISTED_QUERY_NOT_FOUND)


class Documents(Protocol):
    async def get(self, digest: str) -> str | None: ...

    async def put(self, digest: str, query: str) -> None: ...


class NoDocuments:
    """Keeps nothing: every client is asked for the whole document."""

    async def get(self, digest: str) -> str | None:
        return None

    async def put(self, digest: str, query: str) -> None:
        return None


class RedisDocuments:
    """Shared by all processes; a document unused for a week is forgotten. Without Redis nothing is found."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, digest: str) -> str | None:
        try:
            found = await self._redis.getex(_key(digest), ex=KEPT_UNUSED)
        except (RedisError, OSError) as error:
            log.warning("persisted_queries.unavailable", error=type(error).__name__)
            return None
        return found.decode() if isinstance(found, bytes) else found

    async def put(self, digest: str, query: str) -> None:
        try:
            await self._redis.set(_key(digest), query, ex=KEPT_UNUSED)
        except (RedisError, OSError) as error:
            log.warning("persisted_queries.unavailable", error=type(error).__name__)


async def with_document(sent: GraphQLRequest, documents: Documents) -> GraphQLRequest:
    """The request with its document put in. Raises UnknownDocument, or HttpRefusal for a malformed or wrong hash."""
    if "persistedQuery" not in sent.extensions:
        return sent
    digest = _digest_of(sent.extensions["persistedQuery"])
    if sent.query is None:
        query = await documents.get(digest)
        if query is None:
            raise UnknownDocument
        return replace(sent, query=query)
    if hashlib.sha256(sent.query.encode()).hexdigest() != digest:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "sha256Hash is not the SHA-256 of query.")
    if len(sent.query) <= MAX_SOURCE_LENGTH:
        await documents.put(digest, sent.query)
    return sent


def _digest_of(entry: Any) -> str:
    digest = entry.get("sha256Hash") if isinstance(entry, dict) else None
    is_digest = isinstance(digest, str) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")
    if not is_digest or entry.get("version") != 1:
        message = "persistedQuery must hold version 1 and sha256Hash, 64 lowercase hexadecimal digits."
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, message)
    return str(digest)


def _key(digest: str) -> str:
    return f"document:{digest}"
