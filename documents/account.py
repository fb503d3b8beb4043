"""One cloud account: connected with credentials, or only known from bills."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from bson import Binary, ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument
from domain.facts.provider import Provider
from domain.facts.scope import Scope


class AccountState(StrEnum):
    """BILLING_ONLY accounts are known from bills; DISCONNECTED ones have left the organization they were part of."""

    BILLING_ONLY = "BILLING_ONLY"
    CONNECTING = "CONNECTING"
    CONNECTED = "CONNECTED"
    FAILING = "FAILING"
    DISCONNECTING = "DISCONNECTING"
    DISCONNECTED = "DISCONNECTED"


# Those with credentials.
CONNECTED_STATES = (AccountState.CONNECTING, AccountState.CONNECTED, AccountState.FAILING)


class Account(TenantDocument):
    """`native_id` is the provider's own id, None until the first sync has asked the provider.

    `credentials` is the vault's cipher text of a JSON object; it is opened where the account is read or looked at.
    `sync_every` is the cadence. `access` is the last report of what the credentials open, as JSON. `all_accounts`: the
    other accounts of its organization are connected, too; those have it as their `parent_id`.
    """

    noun: ClassVar[str] = "account"
    sealed: ClassVar[tuple[str, ...]] = ("credentials",)

    provider: Provider
    native_id: str | None = None
    name: str
    state: AccountState
    role_arn: str | None = None
    endpoint_url: str | None = None
    regions: list[str] = Field(default_factory=list)
    credentials: bytes | None = Field(default=None, repr=False)
    sync_every: timedelta = timedelta(hours=1)
    next_sync_at: datetime | None = None
    last_synced_at: datetime | None = None
    problem: str | None = None
    access: dict[str, Any] | None = None
    all_accounts: bool = False
    parent_id: PydanticObjectId | None = None

    class Settings:
        name = "accounts"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("provider", ASCENDING), ("native_id", ASCENDING)],
                unique=True,
                name="org_native",
                partialFilterExpression={"native_id": {"$type": "string"}},
            ),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name"),
            IndexModel([("native_id", ASCENDING), ("state", ASCENDING)], name="native_state"),
            IndexModel([("org_id", ASCENDING), ("state", ASCENDING)], name="org_state"),
            IndexModel([("next_sync_at", ASCENDING)], name="due", sparse=True),
            IndexModel([("parent_id", ASCENDING)], name="parent", sparse=True),
        ]

    @property
    def is_connected(self) -> bool:
        return self.state in CONNECTED_STATES


class AccountCounts(NamedTuple):
    """`connected` includes those that are failing or connecting."""

    connected: int
    failing: int


async def count_accounts(scope: Scope) -> AccountCounts:
    """How many accounts in scope are connected. Counts entries of an index: tenants have thousands, not millions."""
    found = {raw["_id"]: raw["count"] async for raw in await Account.rows().aggregate(counting_pipeline(scope))}
    return AccountCounts(connected=sum(found.values()), failing=found.get(AccountState.FAILING, 0))


def counting_pipeline(scope: Scope) -> list[dict[str, Any]]:
    """One document per state that connected accounts in scope are in, with their count."""
    return [
        {"$match": {**Account.within(scope), "state": {"$in": [state.value for state in CONNECTED_STATES]}}},
        {"$group": {"_id": "$state", "count": {"$sum": 1}}},
    ]


async def claim_due_accounts(now: datetime, *, limit: int = 200) -> list[Account]:
    """Accounts whose sync is due; each is moved one cadence on, so that no other worker claims it too.

    For the schedule tick, which serves every tenant and therefore takes no Scope.
    """
    claimed: list[Account] = []
    rows = Account.rows()
    while len(claimed) < limit:
        raw = await rows.find_one_and_update(
            {"next_sync_at": {"$lte": now}},
            [{"$set": {"next_sync_at": {"$add": [now, {"$multiply": ["$sync_every", 1000]}]}}}],
            sort=[("next_sync_at", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        if raw is None:
            break
        claimed.append(Account.stored(raw))
    return claimed


async def record_verified(account: Account, native_id: str) -> bool:
    """Note who the provider says this is. False when the organization has connected that account already.

    A billing-only account of the same native id gives way: bills refer to the native id, not to the row.
    """
    same = {"org_id": account.org_id, "provider": account.provider.value, "native_id": native_id}
    rows = Account.rows()
    other = await rows.find_one({**same, "_id": {"$ne": account.id}})
    if other is not None:
        if other["state"] != AccountState.BILLING_ONLY:
            return False
        await rows.delete_one({"_id": other["_id"], "state": AccountState.BILLING_ONLY.value})
    try:
        await rows.update_one({"_id": account.id}, {"$set": {"native_id": native_id}})
    except DuplicateKeyError:  # connected twice at the same moment
        return False
    return True


async def record_sync(account: Account, *, problem: str | None, at: datetime, session: AsyncClientSession) -> None:
    """Note how a sync ended: `problem` is None, or what is wrong in plain words. Not of one disconnected meanwhile."""
    state = AccountState.CONNECTED if problem is None else AccountState.FAILING
    change: dict[str, Any] = {"state": state.value, "problem": problem}
    if problem is None:
        change["last_synced_at"] = at
    query = {"_id": account.id, "state": {"$in": [state.value for state in CONNECTED_STATES]}}
    await Account.rows().update_one(query, {"$set": change}, session=session)


async def record_billed_accounts(
    scope: Scope,
    seen: Mapping[tuple[Provider, str], str | None],
    at: datetime,
    *,
    session: AsyncClientSession | None = None,
) -> None:
    """Make sure every (provider, native id) seen in a bill has an account; the value is its printed name, if any."""
    org_id = ObjectId(scope.only())
    writes = [
        UpdateOne(
            {"org_id": org_id, "provider": provider.value, "native_id": native_id},
            {
                "$setOnInsert": {
                    "name": name or native_id,
                    "state": AccountState.BILLING_ONLY.value,
                    "role_arn": None,
                    "endpoint_url": None,
                    "regions": [],
                    "credentials": None,
                    "sync_every": timedelta(hours=1).total_seconds(),
                    "last_synced_at": None,
                    "problem": None,
                    "created_at": at,
                }
            },
            upsert=True,
        )
        for (provider, native_id), name in seen.items()
    ]
    if writes:
        await Account.rows().bulk_write(writes, ordered=False, session=session)


async def accounts_of_others(scope: Scope, native_ids: set[str]) -> set[str]:
    """Which of these native ids another organization has connected, and this one has not."""
    org_id = ObjectId(scope.only())
    query = {"native_id": {"$in": sorted(native_ids)}, "state": {"$in": [state.value for state in CONNECTED_STATES]}}
    # Looks across tenants on purpose: a bill must not bring in rows of an account that somebody else has connected.
    owners: dict[str, set[ObjectId]] = {}
    async for raw in Account.rows().find(query, projection={"native_id": 1, "org_id": 1}):
        owners.setdefault(raw["native_id"], set()).add(raw["org_id"])
    return {native_id for native_id, orgs in owners.items() if org_id not in orgs}


def sealed(cipher: bytes) -> Binary:
    """Vault cipher text in the form MongoDB keeps it (BSON binary subtype 6)."""
    return Binary(cipher, 6)
