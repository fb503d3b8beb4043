"""Our own records as controls look at them: what we read, tell, limit and judge, each as plain rows.

The rows of an operation have the fields that `domain/compliance/own_records.py` says. Times are aware.
"""

from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from documents.account import CONNECTED_STATES, Account
from documents.anomaly_run import AnomalyRun
from documents.budget import Budget
from documents.check import Check
from documents.compliance_settings import controls_in_force
from documents.control_state import ControlState
from documents.delivery import Delivery
from documents.forecast_event import MOST_EVENTS, ForecastEvent
from documents.integration_health import IntegrationHealth
from documents.routing_rule import RoutingRule
from documents.sent_record import issues_opened
from documents.sync_run import SyncRun, SyncState
from domain.facts.channel import DeliveryState
from domain.facts.compliance import CheckStatus
from domain.facts.health import HealthState
from domain.facts.notice import NoticeKind
from domain.facts.provider import Provider
from domain.facts.scope import Scope

Rows = list[dict[str, Any]]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# Due checks are asked for once a minute, and wait for those before them.
LATE_AFTER = timedelta(minutes=15)
MOST = 20_000
_WITH_BILLS = (Provider.AWS, Provider.AZURE, Provider.GCP, Provider.DIGITALOCEAN)
_HEALTH = {HealthState.HEALTHY: "healthy", HealthState.DEGRADED: "degraded", HealthState.FAILING: "down"}
# What somebody must hear of at once; digests and what is held back until morning are late on purpose.
_URGENT = (NoticeKind.RAISED, NoticeKind.ESCALATED)
_TRIED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXPIRED)


