"""Finds which account of the organization an event is about."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from documents.account import CONNECTED_STATES, Account, AccountState
from documents.received_event import ReceivedEvent
from domain.facts.provider import Provider
from domain.facts.provider_event import ProviderEvent
from domain.facts.scope import Scope

# More accounts than the largest organization has.
MOST_ACCOUNTS = 20_000
_GONE = (AccountState.DISCONNECTED.value, AccountState.DISCONNECTING.value)


@dataclass(frozen=True, slots=True)
class Owners:
    """The accounts of one organization; those without credentials are its own, too, but get no alerts."""

    accounts: Sequence[Account] = field(repr=False)

    def owner_of(self, event: ProviderEvent, received: ReceivedEvent) -> Account | None:
        """The account an event names, else that of its endpoint; None when it is not a connected one of these."""
        named = event.account_native_id
        for account in self.accounts:
            is_endpoints = account.id == received.account_id
            is_named = account.provider is event.provider and _same(account.native_id, named)
            if account.state in CONNECTED_STATES and (is_named if named is not None else is_endpoints):
                return account
        return None

    def native_ids(self, provider: Provider) -> frozenset[str]:
        """Of all accounts of the organization at this provider, known from bills or connected."""
        return frozenset(one.native_id for one in self.accounts if one.provider is provider and one.native_id)


async def owners_in(scope: Scope) -> Owners:
    """The accounts of the organization a job was started for."""
    return Owners(await Account.list_in(scope, {"state": {"$nin": list(_GONE)}}, limit=MOST_ACCOUNTS))


def _same(native_id: str | None, named: str | None) -> bool:
    # Azure writes subscriptions in either case.
    return native_id is not None and named is not None and native_id.casefold() == named.casefold()
