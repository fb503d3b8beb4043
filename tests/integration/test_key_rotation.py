"""New master keys and new data keys: nothing is lost, whoever reads, writes, shreds or dies meanwhile."""

import asyncio
import base64
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson import Binary, ObjectId

from app.wiring import Backend
from documents.data_key import KeyUse, key_id_of
from documents.key_rotation import KeyProgress, KeyReport, Tell, rewrap_keys, rotate_keys
from documents.master_key import MasterKey, MasterKeys, local_master_key
from documents.sealed import SealedField
from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.errors import NotFound
from tests.fakes.dying_rotation import COLLECTION, FIELD

ROOT = Path(__file__).parents[2]
OWNERS, EACH = 6, 5
SOON = timedelta(milliseconds=200)
LATER = timedelta(seconds=3)  # longer than a busy machine needs from sealing to storing
MOMENTS = [
    ("change", 0),
    ("Making data keys", 1),
    ("Making data keys", OWNERS),
    ("Sealing secrets anew", 1),
    ("Sealing secrets anew", OWNERS * EACH - 1),
    ("Waiting for writers", 0),
    ("Deleting old keys", 1),
    ("Deleting old keys", OWNERS),
]


def quiet(_: KeyProgress) -> None:
    """Nobody watches."""


@dataclass
class House:
    """Owners with stored secrets. `raw` is the master key as its holder keeps it."""

    vault: Vault
    raw: bytes
    secrets: dict[ObjectId, tuple[str, str]]

    @property
    def field(self) -> SealedField:
        return SealedField(self.vault.database[COLLECTION], FIELD)

    @property
    def owners(self) -> list[str]:
        return sorted({owner for owner, _ in self.secrets.values()})

    def another(self, *keys: MasterKey) -> Vault:
        """The vault of another process."""
        current, *others = keys or (local_master_key(self.raw),)
        return Vault(self.vault.database.client, self.vault.database.name, MasterKeys(current, tuple(others)))

    async def store(self, owner: str, vault: Vault | None = None) -> ObjectId:
        """Seal a new secret and store it."""
        id, secret = ObjectId(), secrets.token_hex(12)
        await self.put(id, await (vault or self.vault).seal(owner, secret))
        self.secrets[id] = (owner, secret)
        return id

    async def put(self, id: ObjectId, cipher: bytes) -> None:
        await self.field.collection.insert_one({"_id": id, FIELD: Binary(cipher, 6)})

    async def cipher(self, id: ObjectId) -> bytes:
        raw = await self.field.collection.find_one({"_id": id})
        assert raw is not None
        return bytes(raw[FIELD])

    async def key_ids(self) -> dict[str, Any]:
        """Owner to the id of the current key."""
        return {key.owner_id: key.id for key in await self.vault.list_keys() if key.use is KeyUse.CURRENT}

    async def unreadable(self, vault: Vault) -> list[ObjectId]:
        """What this vault does not open as what was sealed."""
        bad = []
        for id, (_, secret) in [*self.secrets.items()]:
            try:
                opened = await vault.open(await self.cipher(id))
            except (SecretLost, VaultUnavailable):
                opened = None
            if opened != secret:
                bad.append(id)
        return bad

    async def rotate(
        self, tell: Tell = quiet, *, owners: list[str] | None = None, grace: timedelta = SOON
    ) -> KeyReport:
        return await rotate_keys(self.vault, [self.field], tell, owner_ids=owners, grace=grace)


@pytest.fixture
async def house(backend: Backend) -> AsyncIterator[House]:
    raw, database = secrets.token_bytes(96), f"vault_{uuid4().hex}"
    vault = Vault(backend.client, database, MasterKeys(local_master_key(raw)))
    await vault.migrate()
    made = House(vault, raw, {})
    for owner in [str(ObjectId()) for _ in range(OWNERS)]:
        for _ in range(EACH):
            await made.store(owner)
    yield made
    await vault.close()
    await backend.client.drop_database(database)


async def died(backend: Backend, house: House, moment: str, number: int, *keys: bytes) -> None:
    """Run it in a process of its own until it has killed itself."""
    assert backend.settings.mongodb_url is not None
    arguments = (backend.settings.mongodb_url.get_secret_value(), house.vault.database.name, moment, str(number))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.dying_rotation", *arguments, cwd=ROOT, stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(b"\n".join(base64.b64encode(key) for key in keys or (house.raw,)))
    assert process.returncode == -signal.SIGKILL


