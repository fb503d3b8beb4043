"""An account's way in: stored with what it opens, replaced, and taken away again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.account import CONNECTED_STATES, Account, AccountState, sealed
from documents.alert import Alert, AlertState, resolve_alerts
from documents.check import Check
from documents.cost_day import CostDay
from documents.cost_source import delete_sources_of
from documents.drift import Drift, DriftBaseline
from documents.finding import Finding, counting, resolved
from documents.intake_endpoint import delete_endpoints_of
from documents.integration_health import IntegrationHealth
from documents.received_event import ReceivedEvent
from documents.resource import Resource
from documents.resource_change import ResourceChange
from documents.sync_read import SyncRead
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.facts.access import AccessReport
from domain.facts.finding import FindingState

CONNECTED = [state.value for state in CONNECTED_STATES]
AT_ONCE = 200


def stored_report(report: AccessReport) -> dict[str, Any]:
    """The report as an account keeps it."""
    return report.model_dump(mode="json")


async def add_account(tx: Transaction, account: Account) -> None:
    """Store a new account of a known native id. One known from bills gives way: bills refer to the native id.

    Raises Conflict when the organization has connected it already.
    """
    same = {"org_id": account.org_id, "provider": account.provider.value, "native_id": account.native_id}
    rows = Account.rows()
    known = await rows.find_one(same, session=tx.session)
    if known is not None and known["state"] != AccountState.BILLING_ONLY:
        raise _taken(account, known)
    if known is not None:
        await rows.delete_one({"_id": known["_id"]}, session=tx.session)
    try:
        await account.insert(session=tx.session)
    except DuplicateKeyError as error:  # connected twice at the same moment
        raise _taken(account, {"name": account.name}) from error


def _taken(account: Account, known: Mapping[str, Any]) -> Conflict:
    return Conflict(
        f"{account.provider} account {account.native_id} is connected already, as {known['name']}. Use "
        "rotateCredentials to give it other credentials.",
        path=("input", "access"),
    )


async def update_account(account: Account, session: AsyncClientSession, **fields: Any) -> Account:
    """Set fields of a connected account; other credentials only in the place of those it was read with.

    Raises Conflict when it is not connected any more, or has other credentials by now.
    """
    connected = {"_id": account.id, "state": {"$in": CONNECTED}}
    as_read = {"credentials": sealed(account.credentials or b"")} if "credentials" in fields else {}
    raw = await Account.rows().find_one_and_update(
        {**connected, **as_read},
        {"$set": fields},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        if await Account.rows().find_one(connected, {"_id": 1}, session=session) is not None:
            raise Conflict("The credentials of this account were changed at the same moment. Try again.")
        raise Conflict("This account is not connected any more. Connect it again with connectAccount.")
    return Account.stored(raw)


async def begin_disconnect(account: Account, session: AsyncClientSession) -> list[Account]:
    """Forget the credentials of a connected account and of those it leads into; returns them all as they are now.

    Their event endpoints and cost sources go at once. Nothing is read from them any more; what was read is taken away
    by the job.
    """
    rows = Account.rows()
    family = {"org_id": account.org_id, "$or": [{"_id": account.id}, {"parent_id": account.id}]}
    leaving = {**family, "state": {"$ne": AccountState.BILLING_ONLY.value}}
    change: dict[str, Any] = {"state": AccountState.DISCONNECTING.value, "credentials": None, "next_sync_at": None}
    change |= {"access": None, "problem": None}
    await rows.update_many(leaving, {"$set": change}, session=session)
    left = [Account.stored(raw) async for raw in rows.find(leaving, session=session)]
    await delete_endpoints_of([one.id for one in left], session)
    await delete_sources_of([one.id for one in left], session)
    return left


async def find_disconnecting(limit: int = AT_ONCE) -> list[Account]:
    """Accounts of any tenant whose disconnection has not ended; for the sweep."""
    query = {"state": AccountState.DISCONNECTING.value}
    return [Account.stored(raw) async for raw in Account.rows().find(query, limit=limit)]


async def resolve_some(tx: Transaction, account: Account, at: datetime) -> int:
    """Resolve up to AT_ONCE findings, and as many alerts, of an account that is disconnected; returns how many.

    Announces that more of it is gone, because the tally changes.
    """
    of_account = {"org_id": account.org_id, "account_id": account.id}
    open_ = {**of_account, "state": {"$ne": FindingState.RESOLVED.value}}
    found = Finding.rows().find(open_, {"resource_id": 1}, limit=AT_ONCE, session=tx.session)
    of = {raw["_id"]: raw["resource_id"] async for raw in found}
    async with counting(tx, account.org_id, {"resource_id": {"$in": list({*of.values()})}}):
        ended = {"$set": resolved("The account was disconnected.", at)}
        await Finding.rows().update_many({"_id": {"$in": list(of)}}, ended, session=tx.session)
    raised = {**of_account, "state": {"$ne": AlertState.RESOLVED.value}}
    alerts = Alert.rows().find(raised, {"fingerprint": 1}, limit=AT_ONCE, session=tx.session)
    ended_alerts = await resolve_alerts(tx, account.org_id, [raw["fingerprint"] async for raw in alerts], at)
    announce_account(tx, account)
    return len(of) + ended_alerts


def announce_account(tx: Transaction, account: Account) -> None:
    """Tell that what is known of the account has changed otherwise than by a sync."""
    payload = {"account_id": str(account.id), "state": account.state.value}
    tx.announce(account.org_id, topic.syncs(account.org_id), "AccountChanged", payload)


async def remove_resources(account: Account) -> int:
    """Delete some of what was read of an account, with its history and health; returns how many, 0 when none is left.

    Raw answers are shared by content and expire by themselves.
    """
    query = {"org_id": account.org_id, "account_id": account.id}
    removed = 0
    for document in (Resource, ResourceChange, Drift, DriftBaseline, SyncRead, IntegrationHealth, ReceivedEvent, Check):
        ids = [raw["_id"] async for raw in document.rows().find(query, {"_id": 1}, limit=5 * AT_ONCE)]
        if ids:
            await document.rows().delete_many({"_id": {"$in": ids}})
        removed += len(ids)
    return removed


async def has_bills(account: Account) -> bool:
    """Whether bills of the organization name the account."""
    named = [{field: account.native_id} for field in ("sub_account_id", "billing_account_id")]
    query = {"org_id": account.org_id, "$or": named}
    return account.native_id is not None and await CostDay.rows().find_one(query, {"_id": 1}) is not None


async def end_disconnect(account: Account, is_billed: bool, session: AsyncClientSession) -> AccountState | None:
    """Take the account itself away, but for what bills or its organization know of it. None when it is gone.

    One that has left its organization stays with its `problem`, which says so.
    """
    query, rows = {"_id": account.id, "state": AccountState.DISCONNECTING.value}, Account.rows()
    if account.problem is not None:
        state = AccountState.DISCONNECTED
    elif is_billed:
        state = AccountState.BILLING_ONLY
    else:
        await rows.delete_one(query, session=session)
        return None
    nothing: dict[str, Any] = {"role_arn": None, "endpoint_url": None, "regions": [], "all_accounts": False}
    await rows.update_one(query, {"$set": {"state": state.value, **nothing}}, session=session)
    return state
