"""Whose a data key is, and what it is used for, is in its name."""

from datetime import UTC, datetime

import pytest
from bson import Binary

from documents.data_key import KeyUse, data_key, retired_name, retired_names

OWNERS = ["0123456789abcdef01234567", "user:0123456789abcdef01234567"]
KEY_ID = Binary(bytes(range(16)), 4)


def named(name: str) -> tuple[str, KeyUse]:
    raw = {"_id": KEY_ID, "keyAltNames": [name], "creationDate": datetime.now(UTC), "masterKey": {"provider": "local"}}
    key = data_key(raw)
    return key.owner_id, key.use


@pytest.mark.parametrize("owner_id", OWNERS)
def test_the_current_key_has_the_name_of_its_owner(owner_id: str) -> None:
    assert named(owner_id) == (owner_id, KeyUse.CURRENT)


@pytest.mark.parametrize("owner_id", OWNERS)
def test_a_retired_key_still_tells_its_owner(owner_id: str) -> None:
    name = retired_name(owner_id, KEY_ID)

    assert named(name) == (owner_id, KeyUse.RETIRED)
    assert retired_names(owner_id).match(name)
    assert not retired_names(owner_id[:-1]).match(name)
