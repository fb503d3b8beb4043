"""A data key as the key vault describes it: whose it is, what it is used for and what it is wrapped with. No material.

The use is in its alternate name, which is unique: the owner's id for the current key, "retired:…" for one before it.
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
DESCRIPTION = {"keyAltNames": 1, "creationDate": 1, "masterKey": 1}
RETIRED = {"keyAltNames": {"$regex": "^retired:"}}
_KEY_ID = slice(1, 17)


class KeyUse(StrEnum):
    """CURRENT seals and opens, RETIRED still opens what is not sealed anew yet."""

    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class DataKey:
    """`owner_id` is an organization's or a person's id, `wrapped_by` its master key as the driver writes it down."""

    id: Binary
    owner_id: str
    use: KeyUse
    made_at: datetime
    wrapped_by: Mapping[str, Any]

    @property
    def provider(self) -> str:
        return str(self.wrapped_by["provider"]).partition(":")[0]

    @property
    def master_key_id(self) -> str:
        """The provider's own name of the master key."""
        return master_key_id(self.wrapped_by)


def data_key(raw: Mapping[str, Any]) -> DataKey:
    """The key that the key vault keeps as `raw`, read with `DESCRIPTION`."""
    use, owner_id = _use_of(raw["keyAltNames"][0])
    return DataKey(
        id=raw["_id"],
        owner_id=owner_id,
        use=use,
        made_at=raw["creationDate"],
        wrapped_by=raw["masterKey"],
    )


def key_id_of(cipher: bytes) -> Binary:
    """The id of the data key that a cipher text was made with.

    Source: client-side encryption specification, "Subtype 6": one byte for the algorithm, then the key's UUID.
    """
    return Binary(cipher[_KEY_ID], UUID_SUBTYPE)


def retired_name(owner_id: str, key_id: bytes) -> str:
    """The alternate name of a key that was replaced; an owner may have several."""
    return f"{KeyUse.RETIRED}:{owner_id}:{key_id.hex()}"


def retired_names(owner_id: str) -> re.Pattern[str]:
    """What matches the names of an owner's retired keys."""
    return re.compile(f"^{KeyUse.RETIRED}:{re.escape(owner_id)}:")


def _use_of(name: str) -> tuple[KeyUse, str]:
    before = f"{KeyUse.RETIRED}:"
    if not name.startswith(before):
        return KeyUse.CURRENT, name
    # The owner may hold a colon, as user:<id>; the key's id, at the end, holds none.
    return KeyUse.RETIRED, name.removeprefix(before).rpartition(":")[0]
