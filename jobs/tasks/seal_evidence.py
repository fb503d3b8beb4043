"""Signs, once an hour, what the chains of evidence have grown by; has it stamped, and the day's heads sent out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from beanie import PydanticObjectId
from pymongo.errors import DuplicateKeyError

from auth.scope import scope_of_job
from documents.channel import Channel
from documents.delivery import USABLE, add_delivery
from documents.evidence import tell_store
from documents.evidence_chain import evidence_heads
from documents.evidence_checkpoint import (
    last_checkpoint,
    note_stamp,
    store_checkpoint,
    unstamped,
    written,
)
from documents.evidence_verification import unsealed_hashes
from documents.organization import find_organization
from documents.transaction import Transaction
from domain.audit.canonical import canonical
from domain.errors import ProviderError
from domain.evidence.check import checkpoint_members
from domain.evidence.record import checkpoint_of
from domain.facts.notice import Notice, NoticeKind, NoticeLine
from jobs.context import JobContext

log = structlog.get_logger()

JOB = "seal_evidence"


async def seal_evidence(ctx: dict[str, Any]) -> int:
    """Returns how many checkpoints were made. A second run finds nothing to do.

    A chain that is broken since its last checkpoint gets none, so that what is wrong is not signed; the log says so.
    """
    context: JobContext = ctx["context"]
    made = 0
    for org_id, head in (await evidence_heads()).items():
        try:
            made += await _seal(context, org_id, head)
            await _send_head(context, org_id)
        except DuplicateKeyError:  # another worker is at it
            continue
        except Exception:  # one damaged chain shall not keep the others from being sealed
            log.exception("evidence_not_sealed", organization_id=str(org_id))
    await _stamp(context)
    await _lock_longer(context)
    return made


async def _seal(context: JobContext, org_id: PydanticObjectId, head: Mapping[str, Any]) -> bool:
    last = await last_checkpoint(org_id)
    hashes, broken = await unsealed_hashes(org_id, head, last, context.audit_keys)
    if broken is not None:
        kind, place, problem = broken
        log.error("evidence_broken", organization_id=str(org_id), kind=kind, place=place, problem=problem)
        return False
    made = checkpoint_of(org_id, written(last) if last else None, hashes, context.now())
    if made is not None:
        await store_checkpoint(made, context.audit_key, context.now())
    return made is not None


async def _stamp(context: JobContext) -> None:
    """What the authority does not stamp is tried again an hour later, for some days; checkpoints tell why."""
    if context.stamper is None:
        return
    away: str | None = None
    for checkpoint in await unstamped(context.now()):
        stamp, problem = None, away
        if away is None:
            try:
                text = canonical(checkpoint_members(written(checkpoint)))
                stamp = (await context.stamper.stamp(text)).hex()
            except ProviderError as error:
                problem = error.message
                away = problem if error.is_retryable else None  # it would not answer the next one either
                log.warning("evidence_not_stamped", organization_id=str(checkpoint["org_id"]), reason=problem)
        await note_stamp(checkpoint, context.now(), stamp=stamp, problem=problem)


async def _lock_longer(context: JobContext) -> None:
    if context.pack_store is None:
        return
    try:
        await tell_store(context.pack_store)
    except ProviderError as error:
        log.warning("evidence_not_locked_longer", reason=error.message)


async def _send_head(context: JobContext, org_id: PydanticObjectId) -> None:
    """Once a day, to the channel that the organization has chosen for it."""
    organization, checkpoint = await find_organization(org_id), await last_checkpoint(org_id)
    if organization is None or organization.evidence_channel_id is None or checkpoint is None:
        return
    scope = scope_of_job(JOB, str(org_id))
    channel = await Channel.find_in(scope, {"_id": organization.evidence_channel_id})
    if channel is None or channel.id is None or channel.state not in USABLE:
        log.warning("evidence_head_not_sent", organization_id=str(org_id))
        return
    now = context.now()
    notice = head_notice(organization.name, checkpoint, now, context.public_url)

    channel_id = channel.id

    async def change(tx: Transaction) -> None:
        await add_delivery(tx, org_id, channel_id, f"evidence:{now:%Y-%m-%d}", notice)

    await context.writer.commit(change)


def head_notice(organization: str, checkpoint: Mapping[str, Any], at: datetime, link: str) -> Notice:
    """The head as channels take it. Whoever keeps the message can show later that nothing was cut off."""
    values = {
        "head": f"{checkpoint['last_seq']}:{checkpoint['last_hash']}",
        "checkpoint": str(checkpoint["number"]),
        "root": str(checkpoint["root"]),
        "signature": str(checkpoint["signature"]),
        "key": str(checkpoint["key_id"]),
    }
    return Notice(
        kind=NoticeKind.STATUS,
        subject="evidence",
        title=f"Evidence of {organization} ends at record {checkpoint['last_seq']}",
        message="Keep this message: verifyEvidence and verify.py take the head, and tell whether records that were "
        "there on this day are still there.",
        organization=organization,
        at=at,
        link=link,
        lines=tuple(NoticeLine(label=name.capitalize(), text=text) for name, text in values.items()),
        values=values,
    )
