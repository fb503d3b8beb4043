"""Which jobs run on which queue, for how long and how often, and what looks for work by the clock."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import structlog
from arq import cron
from arq.worker import func

from jobs.queue import (
    ALLOCATE_COSTS,
    CHECK_BUDGETS,
    CHECK_IDENTITY_PROVIDER,
    DELIVER,
    DETECT_ANOMALIES,
    DISCONNECT_ACCOUNT,
    DISCOVER_MEMBERS,
    DISPATCH_EVENTS,
    ERASE_ORGANIZATION,
    EXPORT_AUDIT,
    EXPORT_COSTS,
    FETCH_COSTS,
    FORECAST_COSTS,
    JUDGE_ASKED,
    JUDGE_CONTROLS,
    LIST_ACCESS,
    LOOK_AT_PAGES,
    LOOK_FOR_FINDINGS,
    MAKE_AUDIT_PACK,
    PROCESS_EVENTS,
    PULL_EVENTS,
    RECONCILE_TICKETS,
    RECORD_VISITS,
    RUN_REMEDIATION,
    RUN_REMEDIATION_POLICY,
    SEND_MAIL,
    SEND_STATUS_REPORT,
    SYNC_ACCOUNT,
    SYNC_TICKET,
    VERIFY_DOMAIN,
)
from jobs.tasks import keep_house
from jobs.tasks.allocate_costs import allocate_costs, allocate_missed, clear_replaced_runs
from jobs.tasks.check_api_keys import check_api_keys
from jobs.tasks.check_budgets import check_budgets
from jobs.tasks.check_commitments import check_commitments
from jobs.tasks.check_deadlines import check_deadlines
from jobs.tasks.check_identity_provider import check_identity_provider
from jobs.tasks.clear_costs import clear_replaced_costs
from jobs.tasks.count_savings import count_savings
from jobs.tasks.deliver import deliver, deliver_due
from jobs.tasks.detect_anomalies import detect_anomalies, look_daily
from jobs.tasks.disconnect_account import disconnect_account
from jobs.tasks.discover_members import discover_members
from jobs.tasks.dispatch_events import dispatch_events, dispatch_lost
from jobs.tasks.erase_organization import erase_organization
from jobs.tasks.export_audit import export_audit, forget_old_exports
from jobs.tasks.export_costs import export_costs
from jobs.tasks.fetch_costs import FETCH_TIMEOUT, fetch_costs, start_due_fetches
from jobs.tasks.fetch_public_pages import fetch_public_pages
from jobs.tasks.forecast_costs import ask_due_forecasts, forecast_costs
from jobs.tasks.judge_controls import MAX_TRIES as ROUND_TRIES
from jobs.tasks.judge_controls import ask_due_checks, judge_asked, judge_controls
from jobs.tasks.list_access import list_access
from jobs.tasks.look_at_pages import ask_due_looks, look_at_pages
from jobs.tasks.make_audit_pack import make_audit_pack
from jobs.tasks.process_events import process_events, process_late_events
from jobs.tasks.pull_events import ask_for_unread, pull_events
from jobs.tasks.reconcile_tickets import ask_for_reconciliation, reconcile_tickets
from jobs.tasks.record_visits import record_visits
from jobs.tasks.reopen_findings import reopen_findings
from jobs.tasks.run_remediation import ask_due_remediations, run_remediation
from jobs.tasks.run_remediation_policy import look_for_findings, run_remediation_policy, start_due_policies
from jobs.tasks.seal_audit import seal_audit
from jobs.tasks.seal_evidence import seal_evidence
from jobs.tasks.send_mail import MAX_TRIES, send_mail
from jobs.tasks.send_status_report import send_due_reports, send_status_report
from jobs.tasks.sync_account import SYNC_TIMEOUT, sync_account
from jobs.tasks.sync_ticket import MAX_TRIES as TICKET_TRIES
from jobs.tasks.sync_ticket import sync_ticket
from jobs.tasks.tell_later import tell_later
from jobs.tasks.verify_audit import verify_audit
from jobs.tasks.verify_domain import verify_domain

QUICK_TIMEOUT = timedelta(seconds=60)
SLOW_TIMEOUT = timedelta(minutes=5, seconds=30)
# A sync ends itself first, so that it can say why.
SYNC_JOB_TIMEOUT = SYNC_TIMEOUT + timedelta(seconds=30)
FETCH_JOB_TIMEOUT = FETCH_TIMEOUT + timedelta(seconds=30)
# A queue is read for 50 seconds; the last call may be tried again for two minutes.
PULL_TIMEOUT, PULLED_AGAIN = timedelta(minutes=4), timedelta(seconds=90)
# How often a sync may be put off: by its provider, by another worker that is on it, by a MongoDB that is away.
SYNC_ATTEMPTS = 200
# A million entries take about a minute. No job of the slow queue has longer: what a dead worker had is found after it.
EXPORT_TIMEOUT = timedelta(minutes=15)
# Shorter than the lease of a delivery: whoever has it then is dead.
DELIVERY_TIMEOUT = timedelta(seconds=120)


def told(task: Callable[..., Awaitable[Any]]) -> Any:
    """The task with its organization on every log line it writes."""

    @wraps(task)
    async def run_told(ctx: dict[str, Any], *, org_id: str, **arguments: Any) -> Any:
        structlog.contextvars.bind_contextvars(organization_id=org_id)
        return await task(ctx, org_id=org_id, **arguments)

    return run_told


def quick_jobs() -> list[Any]:
    """Those of the queue for quick work."""
    return [
        func(told(check_budgets), name=CHECK_BUDGETS, timeout=QUICK_TIMEOUT, max_tries=5),
        func(told(dispatch_events), name=DISPATCH_EVENTS, timeout=QUICK_TIMEOUT, max_tries=5),
        func(told(process_events), name=PROCESS_EVENTS, timeout=QUICK_TIMEOUT, max_tries=5),
        func(send_mail, name=SEND_MAIL, timeout=QUICK_TIMEOUT, max_tries=MAX_TRIES + 1),
        func(told(check_identity_provider), name=CHECK_IDENTITY_PROVIDER, timeout=QUICK_TIMEOUT, max_tries=5),
        func(told(verify_domain), name=VERIFY_DOMAIN, timeout=QUICK_TIMEOUT, max_tries=5),
    ]


def ticks() -> list[Any]:
    """What looks for work by the clock; each is quick, and twice changes nothing."""
    return [
        cron(keep_house.start_due_syncs, second=set(range(5, 60, 10)), timeout=QUICK_TIMEOUT),
        cron(keep_house.start_narrow_syncs, second=set(range(0, 60, 5)), timeout=QUICK_TIMEOUT),
        cron(start_due_fetches, second=25, timeout=QUICK_TIMEOUT),
        cron(dispatch_lost, second={10, 40}, timeout=QUICK_TIMEOUT),
        cron(process_late_events, second=20, timeout=QUICK_TIMEOUT),
        cron(keep_house.wake_alerts, second=20, timeout=QUICK_TIMEOUT),
        cron(keep_house.ask_again, second=35, timeout=QUICK_TIMEOUT),
        cron(ask_for_unread, second={0, 20, 40}, timeout=QUICK_TIMEOUT),
        cron(keep_house.ask_for_mails_again, minute=set(range(0, 60, 5)), second=45, timeout=QUICK_TIMEOUT),
        cron(keep_house.erase_again, minute=27, second=0, timeout=QUICK_TIMEOUT),
        cron(keep_house.disconnect_again, minute=set(range(2, 60, 5)), second=15, timeout=QUICK_TIMEOUT),
        cron(keep_house.look_for_members, hour=3, minute=7, second=0, timeout=QUICK_TIMEOUT),
        cron(check_api_keys, hour=5, minute=37, second=0, timeout=QUICK_TIMEOUT),
        cron(ask_due_looks, minute=21, second=30, timeout=QUICK_TIMEOUT),
        cron(check_deadlines, minute={11, 41}, second=0, timeout=QUICK_TIMEOUT),
        cron(reopen_findings, minute={14, 44}, second=30, timeout=QUICK_TIMEOUT),
        cron(keep_house.forget_old_events, minute=17, second=0, timeout=QUICK_TIMEOUT),
        cron(ask_for_reconciliation, minute=set(range(4, 60, 15)), second=50, timeout=QUICK_TIMEOUT),
        cron(ask_due_forecasts, minute=set(range(1, 60, 5)), second=25, timeout=QUICK_TIMEOUT),
        cron(ask_due_remediations, second=set(range(3, 60, 10)), timeout=QUICK_TIMEOUT),
        cron(start_due_policies, second={8, 38}, timeout=QUICK_TIMEOUT),
        cron(ask_due_checks, second=15, timeout=QUICK_TIMEOUT),
        cron(send_due_reports, second=1, timeout=QUICK_TIMEOUT),
    ]


def delivery_jobs() -> list[Any]:
    """Those of the queue for messages and tickets."""
    return [
        func(told(deliver), name=DELIVER, timeout=DELIVERY_TIMEOUT, max_tries=5),
        func(told(send_status_report), name=SEND_STATUS_REPORT, timeout=QUICK_TIMEOUT, max_tries=5),
        # What waits for what was begun by another to settle is no failed try.
        func(told(sync_ticket), name=SYNC_TICKET, timeout=DELIVERY_TIMEOUT, max_tries=2 * TICKET_TRIES),
    ]


def slow_jobs() -> list[Any]:
    """Those of the queue for slow work."""
    return [
        # Tried again every few seconds while a sync is still under way.
        func(told(disconnect_account), name=DISCONNECT_ACCOUNT, timeout=SLOW_TIMEOUT, max_tries=200),
        func(told(allocate_costs), name=ALLOCATE_COSTS, timeout=EXPORT_TIMEOUT, max_tries=5),
        func(told(discover_members), name=DISCOVER_MEMBERS, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(erase_organization), name=ERASE_ORGANIZATION, timeout=SLOW_TIMEOUT, max_tries=10),
        func(told(detect_anomalies), name=DETECT_ANOMALIES, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(export_audit), name=EXPORT_AUDIT, timeout=EXPORT_TIMEOUT, max_tries=5),
        func(told(forecast_costs), name=FORECAST_COSTS, timeout=EXPORT_TIMEOUT, max_tries=5),
        func(told(export_costs), name=EXPORT_COSTS, timeout=EXPORT_TIMEOUT, max_tries=5),
        func(told(make_audit_pack), name=MAKE_AUDIT_PACK, timeout=EXPORT_TIMEOUT, max_tries=5),
        func(told(judge_controls), name=JUDGE_CONTROLS, timeout=EXPORT_TIMEOUT, max_tries=ROUND_TRIES),
        func(told(judge_asked), name=JUDGE_ASKED, timeout=EXPORT_TIMEOUT, max_tries=ROUND_TRIES),
        func(told(list_access), name=LIST_ACCESS, timeout=EXPORT_TIMEOUT, max_tries=20),
        func(told(look_at_pages), name=LOOK_AT_PAGES, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(run_remediation_policy), name=RUN_REMEDIATION_POLICY, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(look_for_findings), name=LOOK_FOR_FINDINGS, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(reconcile_tickets), name=RECONCILE_TICKETS, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(record_visits), name=RECORD_VISITS, timeout=SLOW_TIMEOUT, max_tries=10),
    ]


def sync_jobs() -> list[Any]:
    """Those of the queue for what reads an account for long."""
    return [
        func(told(sync_account), name=SYNC_ACCOUNT, timeout=SYNC_JOB_TIMEOUT, max_tries=SYNC_ATTEMPTS),
        # It leaves off by itself wherever it has to wait, and others go on.
        func(told(run_remediation), name=RUN_REMEDIATION, timeout=SLOW_TIMEOUT, max_tries=5),
        func(told(fetch_costs), name=FETCH_COSTS, timeout=FETCH_JOB_TIMEOUT, max_tries=5),
    ]


def pull_jobs() -> list[Any]:
    """The one of the queue for queues."""
    return [func(told(pull_events), name=PULL_EVENTS, timeout=PULL_TIMEOUT, max_tries=5)]


def slow_ticks() -> list[Any]:
    """What the slow queue does by the clock."""
    return [
        cron(clear_replaced_costs, minute=set(range(3, 60, 10)), second=0, timeout=SLOW_TIMEOUT),
        cron(look_daily, hour=6, minute=11, second=0, timeout=SLOW_TIMEOUT),
        cron(check_commitments, hour=4, minute=23, second=0, timeout=SLOW_TIMEOUT),
        cron(count_savings, hour=7, minute=33, second=0, timeout=SLOW_TIMEOUT),
        cron(clear_replaced_runs, minute=set(range(8, 60, 10)), second=0, timeout=SLOW_TIMEOUT),
        cron(allocate_missed, minute=52, second=0, timeout=SLOW_TIMEOUT),
        cron(fetch_public_pages, minute=set(range(6, 60, 10)), second=30, timeout=SLOW_TIMEOUT),
        cron(seal_audit, minute=27, second=0, timeout=SLOW_TIMEOUT),
        cron(seal_evidence, minute=31, second=0, timeout=SLOW_TIMEOUT),
        cron(verify_audit, hour=2, minute=47, second=0, timeout=EXPORT_TIMEOUT),
        cron(forget_old_exports, minute=42, second=0, timeout=SLOW_TIMEOUT),
    ]


def delivery_ticks() -> list[Any]:
    """What the queue for messages does by the clock."""
    return [
        cron(deliver_due, second=set(range(1, 60, 5)), timeout=QUICK_TIMEOUT),
        cron(tell_later, second=20, timeout=QUICK_TIMEOUT),
    ]
