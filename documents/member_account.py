"""Accounts that are reached through another one of their organization."""

from collections.abc import Collection
from typing import Any

from bson import Binary

from documents.account import Account, AccountState, sealed
from documents.base import utc_now
from documents.connection import CONNECTED, announce_account
from documents.cost_source import delete_sources_of
from documents.intake_endpoint import delete_endpoints_of
from documents.transaction import Transaction
from domain.errors import Conflict


async def hold_parent(tx: Transaction, parent: Account) -> None:
    """Make sure, within the transaction, that members may still be reached through this account as it was read.

    Raises Conflict when it is disconnected, or has other credentials by now. It is written to, so that of this and a
    disconnection at the same moment one has to wait for the other.
    """
    as_read = {"_id": parent.id, "state": {"$in": CONNECTED}, "credentials": sealed(parent.credentials or b"")}
    change = {"$set": {"members_stored_at": utc_now()}}
    if (await Account.rows().update_one(as_read, change, session=tx.session)).matched_count == 0:
        raise Conflict("This account is not connected any more, or its credentials have changed.")


async def store_member(
    tx: Transaction, parent: Account, native_id: str, name: str, credentials: Binary
) -> tuple[Account, bool]:
    """(the account, whether it is newly connected). One known from bills gives way; one connected by itself is kept as
    it is. Twice changes nothing the second time.
    """
    same = {"org_id": parent.org_id, "provider": parent.provider.value, "native_id": native_id}
    raw = await Account.rows().find_one(same, session=tx.session)
    known = None if raw is None else Account.stored(raw)
    if known is not None and known.is_connected:
        if known.parent_id == parent.id:
            change = {"name": name, "credentials": credentials}
            await Account.rows().update_one({"_id": known.id}, {"$set": change}, session=tx.session)
        return known, False
    if known is not None and known.state is AccountState.DISCONNECTING:
        return known, False  # the next look finds it gone, and connects it anew
    account = Account(
        org_id=parent.org_id,
        provider=parent.provider,
        native_id=native_id,
        name=name,
        state=AccountState.CONNECTING,
        endpoint_url=parent.endpoint_url,
        regions=parent.regions,
        credentials=credentials,
        sync_every=parent.sync_every,
        parent_id=parent.id,
    )
    account.next_sync_at = utc_now() + account.sync_every
    if known is not None:
        await Account.rows().delete_one({"_id": known.id}, session=tx.session)
    await account.insert(session=tx.session)
    announce_account(tx, account)
    return account, True


async def leave_members(tx: Transaction, parent: Account, still_there: Collection[str]) -> list[Account]:
    """Forget the credentials of those that are not in the organization any more; returns them as they are now."""
    left: dict[str, Any] = {
        "org_id": parent.org_id,
        "parent_id": parent.id,
        "state": {"$in": CONNECTED},
        "native_id": {"$nin": sorted(still_there)},
    }
    ids = [raw["_id"] async for raw in Account.rows().find(left, {"_id": 1}, session=tx.session)]
    change = {
        "state": AccountState.DISCONNECTING.value,
        "credentials": None,
        "next_sync_at": None,
        "access": None,
        "problem": f"It is no longer in the organization of {parent.name}.",
    }
    await Account.rows().update_many({"_id": {"$in": ids}}, {"$set": change}, session=tx.session)
    await delete_endpoints_of(ids, tx.session)
    await delete_sources_of(ids, tx.session)
    gone = [Account.stored(raw) async for raw in Account.rows().find({"_id": {"$in": ids}}, session=tx.session)]
    for account in gone:
        announce_account(tx, account)
    return gone


async def find_parents() -> list[Account]:
    """Accounts of any tenant that are connected for their whole organization; for the daily look."""
    query = {"all_accounts": True, "state": {"$in": CONNECTED}}
    return [Account.stored(raw) async for raw in Account.rows().find(query)]
