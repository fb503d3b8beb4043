"""What a button in a chat does, as the person who pressed it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bson import ObjectId

from auth.notice_action import NoticeAction
from auth.permission import Permission
from documents.alert import Alert, AlertState
from documents.alert_change import acknowledge_alert, snooze_alert
from documents.audit import Act, Outcome, acting
from documents.transaction import Transaction
from domain.errors import Conflict, Refused
from domain.facts.scope import Scope
from jobs.chat import ChatPerson
from jobs.chat_approve import AlreadyApproved, decide
from jobs.context import JobContext

ACKNOWLEDGED = "Acknowledged: you have taken this alert on."
# The ends of the names of buttons that put an alert away.
HOURS = {"1h": 1, "4h": 4, "1d": 24}


@dataclass(frozen=True, slots=True)
class Button:
    """What pressing it is about, takes, and is called in the audit log: as over the graph."""

    noun: str
    permission: Permission
    audited: str


BUTTONS = {
    "acknowledge": Button("alert", Permission.ALERTS_ACKNOWLEDGE, "alert.acknowledge"),
    "snooze": Button("alert", Permission.ALERTS_ACKNOWLEDGE, "alert.snooze"),
    "approve": Button("remediation", Permission.REMEDIATIONS_APPROVE, "remediation.approve"),
    "decline": Button("remediation", Permission.REMEDIATIONS_PLAN, "remediation.cancel"),
}


def button_of(action: NoticeAction) -> Button | None:
    """The button; None for one that is not known, or stands for another kind of thing."""
    button = BUTTONS.get(action.name)
    return button if button is not None and button.noun == action.subject.partition(":")[0] else None


async def act(context: JobContext, person: ChatPerson, action: NoticeAction, button: Button, pressed: str) -> str:
    """What was done, in plain words. Raises Refused, written down, where it may not be."""
    with acting(_act_of(person, button)):
        try:
            scope = person.scope(button.permission)
            if button.noun == "remediation":
                return await decide(context, person, scope, action)
            return await _act_on_alert(context, scope, action, pressed)
        except AlreadyApproved as done:
            return done.message
        except Refused as refused:
            await _record_refused(context, person, action, refused)
            raise


def _act_of(person: ChatPerson, button: Button) -> Act:
    provider = person.standing.msp_id
    providers = {} if provider is None else {person.org_id: provider}
    return Act(action=button.audited, actor=person.actor, user_agent="Slack", providers=providers)


async def _act_on_alert(context: JobContext, scope: Scope, action: NoticeAction, pressed: str) -> str:
    alert_id = action.subject.partition(":")[2]
    try:
        if action.name == "snooze":
            return await _snooze(context, scope, alert_id, hours_of(pressed))
        return await _acknowledge(context, scope, alert_id)
    except Conflict as conflict:
        return _already(conflict)


def hours_of(pressed: str) -> int:
    """For how long: snooze_4h is four hours; a button without a time is one."""
    return HOURS.get(pressed.rpartition("_")[2], 1)


async def _snooze(context: JobContext, scope: Scope, alert_id: str, hours: int) -> str:
    at = context.now()
    until = at + timedelta(hours=hours)

    async def change(tx: Transaction) -> str:
        before = await Alert.get_in(scope, alert_id, session=tx.session)
        alert = await snooze_alert(tx, scope, alert_id, until=until, at=at)
        tx.audit(alert.org_id, target=f"alert:{alert.id}", before=_told(before), after=_told(alert))
        return f"Snoozed until {until:%Y-%m-%d %H:%M} UTC."

    return await context.writer.commit(change)


def _told(alert: Alert) -> dict[str, Any]:
    return {"state": alert.state, "version": alert.version, "snoozed_until": alert.snoozed_until}


async def _acknowledge(context: JobContext, scope: Scope, alert_id: str) -> str:
    async def change(tx: Transaction) -> str:
        alert = await acknowledge_alert(tx, scope, alert_id, at=context.now(), expected_version=None)
        before = {"state": AlertState.OPEN, "version": alert.version - 1}
        after = {"state": alert.state, "version": alert.version}
        tx.audit(alert.org_id, target=f"alert:{alert.id}", before=before, after=after)
        return ACKNOWLEDGED

    return await context.writer.commit(change)


def _already(conflict: Conflict) -> str:
    state = getattr(conflict.current, "state", None)
    return "Nothing to do: this alert is " + (f"{state.value.lower()} already." if state else "another by now.")


async def _record_refused(context: JobContext, person: ChatPerson, action: NoticeAction, refused: Refused) -> None:
    noun, id, *_ = action.subject.split(":")

    async def change(tx: Transaction) -> None:
        target = f"{noun}:{id}"
        tx.audit(ObjectId(person.org_id), target=target, outcome=Outcome.REFUSED, reason=refused.code)

    await context.writer.commit(change)
