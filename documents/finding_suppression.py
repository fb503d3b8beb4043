"""Findings that somebody lives with for a time: suppressed, given back, and open again by themselves at the end."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ReturnDocument

from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.finding import NOT_SUPPRESSED, Finding, counting
from documents.resource import Resource
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.facts.finding import FindingState
from domain.facts.scope import Scope
from domain.facts.severity import Severity

# As long as an exception of a control: whoever still wants it then decides anew.
LONGEST = timedelta(days=366)
AT_ONCE = 200
# Findings below this severity are shown but wake nobody.
ALERT_FROM = Severity.MEDIUM
_TOLD = ("_id", "account_id", "resource_id", "rule_id", "resource_native_id", "state", *NOT_SUPPRESSED)


def finding_fingerprint(account_id: object, rule_id: str, native_id: str) -> str:
    """Of the alert that tells of a finding."""
    return f"finding:{account_id}:{rule_id}:{native_id}"


async def suppress_finding(
    tx: Transaction, scope: Scope, id: str, *, by: str, reason: str, until: datetime | None, at: datetime
) -> Finding:
    """Live with a finding until then, or until its fault is gone; its alert ends. A suppressed one takes the new terms.

    Raises NotFound, or Conflict when it is resolved.
    """
    finding = await Finding.get_in(scope, id, session=tx.session)
    terms = {"suppressed_by": by, "suppressed_at": at, "suppressed_until": until, "suppression_reason": reason}
    allowed = {FindingState.OPEN, FindingState.SUPPRESSED}
    changed = await _moved(tx, finding, allowed, {"state": FindingState.SUPPRESSED.value, **terms})
    fingerprint = finding_fingerprint(finding.account_id, finding.rule_id, finding.resource_native_id)
    await resolve_alerts(tx, finding.org_id, [fingerprint], at)
    return changed


async def unsuppress_finding(tx: Transaction, scope: Scope, id: str, *, at: datetime) -> Finding:
    """Give a suppressed finding back; what raises alerts does so again. Raises NotFound, or Conflict for others."""
    return await _opened(tx, await Finding.get_in(scope, id, session=tx.session), at)


async def ended_suppressions(at: datetime) -> dict[PydanticObjectId, list[ObjectId]]:
    """Ids of some findings whose suppression has ended, by organization; for the job, which serves every tenant."""
    query = {"state": FindingState.SUPPRESSED.value, "suppressed_until": {"$lte": at}}
    found: dict[PydanticObjectId, list[ObjectId]] = {}
    rows = Finding.rows().find(query, {"org_id": 1}, sort=[("suppressed_until", 1)], limit=AT_ONCE)
    async for raw in rows:
        found.setdefault(raw["org_id"], []).append(raw["_id"])
    return found


async def open_ended(tx: Transaction, org_id: PydanticObjectId, ids: Collection[ObjectId], at: datetime) -> int:
    """Open those of these that are still to be opened; returns how many."""
    ended = {"_id": {"$in": list(ids)}, "org_id": org_id, "suppressed_until": {"$lte": at}}
    query = {**ended, "state": FindingState.SUPPRESSED.value}
    raws = await Finding.rows().find(query, hint="_id_", session=tx.session).to_list()
    for raw in raws:
        await _opened(tx, Finding.stored(raw), at)
    return len(raws)


async def _opened(tx: Transaction, finding: Finding, at: datetime) -> Finding:
    fields = {"state": FindingState.OPEN.value, **NOT_SUPPRESSED}
    changed = await _moved(tx, finding, {FindingState.SUPPRESSED}, fields)
    if changed.severity.rank <= ALERT_FROM.rank:
        await raise_alert(tx, changed.org_id, await _cause(tx, changed), at)
    return changed


async def _moved(
    tx: Transaction, finding: Finding, allowed: Collection[FindingState], fields: Mapping[str, Any]
) -> Finding:
    """The finding with these fields changed: counted, announced and audited."""
    expected = {"_id": finding.id, "state": {"$in": [state.value for state in allowed]}}
    async with counting(tx, finding.org_id, {"resource_id": finding.resource_id}):
        raw = await Finding.rows().find_one_and_update(
            expected, {"$set": dict(fields)}, return_document=ReturnDocument.AFTER, session=tx.session
        )
    if raw is None:
        raise Conflict(f"This finding is {finding.state.value.lower()}: look at it again.", current=finding)
    changed = Finding.stored(raw)
    told = {name: raw.get(name) for name in _TOLD}
    tx.announce(finding.org_id, topic.findings(finding.org_id), "FindingChanged", told)
    tx.audit(finding.org_id, target=f"finding:{finding.id}", before=_audited(finding), after=_audited(changed))
    return changed


def _audited(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in ("state", *NOT_SUPPRESSED)}


async def _cause(tx: Transaction, finding: Finding) -> Cause:
    """What its alert is raised for again, as a sync has raised it."""
    resource = await Resource.rows().find_one({"_id": finding.resource_id}, {"name": 1, "tags": 1}, session=tx.session)
    named = resource or {"name": finding.resource_native_id, "tags": {}}
    return Cause(
        fingerprint=finding_fingerprint(finding.account_id, finding.rule_id, finding.resource_native_id),
        source=AlertSource.FINDING,
        severity=finding.severity,
        category=AlertCategory(finding.category.value),
        title=f"{finding.title}: {named['name']}",
        message=finding.reason,
        account_id=finding.account_id,
        finding_id=finding.id,
        resource_id=finding.resource_id,
        resource_native_id=finding.resource_native_id,
        region=finding.region,
        tags=named["tags"],
    )
