"""Sends summaries that are due, each once for its day, and those that somebody asks for now."""

from datetime import datetime
from typing import Any

import structlog
from beanie import PydanticObjectId

from auth.scope import scope_of_job
from documents.channel import Channel
from documents.delivery import USABLE, add_delivery
from documents.organization import find_organization
from documents.status_report import StatusReport, claim_report, due_reports, note_sent
from documents.transaction import Transaction
from domain.errors import NotFound
from domain.facts.notice import Notice
from domain.facts.scope import Scope
from domain.status.schedule import period_of
from jobs.context import JobContext
from jobs.status import notice_of

log = structlog.get_logger()

JOB = "send_status_report"


async def send_due_reports(ctx: dict[str, Any]) -> int:
    """Returns how many were handed to their channels. Of those missed while nobody worked only the last is sent.

    What fails for one report does not keep the others from being sent; it is tried again in a minute.
    """
    context: JobContext = ctx["context"]
    now = context.now()
    sent = 0
    for report in await due_reports(now):
        try:
            sent += await _send_due(context, report, now)
        except Exception:  # one tenant's trouble must not become another's silence
            log.exception("report_failed", report_id=str(report.id))
    return sent


async def _send_due(context: JobContext, report: StatusReport, now: datetime) -> bool:
    assert report.next_at is not None  # noqa: S101 - only those with a time are due; this tells the type checker
    period = period_of(report.next_at, report.zone)
    return await _send(context, report, f"status:{report.id}:{period}", now, is_due=True)


async def send_status_report(ctx: dict[str, Any], *, org_id: str, report_id: str, key: str) -> bool:
    """Whether it was handed to its channel. `key` is that of the ask: asked for once, it is sent once."""
    context: JobContext = ctx["context"]
    try:
        report = await StatusReport.get_in(_scope(org_id), report_id)
    except NotFound:
        return False
    return await _send(context, report, f"status:{report.id}:now:{key}", context.now(), is_due=False)


def _scope(org_id: object) -> Scope:
    return scope_of_job(JOB, str(org_id))


async def _send(context: JobContext, report: StatusReport, key: str, now: datetime, *, is_due: bool) -> bool:
    channel = await Channel.find_in(_scope(report.org_id), {"_id": report.channel_id})
    problem = _problem(channel)
    notice = None if problem else await _notice(context, report, now)

    async def change(tx: Transaction) -> bool:
        if is_due and not await claim_report(report, now, tx.session):
            return False
        await note_sent(report, now, problem, tx.session)
        if notice is None:
            return False
        return await add_delivery(tx, report.org_id, report.channel_id, key, notice) is not None

    return await context.writer.commit(change)


def _problem(channel: Channel | None) -> str | None:
    if channel is None:
        return "Its channel is gone: choose another."
    if channel.state not in USABLE:
        return f"Its channel {channel.name} is not in use: send it a test first."
    return None


async def _notice(context: JobContext, report: StatusReport, now: datetime) -> Notice:
    organization = await find_organization(PydanticObjectId(report.org_id))
    name = organization.name if organization else ""
    return await notice_of(
        _scope(report.org_id),
        subject=f"status:{report.id}",
        title=f"{report.name}: {name}",
        organization=name,
        kinds=report.kinds,
        at=now,
        link=context.public_url,
    )
