"""What follows from what a sync has read: what is gone, findings, alerts, and the run's end, in one transaction."""

from datetime import datetime
from typing import Any

from documents.account import Account, record_sync
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.drift_record import record_drift
from documents.finding import known_findings, record_findings
from documents.finding_suppression import ALERT_FROM, finding_fingerprint
from documents.nudge import settle_nudges
from documents.remediation_saving import note_regressions
from documents.resource import record_gone
from documents.resource_change import ChangeKind
from documents.resource_record import UNCHANGED
from documents.sync_read import forget_seen, stored_gaps
from documents.sync_run import SyncRun, SyncState, announce_sync, find_active_run, is_narrow_still, update_run
from documents.touch import settle_touches
from documents.transaction import Transaction
from domain.findings import FindingChanges, FiringFinding, compare
from jobs.account_reading import AccountRead
from jobs.context import JobContext
from jobs.judging import judge_account
from jobs.lease import Lease
from jobs.queue import ask_checks, resume_parked
from jobs.remediating.policy_asking import ask_after_sync


class Widened(Exception):
    """Somebody has asked for the whole while a narrow run was under way: what it has read is the beginning of it."""


async def store_read(context: JobContext, account: Account, run: SyncRun, lease: Lease, read: AccountRead) -> str:
    """Judge it, and end the run with all that follows, at once; returns the state it ended in.

    Raises LeaseLost and Widened.
    """
    at = context.now()
    gone = await record_gone(account, run, read.is_gone, at, kinds=read.kinds)
    known = {finding.key for finding in await known_findings(account)}
    judged = await judge_account(account, read, read.has_seen, known, at, read.kinds if run.is_narrow else None)

    async def change(tx: Transaction) -> SyncRun:
        await lease.keep(tx.session)
        if run.is_narrow and not await is_narrow_still(run, tx.session):
            raise Widened
        changes = compare(str(account.id), await known_findings(account, tx.session), judged.inventory)
        finding_ids = await record_findings(account, changes, judged.rows, at, tx)
        again = [finding_ids[finding.key] for finding in changes.reopened]
        await note_regressions(tx, account.org_id, again, run.started_at or at, at)
        for finding in (*changes.opened, *changes.reopened):
            if finding.judgement.rule.severity.rank <= ALERT_FROM.rank:
                resource = finding.judgement.resource
                resource_id = judged.rows[resource.kind, resource.native_id]
                cause = _cause(account, finding, finding_ids[finding.key], resource_id)
                await raise_alert(tx, account.org_id, cause, at)
        over = [finding_fingerprint(account.id, one.key.rule_id, one.key.native_id) for one in changes.resolved]
        await resolve_alerts(tx, account.org_id, over, at)
        await _settle(tx, account, run, at)
        await record_drift(tx, account, run, at)
        ended = await update_run(run, tx.session, **_summary(read, changes, gone, at))
        await resume_parked(tx, account.id)
        announce_sync(tx, ended)
        ask_checks(tx, account.org_id)
        await ask_after_sync(tx, ended)
        return ended

    ended = await context.writer.commit(change)
    await forget_what_was_seen(account, run)
    return ended.state.value


async def _settle(tx: Transaction, account: Account, run: SyncRun, at: datetime) -> None:
    """What the end of a sync that has read says of its account; a narrow one says nothing of the whole."""
    if not run.is_narrow:
        await resolve_alerts(tx, account.org_id, [f"sync:{account.id}"], at)
        await record_sync(account, problem=None, at=at, session=tx.session)
        await settle_nudges(tx, account, run.started_at or at, at)
    await settle_touches(tx, account, run, at, is_read=True)


def _cause(account: Account, finding: FiringFinding, finding_id: Any, resource_id: Any) -> Cause:
    judgement = finding.judgement
    return Cause(
        fingerprint=finding_fingerprint(account.id, finding.key.rule_id, finding.key.native_id),
        source=AlertSource.FINDING,
        severity=judgement.rule.severity,
        category=AlertCategory(judgement.rule.category.value),
        title=f"{judgement.rule.title}: {judgement.resource.name}",
        message=judgement.observation.reason if judgement.observation else judgement.rule.description,
        account_id=account.id,
        finding_id=finding_id,
        resource_id=resource_id,
        resource_native_id=judgement.resource.native_id,
        region=judgement.resource.region,
        tags=judgement.resource.tags,
    )


async def forget_what_was_seen(account: Account, run: SyncRun) -> None:
    """With the end of a run. What a narrow one has seen is known on to the one that had stepped aside for it."""
    other = await find_active_run(account) if run.is_narrow else None
    if other is None or not other.parkings:
        await forget_seen(run)


def _summary(read: AccountRead, changes: FindingChanges, gone: int, at: datetime) -> dict[str, Any]:
    gaps, counts = read.coverage.gaps, read.sink.counts
    added, unchanged = counts[ChangeKind.ADDED], counts[UNCHANGED]
    changed = counts[ChangeKind.CHANGED] + counts[ChangeKind.BACK]
    return {
        "state": (SyncState.PARTIAL if gaps else SyncState.SUCCEEDED).value,
        "step": "Done",
        "resources": added + changed + unchanged,
        "added": added,
        "changed": changed,
        "gone": gone,
        "unchanged": unchanged,
        "findings_opened": len(changes.opened) + len(changes.reopened),
        "findings_resolved": len(changes.resolved),
        "gaps": [f"{gap.service}{f' in {gap.region}' if gap.region else ''}: {gap.reason}" for gap in gaps],
        "unread": stored_gaps(gaps),
        "ended_at": at,
    }
