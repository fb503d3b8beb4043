"""Stores a batch of judgements with all that follows from them: history, alerts, evidence; all or nothing."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from beanie import PydanticObjectId

from documents.alert import raise_alert, resolve_alerts
from documents.check import keep_check
from documents.check_change import CheckChange, tell_change
from documents.check_items import note_items
from documents.check_round import keep_round
from documents.control_state import roll_up_controls
from documents.evidence_chain import append_records
from documents.remediation_policy_run import FailedControl
from documents.transaction import Transaction
from domain.facts.compliance import CheckStatus
from jobs.checking.judged import Judged, cause_of, evidence_record, standing_of
from jobs.checking.subject import Subject
from jobs.remediating.policy_asking import ask_after_checks


class RoundLost(Exception):
    """Another worker judges this organization."""


async def store(
    tx: Transaction,
    org_id: PydanticObjectId,
    holder: str,
    batch: Sequence[Judged],
    subjects: Sequence[Subject],
    at: datetime,
) -> None:
    """Raises RoundLost when another worker has taken over."""
    if not await keep_round(org_id, holder, at, tx.session):
        raise RoundLost
    ids = [await keep_check(tx, one.check) for one in batch]
    said = await roll_up_controls(tx, org_id, sorted({one.check.control_id for one in batch}), at)
    for id, one in zip(ids, batch, strict=True):
        check, before = one.check, one.question.before
        await note_items(tx, before, id, check, at)
        if before is None or before.status is not check.status:
            change = CheckChange(
                org_id=org_id,
                check_id=PydanticObjectId(id),
                control_id=check.control_id,
                integration=check.integration,
                account_id=check.account_id,
                before=None if before is None else before.status,
                after=check.status,
                control_status=said[check.control_id],
                is_flapping=standing_of(check).is_flapping,
                at=at,
            )
            await tell_change(tx, change)
        await _tell_people(tx, org_id, one, at)
    await ask_after_checks(tx, org_id, [failed for one in batch for failed in _newly_failed(one)], at)
    await append_records(tx, org_id, [evidence_record(one, subjects) for one in batch])


def _newly_failed(one: Judged) -> Iterator[FailedControl]:
    check, before = one.check, one.question.before
    is_news = before is None or before.status is not CheckStatus.FAIL
    if check.status is CheckStatus.FAIL and is_news and check.account_id is not None:
        yield FailedControl(control_id=check.control_id, account_id=check.account_id)


async def _tell_people(tx: Transaction, org_id: PydanticObjectId, one: Judged, at: datetime) -> None:
    """One alert for each control and account, raised once and again only when it has something else to say."""
    check, before, cause = one.check, one.question.before, cause_of(one)
    known = None if before is None else before.told
    if check.told is None:
        if known is not None:
            await resolve_alerts(tx, org_id, [cause.fingerprint], at)
        return
    is_news = known is not check.told or (before is not None and before.items != check.items)
    if is_news and check.status is check.told:
        await raise_alert(tx, org_id, cause, at)
