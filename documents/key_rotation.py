"""New master keys and new data keys in place of old ones, while everything runs. Cut off anywhere, it goes on later."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from pymongo.errors import DuplicateKeyError

from documents.base import utc_now
from documents.data_key import DESCRIPTION, RETIRED, KeyUse, data_key, key_id_of, retired_name, retired_names
from documents.sealed import SealedField
from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.errors import NotFound

# A request ends within 20 seconds and a transaction of MongoDB within a minute (transactionLifetimeLimitSeconds): what
# was sealed with the old key before it was retired is stored by then, or never.
KEY_ROTATIONS = "key_rotations"
GRACE = timedelta(minutes=2)
_RUN = {"_id": "rotation"}
# Milliseconds since a key was retired, by the clock of the database, which also wrote that down.
_AGE = {"$subtract": ["$$NOW", "$updateDate"]}


class KeyProgress(NamedTuple):
    """`step` in words; `done` and `total` count keys, secrets or seconds, as the step says."""

    step: str
    done: int
    total: int


Tell = Callable[[KeyProgress], None]
# Told whose data key was replaced, before that is forgotten: twice when the run is cut off in between, never not.
Changed = Callable[[str], Awaitable[None]]


async def _untold(owner_id: str) -> None:
    pass


@dataclass(slots=True)
class KeyReport:
    """What was done, and in sentences what could not be."""

    done: int = 0
    resealed: int = 0
    dropped: int = 0
    is_resumed: bool = False
    problems: list[str] = field(default_factory=list)


async def rewrap_keys(vault: Vault, tell: Tell, *, every: bool = False) -> KeyReport:
    """Wrap every data key with the current master key; those that are already, only when `every`.

    A key is replaced in one write, so a run that was cut off is simply repeated. A key that cannot be unwrapped is left
    as it is and told of.
    """
    report = KeyReport()
    waiting = [key for key in await vault.list_keys() if every or not vault.master.current.wraps(key.wrapped_by)]
    for number, key in enumerate(waiting, start=1):
        try:
            await vault.rewrap_key(key.id)
            report.done += 1
        except (SecretLost, VaultUnavailable) as error:
            report.problems.append(f"The key of {key.owner_id}, wrapped by {key.provider} {key.master_key_id}: {error}")
        tell(KeyProgress("Wrapping data keys", number, len(waiting)))
    return report


async def rotate_keys(
    vault: Vault,
    fields: Sequence[SealedField],
    tell: Tell,
    *,
    owner_ids: Collection[str] | None = None,
    grace: timedelta = GRACE,
    changed: Changed = _untold,
) -> KeyReport:
    """A new data key for these owners, everybody's when None; goes on with a rotation that was cut off instead.

    The old key is retired and a new one made; every cipher text is sealed anew; and the old key is deleted, once nobody
    can be on the way to storing something that was sealed with it. Readers find either: a cipher text names its key.

    Raises NotFound for an owner without a key, VaultUnavailable when the key service does not answer.
    """
    rotation = _Rotation(vault, fields, tell, grace, changed)
    await vault.try_out()  # before any key is retired
    await rotation.begin(owner_ids)
    await rotation.replace_keys()
    await rotation.reseal()
    await rotation.wait()
    await rotation.drop()
    return rotation.report


class _Rotation:
    def __init__(
        self, vault: Vault, fields: Sequence[SealedField], tell: Tell, grace: timedelta, changed: Changed
    ) -> None:
        self.report = KeyReport()
        self._changed = changed
        self._vault, self._fields, self._tell = vault, fields, tell
        self._grace_ms = int(grace / timedelta(milliseconds=1))
        self._runs = vault.database[KEY_ROTATIONS]

    async def begin(self, owner_ids: Collection[str] | None) -> None:
        """Write down whose keys are to be replaced, unless an earlier run has and was cut off."""
        wanted = await self._owners(owner_ids)
        try:
            await self._runs.insert_one({**_RUN, "waiting": wanted, "started_at": utc_now()})
        except DuplicateKeyError:
            self.report.is_resumed = True
            if owner_ids is not None:
                await self._runs.update_one(_RUN, {"$addToSet": {"waiting": {"$each": wanted}}})

    async def replace_keys(self) -> None:
        run = await self._runs.find_one(_RUN)
        waiting = run["waiting"] if run else []
        for number, owner_id in enumerate(waiting, start=1):
            self.report.done += await self._change(owner_id)
            self._tell(KeyProgress("Making data keys", number, len(waiting)))

    async def reseal(self) -> set[bytes]:
        """Every cipher text of a retired key under the current one; returns the retired keys that are still needed."""
        keys = [data_key(raw) async for raw in self._vault.keys.find(RETIRED, DESCRIPTION)]
        retired = {bytes(key.id): key.owner_id for key in keys}
        total, number = sum([await one.size() for one in self._fields]), 0
        needed: set[bytes] = set()
        for one in self._fields:
            async for id, cipher in one.read():
                key_id = bytes(key_id_of(cipher))
                if key_id in retired and not await self._reseal(one, id, cipher, retired[key_id]):
                    needed.add(key_id)
                number += 1
                self._tell(KeyProgress("Sealing secrets anew", number, max(number, total)))
        return needed

    async def wait(self) -> None:
        """Until the youngest retired key is old enough."""
        while (left := await self._milliseconds_left()) > 0:
            seconds = self._grace_ms // 1000
            self._tell(KeyProgress("Waiting for writers", max(seconds - left // 1000, 0), max(seconds, 1)))
            await asyncio.sleep(min(left / 1000, 1))

    async def drop(self) -> None:
        """Delete the retired keys that nothing needs any more, which ends the run."""
        is_old = {"$expr": {"$gte": [_AGE, self._grace_ms]}}
        retired = [data_key(raw) async for raw in self._vault.keys.find({**RETIRED, **is_old}, DESCRIPTION)]
        needed = await self.reseal()
        for number, key in enumerate(retired, start=1):
            if bytes(key.id) not in needed:
                deleted = await self._vault.keys.delete_one({"_id": key.id, **RETIRED})
                self.report.dropped += deleted.deleted_count
            self._tell(KeyProgress("Deleting old keys", number, len(retired)))
        await self._runs.delete_one({**_RUN, "waiting": []})

    async def _owners(self, owner_ids: Collection[str] | None) -> list[str]:
        keyed = [key.owner_id for key in await self._vault.list_keys() if key.use is KeyUse.CURRENT]
        if owner_ids is None:
            return keyed
        if missing := sorted(set(owner_ids) - set(keyed)):
            raise NotFound(f"There is no data key of {', '.join(missing)}: nothing was sealed for it yet.")
        return sorted(owner_ids)

    async def _change(self, owner_id: str) -> int:
        """Retire the current key and make another; 0 when the owner was shredded.

        No transaction, which a killed client would leave in the way for a minute: whoever finds no current key, be it
        a writer in between or the run that goes on, makes one.
        """
        keys = self._vault.keys
        old = await keys.find_one({"keyAltNames": owner_id}, {"_id": 1})
        if old is not None:
            name = retired_name(owner_id, old["_id"])
            retired = {"$set": {"keyAltNames": [name]}, "$currentDate": {"updateDate": True}}
            await keys.update_one({"_id": old["_id"], "keyAltNames": owner_id}, retired)
        made = await keys.find_one({"keyAltNames": retired_names(owner_id)}, {"_id": 1}) is not None
        if made:
            await self._vault.make_key(owner_id)
            await self._changed(owner_id)
        await self._runs.update_one(_RUN, {"$pull": {"waiting": owner_id}})
        return int(made)

    async def _reseal(self, one: SealedField, id: Any, cipher: bytes, owner_id: str) -> bool:
        """False when the cipher text cannot be opened: its key is kept, so that nothing is lost that is not yet."""
        try:
            fresh = await self._vault.reseal(owner_id, cipher)
        except SecretLost as error:
            if await self._vault.keys.find_one({"_id": key_id_of(cipher)}, {"_id": 1}) is None:
                return True  # shredded meanwhile, as somebody wanted
            problem = f"{one.collection.name} {id}, {one.path}: {error}"
            if problem not in self.report.problems:
                self.report.problems.append(problem)
            return False
        self.report.resealed += await one.replace(id, cipher, fresh)
        return True

    async def _milliseconds_left(self) -> int:
        steps: list[dict[str, Any]] = [{"$match": RETIRED}, {"$group": {"_id": None, "youngest": {"$min": _AGE}}}]
        ages = [raw["youngest"] async for raw in await self._vault.keys.aggregate(steps)]
        return max(self._grace_ms - int(ages[0]), 0) if ages else 0
