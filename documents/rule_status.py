"""What the findings say of rules that answer requirements where no control does."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import DESCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.account import CONNECTED_STATES, Account
from documents.finding import Finding
from documents.rule_setting import rule_settings
from documents.sync_run import SyncRun, SyncState
from domain.compliance.judging import roll_up
from domain.facts.compliance import CheckStatus
from domain.facts.finding import FindingState
from domain.facts.severity import Severity
from domain.rules.registry import get_rule

_TROUBLED = (SyncState.PARTIAL.value, SyncState.FAILED.value)
_ENDED = (SyncState.SUCCEEDED.value, *_TROUBLED)
_BAD = (Severity.CRITICAL, Severity.HIGH)


async def rule_statuses(
    org_id: ObjectId,
    rule_ids: Collection[str],
    account_id: ObjectId | None = None,
    session: AsyncClientSession | None = None,
    *,
    without: ObjectId | None = None,
) -> dict[str, CheckStatus]:
    """What is said of each rule, in one account where it is named; as if the finding `without` were not there.

    An open finding fails it, or warns below HIGH; where all are suppressed it is exempt. Without any it passes as long
    as the last sync of every account of its provider was whole; one that was not is an error, and none at all means
    that it was not assessed, as does a rule that the organization has switched off.
    """
    off = [one.rule_id for one in (await rule_settings(org_id, session)).values() if not one.is_enabled]
    found: dict[str, CheckStatus] = {}
    reads: dict[str, CheckStatus] = {}
    for rule_id in rule_ids:
        rule = get_rule(rule_id)
        provider = rule.applies_to.value.partition("_")[0]
        if rule_id in off:
            found[rule_id] = CheckStatus.NOT_ASSESSED
            continue
        said = await _findings(org_id, rule_id, account_id, session, without)
        if FindingState.OPEN in said:
            found[rule_id] = CheckStatus.FAIL if rule.severity in _BAD else CheckStatus.WARNING
            continue
        if provider not in reads:
            reads[provider] = await _read(org_id, provider, account_id, session)
        is_exempt = reads[provider] is CheckStatus.PASS and bool(said)
        found[rule_id] = CheckStatus.EXEMPT if is_exempt else reads[provider]
    return found


async def _findings(
    org_id: ObjectId,
    rule_id: str,
    account_id: ObjectId | None,
    session: AsyncClientSession | None,
    without: ObjectId | None,
) -> set[FindingState]:
    found = set()
    for state in (FindingState.OPEN, FindingState.SUPPRESSED):
        query = {"org_id": org_id, "rule_id": rule_id, "state": state.value}
        query |= {} if account_id is None else {"account_id": account_id}
        query |= {} if without is None else {"_id": {"$ne": without}}
        if await Finding.rows().find_one(query, {"_id": 1}, session=session):
            found.add(state)
    return found


async def _read(
    org_id: ObjectId, provider: str, account_id: ObjectId | None, session: AsyncClientSession | None
) -> CheckStatus:
    query = {"org_id": org_id, "provider": provider, "state": {"$in": [state.value for state in CONNECTED_STATES]}}
    query |= {} if account_id is None else {"_id": account_id}
    said = []
    async for account in Account.rows().find(query, {"_id": 1}, session=session):
        ended = {"org_id": org_id, "account_id": account["_id"], "state": {"$in": list(_ENDED)}}
        whole, newest = {**ended, "is_narrow": {"$ne": True}}, [("created_at", DESCENDING)]
        last = await SyncRun.rows().find_one(whole, {"created_at": 1}, sort=newest, session=session)
        is_whole = last is not None and await _is_whole_since(ended, last["created_at"], session)
        said.append(CheckStatus.PASS if is_whole else CheckStatus.ERROR)
    return roll_up(said)


async def _is_whole_since(ended: Mapping[str, Any], at: datetime, session: AsyncClientSession | None) -> bool:
    """Whether the last sync of the whole and the narrow ones after it have read all that they were to read."""
    troubled = {**ended, "state": {"$in": list(_TROUBLED)}, "created_at": {"$gte": at}}
    return await SyncRun.rows().find_one(troubled, {"_id": 1}, session=session) is None