async def sync_runs(scope: Scope, _: datetime) -> Rows:
    """How each connected account is read, and when that last worked in whole."""
    accounts = await _accounts(scope)
    match = {**SyncRun.within(scope), "state": SyncState.SUCCEEDED.value, "is_narrow": {"$ne": True}}
    grouped = {"$group": {"_id": "$account_id", "at": {"$max": "$ended_at"}}}
    found = await SyncRun.rows().aggregate([{"$match": match}, grouped])
    last = {raw["_id"]: raw["at"] async for raw in found}
    return [
        {
            "account_id": str(account["_id"]),
            "last_success_at": last.get(account["_id"]),
            "cadence_minutes": int(account["sync_every"] // 60),
        }
        for account in accounts
    ]


async def integration_health(scope: Scope, _: datetime) -> Rows:
    """How each connected account answers; one that was not asked of late is degraded."""
    accounts = {account["_id"]: account for account in await _accounts(scope)}
    health = IntegrationHealth.rows().find(
        IntegrationHealth.within(scope), {"account_id": 1, "state": 1, "at": 1, "since": 1}
    )
    seen = {raw["account_id"]: raw async for raw in health}
    return [
        {
            "integration": account["provider"],
            "account_id": str(id),
            "status": _HEALTH.get(seen[id]["state"], "degraded") if id in seen else "degraded",
            "since": (seen[id].get("since") or seen[id]["at"]) if id in seen else account["created_at"],
        }
        for id, account in accounts.items()
    ]


async def _accounts(scope: Scope) -> Rows:
    query = {**Account.within(scope), "state": {"$in": [state.value for state in CONNECTED_STATES]}}
    fields = {"provider": 1, "sync_every": 1, "created_at": 1}
    return await Account.rows().find(query, fields).to_list()


async def anomaly_models(scope: Scope, _: datetime) -> Rows:
    """When costs were last looked through, and of how many of the connected accounts that send bills."""
    clouds = {account["_id"] for account in await _accounts(scope) if account["provider"] in _WITH_BILLS}
    if not clouds:
        return []
    last = await AnomalyRun.find_in(scope, {})
    covered = clouds & set([] if last is None else last.account_ids)
    return [
        {
            "last_run_at": None if last is None else last.at,
            "accounts_covered": len(covered),
            "accounts_total": len(clouds),
        }
    ]


async def budgets(scope: Scope, _: datetime) -> Rows:
    """Every budget that counts, with what it will come to over its limit."""
    found = await Budget.list_in(scope, {"archived_at": None})
    return [
        {
            "name": budget.name,
            "forecast_ratio": None
            if budget.expected is None or budget.limit <= 0
            else float(budget.expected / budget.limit),
        }
        for budget in found
    ]


async def sales(scope: Scope, _: datetime) -> Rows | None:
    """What is declared to raise the costs of all services for a time. None where nothing is."""
    found = await ForecastEvent.list_in(scope, {"until": {"$ne": None}, "service_name": None}, limit=MOST_EVENTS)
    return [
        {
            "name": one.name,
            "first": one.first,
            "until": one.until,
            "starts_at": one.starts_at,
            "account": one.sub_account_id,
        }
        for one in found
        if (one.factor is not None and one.factor > 1) or (one.amount is not None and one.amount > 0)
    ] or None


async def alert_deliveries(scope: Scope, now: datetime) -> Rows:
    """What was told of alerts in the last week, from the first try on, and the longest way up when nobody answers."""
    query = {
        **Delivery.within(scope),
        "created_at": {"$gte": now - WEEK},
        "kind": {"$in": [kind.value for kind in _URGENT]},
        "state": {"$in": [state.value for state in _TRIED]},
    }
    raws = await Delivery.rows().find(query, {"sent_at": 1, "first_tried_at": 1}).limit(MOST).to_list()
    took = sorted((raw["sent_at"] - raw["first_tried_at"]).total_seconds() for raw in raws if raw["sent_at"])
    rules = RoutingRule.rows().find({**RoutingRule.within(scope), "is_enabled": True}, {"escalations": 1})
    steps = [len(raw["escalations"]) async for raw in rules]
    return [
        {
            "attempted": len(raws),
            "delivered": len(took),
            "p95_seconds": took[-(-95 * len(took) // 100) - 1] if took else None,
            "escalation_steps": max(steps, default=0),
        }
    ]


async def job_runs(scope: Scope, now: datetime) -> Rows:
    """Syncs and messages of the last day: how many came to a good end, and how many were given up for good."""
    since = now - DAY
    syncs = await _by_state(SyncRun, scope, since)
    notices = await _by_state(Delivery, scope, since)
    dead = {"state": {"$in": [DeliveryState.FAILED.value, DeliveryState.EXPIRED.value]}, "created_at": {"$gte": since}}
    oldest = await Delivery.rows().find_one({**Delivery.within(scope), **dead}, sort=[("created_at", 1)])
    given_up = notices.get(DeliveryState.FAILED, 0) + notices.get(DeliveryState.EXPIRED, 0)
    good = (SyncState.SUCCEEDED, SyncState.PARTIAL)
    return [
        {
            "queued": sum(syncs.values()) + sum(notices.values()),
            "succeeded": sum(syncs.get(state, 0) for state in good) + notices.get(DeliveryState.SENT, 0),
            "failed": syncs.get(SyncState.FAILED, 0) + given_up,
            "dead": given_up,
            "oldest_dead_at": None if oldest is None else oldest["created_at"],
        }
    ]


async def _by_state(document: type[SyncRun] | type[Delivery], scope: Scope, since: datetime) -> dict[str, int]:
    match = {"$match": {**document.within(scope), "created_at": {"$gte": since}}}
    found = await document.rows().aggregate([match, {"$group": {"_id": "$state", "count": {"$sum": 1}}}])
    return {raw["_id"]: raw["count"] async for raw in found}


async def check_runs(scope: Scope, now: datetime) -> Rows:
    """The checks that were to be made in the last day; late are those whose time has passed a while ago."""
    fields = {"judged_at": 1, "next_at": 1, "status": 1}
    found = await Check.rows().find(Check.within(scope), fields).to_list()
    done = [raw for raw in found if raw["judged_at"] > now - DAY]
    late = [raw for raw in found if raw["next_at"] < now - LATE_AFTER]
    missed = [raw for raw in late if raw["judged_at"] <= now - DAY]
    return [
        {
            "scheduled": len(done) + len(missed),
            "completed": len(done),
            "late": len(late),
            "error": len([raw for raw in done if raw["status"] == CheckStatus.ERROR]),
        }
    ]


async def control_results(scope: Scope, _: datetime) -> Rows:
    """What is said of each control, since when, and the ticket that follows it."""
    severities = {control.id: control.severity.value for control in await controls_in_force(ObjectId(scope.only()))}
    states = await ControlState.rows().find(ControlState.within(scope)).to_list()
    tickets = await ticket_keys(ObjectId(scope.only()))
    return [
        {
            "control_id": raw["control_id"],
            "severity": severities[raw["control_id"]],
            "status": raw["status"],
            "first_failed_at": raw["since"] if raw["status"] == CheckStatus.FAIL else None,
            "changed_at": raw["since"],
            "ticket_key": tickets.get(raw["control_id"]),
        }
        for raw in states
        if raw["control_id"] in severities
    ]


async def ticket_keys(org_id: ObjectId) -> dict[str, str]:
    """The newest ticket of each control that has one."""
    return {row["control_id"]: row["key"] for row in await issues_opened(org_id)}
