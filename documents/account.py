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
from domain.cadence import check_cadence, next_due
from domain.errors import NotFound
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


SYNC_EVERY = timedelta(minutes=15)
COST_EVERY = timedelta(hours=24)
# Those with credentials.
CONNECTED_STATES = (AccountState.CONNECTING, AccountState.CONNECTED, AccountState.FAILING)


class Account(TenantDocument):
    """`native_id` is the provider's own id, None until the first sync has asked the provider.

    `credentials` is the vault's cipher text of a JSON object; it is opened where the account is read or looked at.
    `sync_every` is the cadence, `cost_every` that of what is read about costs, which a sync reads along when
    `next_cost_at` has come. `access` is the last report of what the credentials open, as JSON. `all_accounts`: the
    other accounts of its organization are connected, too; those have it as their `parent_id`. `members_stored_at` is
    when one of them was last stored. `nudged_at` is when an event last asked for a sync, or a later one began;
    `change_seen_at` when one last said that something has changed, `sync_took` how long the last good sync took, and
    `booked_until` what syncs have booked: see `documents.nudge`. `touched` is what events have said to have changed
    since, `touch_due_at` when a sync of that is due, `touch_free_at` when it may be again: see `documents.touch`.
    `act_credentials` is the cipher text of those that may change something; None where nothing may be changed.
    """

    noun: ClassVar[str] = "account"
    sealed: ClassVar[tuple[str, ...]] = ("credentials", "act_credentials")

    provider: Provider
    native_id: str | None = None
    name: str
    state: AccountState
    role_arn: str | None = None
    endpoint_url: str | None = None
    regions: list[str] = Field(default_factory=list)
    credentials: bytes | None = Field(default=None, repr=False)
    sync_every: timedelta = SYNC_EVERY
    cost_every: timedelta = COST_EVERY
    next_sync_at: datetime | None = None
    next_cost_at: datetime | None = None
    last_synced_at: datetime | None = None
    problem: str | None = None
    access: dict[str, Any] | None = None
    all_accounts: bool = False
    parent_id: PydanticObjectId | None = None
    nudged_at: datetime | None = None
    change_seen_at: datetime | None = None
    sync_took: timedelta | None = None
    booked_until: datetime | None = None
    touched: list[str] = Field(default_factory=list)
    touch_due_at: datetime | None = None
    touch_free_at: datetime | None = None
    members_stored_at: datetime | None = None
    act_credentials: bytes | None = Field(default=None, repr=False)

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
            IndexModel([("touch_due_at", ASCENDING)], name="touched", sparse=True),
            IndexModel([("parent_id", ASCENDING)], name="parent", sparse=True),
        ]

    @property
    def is_connected(self) -> bool:
        return self.state in CONNECTED_STATES

    def schedule(self, now: datetime) -> None:
        """Set when syncs are due, for an account that is not stored yet. What it costs is read by the first one."""
        self.id = self.id or PydanticObjectId()
        self.next_sync_at = next_due(str(self.id), self.sync_every, now)


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


async def connected_native_ids(org_id: ObjectId, provider: Provider) -> frozenset[str]:
    """The native ids of the organization's connected accounts of a provider."""
    states = [state.value for state in CONNECTED_STATES]
    query = {"org_id": org_id, "provider": provider.value, "state": {"$in": states}}
    rows = Account.rows().find(query, {"native_id": 1})
    return frozenset([raw["native_id"] async for raw in rows if raw.get("native_id") is not None])


async def ids_by_native_id(scope: Scope) -> dict[str, ObjectId]:
    """The accounts in scope by the provider's own id, connected or only seen on bills."""
    query = {**Account.within(scope), "native_id": {"$type": "string"}}
    return {raw["native_id"]: raw["_id"] async for raw in Account.rows().find(query, {"native_id": 1})}


async def claim_due_accounts(now: datetime, *, limit: int = 1000) -> list[Account]:
    """Accounts whose sync is due; each is moved on to its next time, so that no other worker claims it too.

    For the schedule tick, which serves every tenant and therefore takes no Scope.
    """
    rows = Account.rows()
    due = rows.find({"next_sync_at": {"$lte": now}}, {"next_sync_at": 1, "sync_every": 1}).sort("next_sync_at")
    claimed: list[Account] = []
    async for found in due.limit(limit):
        every = timedelta(seconds=found["sync_every"])
        raw = await rows.find_one_and_update(
            {"_id": found["_id"], "next_sync_at": found["next_sync_at"]},
            {"$set": {"next_sync_at": next_due(str(found["_id"]), every, now)}},
            return_document=ReturnDocument.AFTER,
        )
        if raw is not None:
            claimed.append(Account.stored(raw))
    return claimed


def cadence_fields(
    account: Account, *, sync_every: timedelta | None = None, cost_every: timedelta | None = None, now: datetime
) -> dict[str, Any]:
    """The stored fields of another cadence; None leaves one as it is. Raises Invalid for one that is not allowed."""
    change: dict[str, Any] = {}
    if sync_every is not None:
        change["sync_every"] = check_cadence(sync_every, ("input", "sync_every")).total_seconds()
        if account.is_connected:
            change["next_sync_at"] = next_due(str(account.id), sync_every, now)
    if cost_every is not None:
        change["cost_every"] = check_cadence(cost_every, ("input", "cost_every")).total_seconds()
        if account.next_cost_at is not None:
            change["next_cost_at"] = min(account.next_cost_at, next_due(str(account.id), cost_every, now))
    return change


async def set_cadence(
    account: Account,
    *,
    sync_every: timedelta | None = None,
    cost_every: timedelta | None = None,
    now: datetime,
    session: AsyncClientSession | None = None,
) -> Account:
    """The account with another cadence. Raises Invalid for one that is not allowed."""
    change = cadence_fields(account, sync_every=sync_every, cost_every=cost_every, now=now)
    if not change:
        return account
    raw = await Account.rows().find_one_and_update(
        {"_id": account.id}, {"$set": change}, return_document=ReturnDocument.AFTER, session=session
    )
    if raw is None:
        raise NotFound.of(Account.noun)
    return Account.stored(raw)


async def record_costs_read(account: Account, at: datetime) -> None:
    """Note that a sync has asked about costs; the next does so when the cadence says."""
    due = next_due(str(account.id), account.cost_every, at)
    await Account.rows().update_one({"_id": account.id}, {"$set": {"next_cost_at": due}})


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
                    "sync_every": SYNC_EVERY.total_seconds(),
                    "cost_every": COST_EVERY.total_seconds(),
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
