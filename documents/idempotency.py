"""Answers to mutations that carried an idempotency key, kept for 24 hours. Written with the change itself."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beanie import Document
from beanie.odm.utils.encoder import Encoder
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import utc_now
from domain.errors import CloudWatcherError, Conflict

KEPT_SECONDS = 24 * 3600
# The kind of an answer that is no document but a text.
TEXT = "text"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """`key_hash` names actor, mutation and the caller's key; `input_hash` is that of everything else it sent."""

    key_hash: str
    input_hash: str


current_key: ContextVar[IdempotencyKey | None] = ContextVar("current_key", default=None)


class IdempotentResult(Document):
    """`_id` is the key hash; `result` the stored document as it was, `kind` its class; or a plain text and TEXT."""

    id: str  # type: ignore[assignment]
    input_hash: str
    kind: str
    result: dict[str, Any]
    created_at: datetime

    class Settings:
        name = "idempotent_results"
        indexes = [IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=KEPT_SECONDS)]


class AlreadyDone(CloudWatcherError):
    """Another request with the same key committed first; its answer is stored."""


async def record_result(result: Any, session: AsyncClientSession) -> None:
    """Keep the answer in the transaction that made it. Raises AlreadyDone when another one got there first."""
    key = current_key.get()
    if key is None or not isinstance(result, Document | str):
        return
    row = {
        "_id": key.key_hash,
        "input_hash": key.input_hash,
        "kind": TEXT if isinstance(result, str) else type(result).__name__,
        "result": {TEXT: result} if isinstance(result, str) else encoded(result),
        "created_at": utc_now(),
    }
    try:
        await IdempotentResult.get_pymongo_collection().insert_one(row, session=session)
    except DuplicateKeyError as error:
        raise AlreadyDone from error


def encoded(document: Document) -> dict[str, Any]:
    """The document as MongoDB stores it."""
    raw: dict[str, Any] = Encoder(to_db=True).encode(document)
    return raw


async def find_result(key: IdempotencyKey) -> tuple[str, dict[str, Any]] | None:
    """(class name, stored document) of an earlier answer, or None.

    Raises Conflict when the key was used with another input.
    """
    row = await IdempotentResult.get_pymongo_collection().find_one({"_id": key.key_hash})
    if row is None:
        return None
    if row["input_hash"] != key.input_hash:
        raise Conflict(
            "This idempotency key was used with another input. Use a new key for a new request.",
            path=("input", "idempotencyKey"),
        )
    return row["kind"], row["result"]
