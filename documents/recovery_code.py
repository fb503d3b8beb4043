"""Recovery codes: each lets its owner in once without the second factor, which they have lost."""

import base64
import hashlib
import secrets
from datetime import datetime

from beanie import Document, PydanticObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

CODES = 10
# 120 bit: more than the 112 from which on a plain hash is enough (OWASP ASVS 5.0, 6.5.2). 24 letters in base32.
CODE_BYTES = 15
GROUP = 4


class RecoveryCode(Document):
    """`id` is SHA-256 in hex over person and code; the code itself is stored nowhere."""

    id: str  # type: ignore[assignment]
    user_id: PydanticObjectId
    used_at: datetime | None = None

    class Settings:
        name = "recovery_codes"
        indexes = [IndexModel([("user_id", ASCENDING)], name="user")]


def new_codes() -> list[str]:
    """Ten fresh codes such as abcd-efgh-ijkl-mnop-qrst-uvwx."""
    texts = [base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower() for _ in range(CODES)]
    return ["-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP)) for text in texts]


async def replace_codes(user_id: PydanticObjectId, codes: list[str], session: AsyncClientSession) -> None:
    """Have these codes work, and none of the person's earlier ones."""
    collection = RecoveryCode.get_pymongo_collection()
    await collection.delete_many({"user_id": user_id}, session=session)
    rows = [{"_id": _hashed(user_id, code), "user_id": user_id, "used_at": None} for code in codes]
    await collection.insert_many(rows, session=session)


async def use_code(user_id: PydanticObjectId, code: str, at: datetime, session: AsyncClientSession) -> bool:
    """Use up a code. False when it is none of the person's, or was used before, by whatever process."""
    result = await RecoveryCode.get_pymongo_collection().update_one(
        {"_id": _hashed(user_id, code), "user_id": user_id, "used_at": None}, {"$set": {"used_at": at}}, session=session
    )
    return result.modified_count == 1


async def count_left(user_id: PydanticObjectId, session: AsyncClientSession | None = None) -> int:
    """How many of the person's codes can still be used."""
    query = {"user_id": user_id, "used_at": None}
    return await RecoveryCode.get_pymongo_collection().count_documents(query, session=session)


async def remove_codes(user_id: PydanticObjectId, session: AsyncClientSession) -> None:
    """Have none of the person's codes work any more."""
    await RecoveryCode.get_pymongo_collection().delete_many({"user_id": user_id}, session=session)


def _hashed(user_id: PydanticObjectId, code: str) -> str:
    """Over what was meant: however the code is grouped and in whatever case it is written."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{user_id}:{plain}".encode()).hexdigest()
