"""What a button in a chat does, as the person who pressed it."""

from datetime import timedelta
from typing import Any

from bson import ObjectId

from auth.notice_action import NoticeAction
from documents.alert import Alert, AlertState
from documents.alert_change import acknowledge_alert, snooze_alert
from documents.audit import Act, Outcome, acting
from documents.transaction import Transaction
from domain.errors import Conflict, Forbidden
from domain.facts.scope import Scope
from jobs.chat import ChatPerson
from jobs.context import JobContext

ACKNOWLEDGED = "Acknowledged: you have taken this alert on."
UNKNOWN = "CloudWatcher does not know this button."
# The ends of the names of buttons that put an alert away.
HOURS = {"1h": 1, "4h": 4, "1d": 24}
ACTIONS = {"acknowledge": "alert.acknowledge", "snooze": "alert.snooze"}


def act_of(person: ChatPerson, name: str) -> Act:
    """The act for the audit log."""
    return Act(action=ACTIONS.get(name, "alert.act"), actor=person.actor, user_agent="Slack")


async def act(context: JobContext, person: ChatPerson, scope: Scope, action: NoticeAction, pressed: str) -> str:
    """What was done, in plain words. Raises NotFound for an alert that is gone."""
    noun, _, alert_id = action.subject.partition(":")
    if noun != "alert" or action.name not in ACTIONS:
        return UNKNOWN
    hours = hours_of(pressed)
    with acting(act_of(person, action.name)):
        try:
            if action.name == "snooze":
                return await _snooze(context, scope, alert_id, hours)
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


async def record_refused(context: JobContext, person: ChatPerson, action: NoticeAction) -> None:
    """Write down that somebody tried what their role does not allow."""

    async def change(tx: Transaction) -> None:
        tx.audit(ObjectId(person.org_id), target=action.subject, outcome=Outcome.REFUSED, reason=Forbidden.code)

    with acting(act_of(person, action.name)):
        await context.writer.commit(change)
