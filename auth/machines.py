"""Machines: which service account an API key stands for, and what it may do now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from auth.api_key import REFUSED, hash_of
from auth.authentication import Subject
from auth.permission import FOR_MACHINES, Permission
from auth.standing import Standing, Standings
from documents.api_key import find_key, open_keys
from documents.organization import guarded
from documents.service_account import ServiceAccount, enabled_accounts
from documents.user import Role
from domain.errors import Unauthenticated

SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Machine:
    """What is stored of a machine that comes with a key."""

    account: ServiceAccount
    key_id: str
    standings: Standings
    expires_at: datetime

    @property
    def subject(self) -> Subject:
        """Dies with the key: the key takes the place of a session."""
        return Subject(f"{SERVICE}:{self.account.id}", self.key_id)


async def find_machine(text: str) -> Machine:
    """The machine an API key stands for.

    Raises Unauthenticated, with the same words for a key that is unknown, revoked or expired.
    """
    key = await find_key(hash_of(text))
    machines = [] if key is None else await _machines([key])
    if not machines:
        raise Unauthenticated(REFUSED)
    return machines[0]


async def load_machines(subjects: Collection[Subject]) -> dict[Subject, Machine]:
    """Those of these machines whose key is still good, in three queries for all of them."""
    if not subjects:
        return {}
    keys = await open_keys([ObjectId(subject.session_id) for subject in subjects])
    found = {machine.subject: machine for machine in await _machines(list(keys.values()))}
    return {subject: found[subject] for subject in subjects if subject in found}


async def _machines(keys: Collection[Mapping[str, Any]]) -> list[Machine]:
    accounts = await enabled_accounts({key["service_account_id"] for key in keys})
    asks = await guarded({account.org_id for account in accounts.values()})
    return [
        Machine(account, str(key["_id"]), _standings(account, key, asks), key["expires_at"])
        for key in keys
        if (account := accounts.get(key["service_account_id"])) is not None and account.org_id == key["org_id"]
    ]


def _standings(
    account: ServiceAccount, key: Mapping[str, Any], asks: Mapping[PydanticObjectId, Mapping[str, Any]]
) -> Standings:
    """Nothing in an organization that was deleted. What it asks of sign-ins, such as factors, is not asked of keys."""
    if asks.get(account.org_id, {}).get("deleted_at") is not None:
        return {}
    names = set(account.permissions)
    if key["scopes"] is not None:
        names &= set(key["scopes"])
    # Names of permissions that are gone give nothing.
    permissions = frozenset(one for one in Permission if one.value in names) & FOR_MACHINES
    return {str(account.org_id): Standing(role=Role.USER, permissions=permissions)}
