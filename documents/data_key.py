"""A data key as the key vault describes it: whose it is, what it is used for and what it is wrapped with. No material.

The use is in its alternate name, which is unique: the owner's id for the current key, and two names while it rotates.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bson import Binary
from bson.binary import UUID_SUBTYPE

from documents.master_key import master_key_id

# What a listing reads: everything but the material.
DESCRIPTION = {"keyAltNames": 1, "creationDate": 1, "updateDate": 1, "masterKey": 1}
RETIRED = {"keyAltNames": {"$regex": "^retired:"}}
_KEY_ID = slice(1, 17)


class KeyUse(StrEnum):
    """CURRENT seals and opens, NEXT is about to take over, RETIRED still opens what is not sealed anew yet."""

    CURRENT = "current"
    NEXT = "next"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class DataKey:
    """`owner_id` is an organization's or a person's id, `wrapped_at` when it was last wrapped or retired."""

    id: Binary
    owner_id: str
    use: KeyUse
    made_at: datetime
    wrapped_at: datetime
    provider: str
    master_key_id: str


def data_key(raw: Mapping[str, Any]) -> DataKey:
    """The key that the key vault keeps as `raw`, read with `DESCRIPTION`."""
    use, owner_id = _use_of(raw["keyAltNames"][0])
    return DataKey(
        id=raw["_id"],
        owner_id=owner_id,
        use=use,
        made_at=raw["creationDate"],
        wrapped_at=raw["updateDate"],
        provider=raw["masterKey"]["provider"].partition(":")[0],
        master_key_id=master_key_id(raw["masterKey"]),
    )


def key_id_of(cipher: bytes) -> Binary:
    """The id of the data key that a cipher text was made with.

    Source: client-side encryption specification, "Subtype 6": one byte for the algorithm, then the key's UUID.
    """
    return Binary(cipher[_KEY_ID], UUID_SUBTYPE)


def next_name(owner_id: str) -> str:
    """The alternate name of the key that is about to take over."""
    return f"{KeyUse.NEXT}:{owner_id}"


def retired_name(owner_id: str, key_id: bytes) -> str:
    """The alternate name of a key that was replaced; an owner may have several."""
    return f"{KeyUse.RETIRED}:{owner_id}:{key_id.hex()}"


def all_names(owner_id: str) -> list[Any]:
    """What matches every key of an owner, whatever its use."""
    return [owner_id, next_name(owner_id), re.compile(f"^{KeyUse.RETIRED}:{re.escape(owner_id)}:")]


def _use_of(name: str) -> tuple[KeyUse, str]:
    parts = name.split(":")
    return (KeyUse.CURRENT, name) if len(parts) == 1 else (KeyUse(parts[0]), parts[1])
