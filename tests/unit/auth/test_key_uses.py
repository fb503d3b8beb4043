"""Uses of keys are written once a minute, beside the request."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect

from auth import key_uses
from auth.key_uses import KeyUses

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KEY, OTHER = str(ObjectId()), str(ObjectId())


class Store:
    def __init__(self) -> None:
        self.noted: list[tuple[str, datetime, str]] = []
        self.is_away = False

    async def write(self, id: ObjectId, at: datetime, address: str) -> None:
        if self.is_away:
            raise AutoReconnect("away")
        self.noted.append((str(id), at, address))


async def noted(*uses: tuple[str, float, str], store: Store | None = None) -> list[Any]:
    kept = store or Store()
    every = KeyUses(kept.write)
    for key, seconds, address in uses:
        every.note(key, NOON + timedelta(seconds=seconds), address)
        await every.settled()
    return kept.noted


async def test_a_use_within_a_minute_of_the_last_is_not_written() -> None:
    found = await noted((KEY, 0, "a"), (KEY, 59.9, "b"), (KEY, 60, "c"))

    assert [address for _, _, address in found] == ["a", "c"]


async def test_keys_are_told_apart() -> None:
    assert [key for key, _, _ in await noted((KEY, 0, "a"), (OTHER, 1, "a"))] == [KEY, OTHER]


async def test_a_database_that_is_away_stops_nobody() -> None:
    store = Store()
    store.is_away = True

    assert await noted((KEY, 0, "a"), store=store) == []


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_uses, "MOST_KEYS", 1)

    found = await noted((KEY, 0, "a"), (OTHER, 1, "b"), (KEY, 2, "c"))

    assert [address for _, _, address in found] == ["a", "b", "c"]
