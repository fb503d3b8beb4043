"""Tells people of plans that wait for their approval, and of what became of them: each once for each channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from beanie import PydanticObjectId
from bson import ObjectId

from auth.scope import scope_of_job
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.delivery import add_delivery
from documents.hold import cancel_holds
from documents.remediation import Remediation, remediation_of
from documents.remediation_settings import RemediationSettings, settings_of
from documents.routing import load_routing, told_channels
from documents.transaction import Transaction
from documents.user import people_by_id
from domain.alerting.quiet import quiet_until
from domain.alerting.route import HoldReason, KnownChannel, Telling
from domain.facts import topic
from domain.facts.event import LoggedEvent
from domain.facts.remediation import RemediationState
from domain.facts.severity import Severity
from jobs.approval_notice import Approvals, people_of, subject_of
from jobs.consumer import Consumer
from jobs.context import JobContext
from jobs.notices import teller_of
from jobs.telling import tell

S = RemediationState
JOB = "tell_approvals"
NO_CHANNEL = "channels:approvals"
# An event of these may be something to tell; what is told is how things stand by now.
TOLD = frozenset({S.PLANNED, S.APPROVED, S.CANCELLED, S.EXPIRED, S.VOID})
# It ended, as opposed to whatever comes after it was approved.
ENDED = frozenset({S.CANCELLED, S.EXPIRED, S.VOID})


@dataclass(frozen=True)
class Desk:
    """What one batch is worked on with. `channels` are those that can be used, by id."""

    tx: Transaction
    context: JobContext
    org_id: PydanticObjectId
    settings: RemediationSettings
    channels: Mapping[str, KnownChannel]
    now: datetime

    @property
    def asked(self) -> list[KnownChannel]:
        """The channels that are told of plans."""
        ids = [str(id) for id in self.settings.approval_channel_ids]
        return [self.channels[id] for id in ids if id in self.channels]


def wants(event: LoggedEvent) -> bool:
    """Steps of remediations that may be told, and channels that begin or cease to work."""
    if event.type == "RemediationChanged":
        return event.payload["state"] in TOLD
    return event.topic == topic.channels(event.org_id)


async def take(tx: Transaction, context: JobContext, org_id: ObjectId, events: Sequence[LoggedEvent]) -> None:
    """What is to be told of the remediations of these events as they are now."""
    now, settings = context.now(), await settings_of(org_id, tx.session)
    routing = await load_routing(org_id, now, tx.session)
    usable = {id: channel for id, channel in routing.channels.items() if channel.is_usable}
    desk = Desk(tx, context, PydanticObjectId(org_id), settings, usable, now)
    scope = scope_of_job(JOB, str(org_id))
    ids = dict.fromkeys(remediation_of(event).id for event in events if event.type == "RemediationChanged")
    for id in ids:
        remediation = await Remediation.find_in(scope, {"_id": id}, session=tx.session)
        if remediation is None:
            continue
        if remediation.state is S.PLANNED:
            await _ask(desk, remediation)
        elif remediation.state in ENDED or remediation.approved_at is not None:
            await _tell_outcome(desk, remediation)
    if desk.asked:
        await resolve_alerts(tx, desk.org_id, [NO_CHANNEL], now)


CONSUMER = Consumer(name="approvals", order=25, wants=wants, take=take)


async def _ask(desk: Desk, remediation: Remediation) -> None:
    """Once, and again with each approval of several; a plan that nobody can approve as it stands is not told."""
    if not desk.settings.approval_channel_ids or not can_be_approved(remediation, desk.now):
        return
    if not desk.asked:
        await raise_alert(desk.tx, desk.org_id, _nobody_is_told(), desk.now)
        return
    in_chat = desk.settings.approval.counts_in_chat(remediation.risk, is_production=remediation.is_production)
    notice = (await _approvals(desk, remediation)).asked(remediation, desk.now, in_chat=in_chat)
    for channel in desk.asked:
        end = quiet_until(channel.quiet, desk.now, None)
        telling = Telling(channel.id, "", "", hold=HoldReason.QUIET if end else None, until=end)
        key = _key(remediation, channel.id, f"asked-{remediation.plan_hash}-{len(remediation.approvals)}")
        await tell(desk.tx, desk.org_id, channel, key, notice, desk.now, telling)


def can_be_approved(remediation: Remediation, now: datetime) -> bool:
    """Whether an approval would be taken: there are credentials that may do it, and there is time."""
    is_late = remediation.expires_at is not None and remediation.expires_at <= now
    return not (is_late or remediation.missing or remediation.problem)


async def _tell_outcome(desk: Desk, remediation: Remediation) -> None:
    """Whoever was told of the plan hears at once what became of it; what was to be told yet is not told any more."""
    tx, subject = desk.tx, subject_of(remediation)
    await cancel_holds(tx, desk.org_id, subject, tuple(HoldReason), "It was decided before it was told.")
    usable = [ObjectId(id) for id in desk.channels]
    told = await told_channels(desk.org_id, subject, usable, remediation.created_at, tx.session)
    if not told:
        return
    what = remediation.state.value.lower() if remediation.state in ENDED else "approved"
    notice = (await _approvals(desk, remediation)).decided(remediation, desk.now)
    for channel_id in sorted(told):
        await add_delivery(tx, desk.org_id, channel_id, _key(remediation, channel_id, what), notice)


async def _approvals(desk: Desk, remediation: Remediation) -> Approvals:
    people = await people_by_id(people_of(remediation))
    teller = await teller_of(desk.context, desk.org_id, [{"account_id": remediation.account_id}])
    return Approvals(teller, {id: person.name for id, person in people.items()})


def _key(remediation: Remediation, channel_id: object, what: str) -> str:
    return f"{subject_of(remediation)}:{channel_id}:{what}"


def _nobody_is_told() -> Cause:
    return Cause(
        fingerprint=NO_CHANNEL,
        source=AlertSource.INTEGRATION,
        severity=Severity.HIGH,
        title="Nobody is told of remediations that wait for an approval: none of their channels can be used",
        message="Send a test through one of the channels that setRemediationSettings names, or name another one.",
    )
