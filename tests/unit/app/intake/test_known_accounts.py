"""Which accounts are connected is asked for at most every ten seconds, for each organization apart."""

import pytest
from bson import ObjectId

from app.intake import known_accounts
from app.intake.known_accounts import KnownAccounts
from domain.facts.provider import Provider


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Database:
    """Counts what is asked of it."""

    def __init__(self) -> None:
        self.accounts = frozenset({"111122223333"})
        self.asked: list[tuple[ObjectId, Provider]] = []

    async def read(self, org_id: ObjectId, provider: Provider) -> frozenset[str]:
        self.asked.append((org_id, provider))
        return self.accounts


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    made = Database()
    monkeypatch.setattr(known_accounts, "connected_native_ids", made.read)
    return made


async def test_what_was_read_is_known_for_ten_seconds(database: Database) -> None:
    clock, org_id = Clock(), ObjectId()
    known = KnownAccounts(clock)

    first = await known.of(org_id, Provider.AWS)
    database.accounts = frozenset()
    clock.now += 9.9
    assert await known.of(org_id, Provider.AWS) == first == {"111122223333"}
    clock.now += 0.1
    assert await known.of(org_id, Provider.AWS) == frozenset()


async def test_organizations_and_providers_are_told_apart(database: Database) -> None:
    one, other = ObjectId(), ObjectId()
    known = KnownAccounts(Clock())

    for org_id, provider in ((one, Provider.AWS), (other, Provider.AWS), (one, Provider.GCP)) * 2:
        await known.of(org_id, provider)

    assert database.asked == [(one, Provider.AWS), (other, Provider.AWS), (one, Provider.GCP)]


async def test_what_is_known_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_accounts, "MOST", 2)
    known, orgs = KnownAccounts(Clock()), [ObjectId() for _ in range(3)]

    for org_id in (*orgs, orgs[0]):
        await known.of(org_id, Provider.AWS)

    assert len(database.asked) == 4
