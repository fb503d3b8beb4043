"""What follows from events that were read: alerts raised and resolved, and a sync of what has changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from bson import ObjectId

from documents.account import Account
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.event_inbox import Outcome, settle_events, still_waiting
from documents.event_memory import is_newest, recollect
from documents.event_subject import find_subject
from documents.received_event import ReceivedEvent, unreadable_of
from documents.transaction import Transaction
from domain.detection.detector import Recollection
from domain.detection.judgement import Verdict, ended_by, fingerprint_of, judge, resource_of, traces_of
from domain.detectors.registry import all_detectors, get_detector
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity
from jobs.event_change import is_change
from jobs.event_owner import Owners
from jobs.event_reading import Read
from jobs.event_touch import ask_for_changes

STRANGE = "{count} of {all} events are of accounts that are not yours: {names}."
MOST_NAMED = 5


async def take_messages(tx: Transaction, reads: Sequence[Read], owners: Owners, at: datetime) -> int:
    """Do what follows from these messages and mark them as read; returns how many alerts were raised now.

    Those that another worker has read meanwhile are left alone, so that nothing is done twice.
    """
    waiting = await still_waiting([read.received for read in reads], tx.session)
    outcomes: dict[ObjectId, Outcome] = {}
    changed: dict[ObjectId, tuple[Account, list[ProviderEvent]]] = {}
    raised = 0
    for read in (one for one in reads if one.received.id in waiting):
        owned = [(event, owners.owner_of(event, read.received)) for event in read.events]
        for event, account in owned:
            if account is not None:
                raised += await _take(tx, event, account, owners, at)
                if is_change(event):
                    changed.setdefault(ObjectId(account.id), (account, []))[1].append(event)
        problem = read.problem or _strangers(owned)
        outcomes[ObjectId(read.received.id)] = Outcome(problem, read.clean)
        if problem is not None:
            raised += await _tell_unreadable(tx, read.received, problem, at)
    await settle_events(outcomes, at, tx.session)
    await _end_unreadable(tx, [one.received for one in reads if one.received.id in waiting], outcomes, at)
    for _, (account, changes) in sorted(changed.items(), key=itemgetter(0)):
        await ask_for_changes(tx, account, changes, at)
    return raised


async def _take(tx: Transaction, event: ProviderEvent, account: Account, owners: Owners, at: datetime) -> int:
    if event.cause is not None:
        fingerprint = ended_by(account.id, event.cause)
        if not await is_newest(tx, account, fingerprint, event.at):
            return 0
        if event.is_over:
            await resolve_alerts(tx, account.org_id, [fingerprint], at)
            return 0
    recalled = await _recalled(tx, event, account)
    verdicts = judge(all_detectors(), event, owners.native_ids(event.provider), recalled)
    return sum([await _raise(tx, event, verdict, account, at) for verdict in verdicts])


async def _recalled(tx: Transaction, event: ProviderEvent, account: Account) -> dict[str, Recollection]:
    return {
        id: await recollect(tx, account, id, trace, get_detector(id).window, event.at)
        for id, trace in traces_of(all_detectors(), event).items()
    }


async def _raise(tx: Transaction, event: ProviderEvent, verdict: Verdict, account: Account, at: datetime) -> bool:
    detector, sighting = verdict.detector, verdict.sighting
    named = [one for one in (sighting.resource, *event.resources) if one]
    subject = await find_subject(account, named, tx.session)
    is_anomaly = event.kind is EventKind.COST_ANOMALY
    cause = Cause(
        fingerprint=fingerprint_of(account.id, event, verdict),
        source=AlertSource.ANOMALY if is_anomaly else AlertSource.EVENT,
        severity=sighting.severity or detector.severity,
        title=sighting.title or detector.title,
        message=sighting.message,
        account_id=account.id,
        category=sighting.category or detector.category,
        resource_id=None if subject is None else subject.id,
        resource_native_id=resource_of(event, verdict) if subject is None else subject.native_id,
        principal=event.principal,
        region=event.region,
        service=event.service,
        tags=sighting.tags if subject is None else {**subject.tags, **sighting.tags},
        occurred_at=event.at,
    )
    return await raise_alert(tx, account.org_id, cause, at)


async def _tell_unreadable(tx: Transaction, received: ReceivedEvent, problem: str, at: datetime) -> bool:
    """One alert for each endpoint, whatever number of its messages cannot be read."""
    provider = received.provider.value
    cause = Cause(
        fingerprint=unreadable_of(received.endpoint_id),
        source=AlertSource.INTEGRATION,
        severity=Severity.MEDIUM,
        title=f"Events of {provider} cannot be read",
        message=f"Message {received.event_id[:200]} was kept and nothing follows from it. {problem} "
        "Look at what is sent to this endpoint.",
        account_id=received.account_id,
        category=AlertCategory.OPERATIONS,
    )
    return await raise_alert(tx, received.org_id, cause, at)


async def _end_unreadable(
    tx: Transaction, received: Sequence[ReceivedEvent], outcomes: Mapping[ObjectId, Outcome], at: datetime
) -> None:
    """Resolve what was told of endpoints whose last message, of those read now, was read well."""
    last = {(one.org_id, unreadable_of(one.endpoint_id)): outcomes[ObjectId(one.id)].problem for one in received}
    for (org_id, fingerprint), problem in last.items():
        if problem is None:
            await resolve_alerts(tx, org_id, [fingerprint], at)


def _strangers(owned: Sequence[tuple[ProviderEvent, Account | None]]) -> str | None:
    strange = [event.account_native_id or "" for event, account in owned if account is None]
    if not strange:
        return None
    names = ", ".join(sorted(set(strange))[:MOST_NAMED])
    return STRANGE.format(count=len(strange), all=len(owned), names=names)