async def test_rotation_seals_everything_under_new_keys_and_deletes_the_old_ones(house: House) -> None:
    before = await house.key_ids()

    report = await house.rotate()

    after = await house.key_ids()
    assert (report.done, report.resealed, report.dropped, report.problems) == (OWNERS, OWNERS * EACH, OWNERS, [])
    assert before.keys() == after.keys()
    assert set(before.values()) & set(after.values()) == set()
    assert [key.use for key in await house.vault.list_keys()] == [KeyUse.CURRENT] * OWNERS
    assert await house.unreadable(house.another()) == []
    for id, (owner, _) in house.secrets.items():
        assert key_id_of(await house.cipher(id)) == after[owner]


async def test_one_organization_alone_is_rotated_when_named(house: House) -> None:
    before, one = await house.key_ids(), house.owners[0]

    report = await house.rotate(owners=[one])

    after = await house.key_ids()
    assert (report.done, report.resealed, report.dropped) == (1, EACH, 1)
    assert {owner for owner in after if after[owner] != before[owner]} == {one}
    assert await house.unreadable(house.another()) == []


async def test_an_owner_without_a_key_is_refused_and_nothing_is_begun(house: House) -> None:
    before = await house.key_ids()

    with pytest.raises(NotFound):
        await house.rotate(owners=[house.owners[0], str(ObjectId())])

    assert await house.key_ids() == before
    assert not (await house.rotate()).is_resumed


@pytest.mark.parametrize(("moment", "number"), MOMENTS)
async def test_a_rotation_killed_at_any_moment_loses_nothing_and_is_brought_to_its_end(
    backend: Backend, house: House, moment: str, number: int
) -> None:
    before = await house.key_ids()
    await died(backend, house, moment, number)
    assert await house.unreadable(house.another()) == [], "while it lies there, everything opens"

    report = await house.rotate()

    after = await house.key_ids()
    assert report.is_resumed
    assert report.problems == []
    assert [key.use for key in await house.vault.list_keys()] == [KeyUse.CURRENT] * OWNERS
    assert set(before.values()) & set(after.values()) == set(), "every key was replaced"
    assert await house.unreadable(house.another()) == []
    assert not (await house.rotate()).is_resumed, "the next one is a new one"


async def test_a_key_that_was_replaced_before_the_kill_is_not_replaced_again(backend: Backend, house: House) -> None:
    await died(backend, house, "Making data keys", 2)
    made = {key.id for key in await house.vault.list_keys() if key.use is KeyUse.RETIRED}
    between = await house.key_ids()

    report = await house.rotate()

    after = await house.key_ids()
    assert len(made) == 2
    assert report.done == OWNERS - 2
    assert len(set(between.values()) & set(after.values())) == 2


async def test_readers_and_writers_notice_nothing_of_a_rotation(house: House) -> None:
    reader, writer = house.another(), house.another()
    failed: list[ObjectId] = []
    is_over, rounds, written = asyncio.Event(), 0, 0

    async def read() -> None:
        nonlocal rounds
        while not is_over.is_set():
            failed.extend(await house.unreadable(reader))
            rounds += 1

    async def write() -> None:
        nonlocal written
        while not is_over.is_set():
            await house.store(house.owners[written % OWNERS], writer)
            written += 1
            await asyncio.sleep(0.005)

    tasks = [asyncio.create_task(read()), asyncio.create_task(write())]
    for _ in range(2):
        report = await house.rotate(grace=LATER)
        assert report.problems == []
    is_over.set()
    await asyncio.gather(*tasks)

    assert failed == []
    assert rounds > 2
    assert written > 2
    assert await house.unreadable(house.another()) == []
    assert [key.use for key in await house.vault.list_keys()] == [KeyUse.CURRENT] * OWNERS


async def test_what_a_slow_writer_stores_with_the_old_key_is_sealed_anew_before_the_key_goes(house: House) -> None:
    owner, id = house.owners[0], ObjectId()
    late = await house.vault.seal(owner, "sealed before, stored after")
    writes: list[asyncio.Task[None]] = []

    def store_late(now: KeyProgress) -> None:
        if now.step == "Waiting for writers" and not writes:
            writes.append(asyncio.create_task(house.put(id, late)))

    report = await house.rotate(store_late, grace=LATER)

    assert writes
    assert report.resealed == OWNERS * EACH + 1
    assert await house.cipher(id) != late
    assert await house.another().open(await house.cipher(id)) == "sealed before, stored after"


async def test_a_secret_that_was_replaced_meanwhile_is_left_as_it_is(house: House) -> None:
    id = next(iter(house.secrets))
    owner, _ = house.secrets[id]
    cipher = await house.cipher(id)
    await house.field.collection.update_one(
        {"_id": id}, {"$set": {FIELD: Binary(await house.vault.seal(owner, "new"), 6)}}
    )

    assert not await house.field.replace(id, cipher, b"older")
    assert await house.vault.open(await house.cipher(id)) == "new"


