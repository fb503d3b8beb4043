"""Finds the stored resource that an event is about, among all that the event names."""

from collections.abc import Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import Account
from documents.resource import Resource
from domain.facts.resource_kind import ResourceKind

# What an event is about stands in front.
LOOKED_AT = 12


async def find_subject(account: Account, native_ids: Sequence[str], session: AsyncClientSession) -> Resource | None:
    """The first of these that a sync has read in the account; None when it knows none of them."""
    prefix = f"{account.provider.value}_"
    kinds = [kind.value for kind in ResourceKind if kind.value.upper().startswith(prefix)]
    named = list(native_ids[:LOOKED_AT])
    query = {
        "org_id": account.org_id,
        "account_id": account.id,
        "kind": {"$in": kinds},
        "native_id": {"$in": named},
    }
    found = {raw["native_id"]: raw async for raw in Resource.rows().find(query, session=session)} if named else {}
    first = next((found[native_id] for native_id in named if native_id in found), None)
    return None if first is None else Resource.stored(first)