async def test_two_rotations_at_once_lose_nothing(house: House) -> None:
    other = House(house.another(), house.raw, house.secrets)

    both = await asyncio.gather(house.rotate(), other.rotate())

    assert [report.problems for report in both] == [[], []]
    await house.rotate()
    assert [key.use for key in await house.vault.list_keys()] == [KeyUse.CURRENT] * OWNERS
    assert await house.unreadable(house.another()) == []


async def test_an_organization_shredded_during_the_rotation_stays_shredded(house: House) -> None:
    gone, shreds = house.owners[0], []

    def shred(now: KeyProgress) -> None:
        if now.step == "Sealing secrets anew" and not shreds:
            shreds.append(asyncio.create_task(house.vault.shred(gone)))

    await house.rotate(shred)
    await asyncio.gather(*shreds)

    theirs = {id for id, (owner, _) in house.secrets.items() if owner == gone}
    assert set(await house.unreadable(house.another())) == theirs
    assert gone not in {key.owner_id for key in await house.vault.list_keys()}


async def test_an_organization_shredded_between_its_two_keys_gets_no_new_one(backend: Backend, house: House) -> None:
    await died(backend, house, "Making data keys", 1)
    (waiting, *_) = [key.owner_id for key in await house.vault.list_keys() if key.use is KeyUse.CURRENT][1:]
    await house.vault.shred(waiting)

    report = await house.rotate()

    assert report.problems == []
    assert waiting not in {key.owner_id for key in await house.vault.list_keys()}


async def test_a_secret_that_cannot_be_opened_is_told_of_and_its_key_is_kept(house: House) -> None:
    id = next(iter(house.secrets))
    owner, _ = house.secrets[id]
    broken = bytearray(await house.cipher(id))
    broken[-1] ^= 1
    await house.field.collection.update_one({"_id": id}, {"$set": {FIELD: Binary(bytes(broken), 6)}})

    report = await house.rotate()

    assert [str(id) in problem for problem in report.problems] == [True]
    assert report.dropped == OWNERS - 1
    retired = [key.owner_id for key in await house.vault.list_keys() if key.use is KeyUse.RETIRED]
    assert retired == [owner]
    assert await house.unreadable(house.another()) == [id]


async def test_rewrapping_moves_every_key_to_the_new_master_key_and_no_secret_changes(house: House) -> None:
    old, new = local_master_key(house.raw), local_master_key(secrets.token_bytes(96))
    both = house.another(new, old)
    ciphers = [await house.cipher(id) for id in house.secrets]

    report = await rewrap_keys(both, quiet)
    again = await rewrap_keys(both, quiet)

    assert (report.done, again.done, report.problems) == (OWNERS, 0, [])
    assert [await house.cipher(id) for id in house.secrets] == ciphers
    assert await house.unreadable(house.another(new)) == [], "the new master key is enough"
    assert len(await house.unreadable(house.another(old))) == OWNERS * EACH, "the old one opens nothing"


async def test_the_old_and_the_new_master_key_are_used_at_once_before_the_keys_are_rewrapped(house: House) -> None:
    old, new = local_master_key(house.raw), local_master_key(secrets.token_bytes(96))
    first, second = house.another(old, new), house.another(new, old)
    owner = str(ObjectId())

    await house.store(owner, second)

    assert await house.unreadable(first) == []
    assert await house.unreadable(second) == []
    assert (await rewrap_keys(second, quiet)).done == OWNERS


async def test_a_key_is_wrapped_anew_under_the_same_master_key_when_asked(house: House) -> None:
    before = [raw["keyMaterial"] async for raw in house.vault.keys.find().sort("_id")]

    report = await rewrap_keys(house.vault, quiet, every=True)

    after = [raw["keyMaterial"] async for raw in house.vault.keys.find().sort("_id")]
    assert report.done == OWNERS
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert await house.unreadable(house.another()) == []


async def test_rewrapping_that_is_killed_goes_on_where_it_was(backend: Backend, house: House) -> None:
    fresh = secrets.token_bytes(96)
    new, old = local_master_key(fresh), local_master_key(house.raw)
    await died(backend, house, "Wrapping data keys", 2, fresh, house.raw)
    assert await house.unreadable(house.another(new, old)) == []

    report = await rewrap_keys(house.another(new, old), quiet)

    assert report.done == OWNERS - 2
    assert await house.unreadable(house.another(new)) == []


async def test_a_key_that_no_master_key_opens_is_told_of_and_left_as_it_is(house: House) -> None:
    stranger = house.another(local_master_key(secrets.token_bytes(96)))
    before = [raw async for raw in house.vault.keys.find().sort("_id")]

    report = await rewrap_keys(stranger, quiet)

    assert report.done == 0
    assert len(report.problems) == OWNERS
    assert [raw async for raw in house.vault.keys.find().sort("_id")] == before
