"""What people do in Slack with our messages: buttons, and the command /cloudwatcher."""

from typing import Any

import structlog

from connectors.channels.slack_answer import answer_in_slack
from documents.received_event import ReceivedEvent
from domain.errors import ProviderError, Refused
from jobs.chat import person_behind
from jobs.chat_act import act, button_of
from jobs.chat_command import reply_to
from jobs.context import JobContext

log = structlog.get_logger()

TOO_OLD = "This button does not work any more. Open CloudWatcher, and decide there."
UNKNOWN = "CloudWatcher does not know this button."
TRY_AGAIN = "Slack did not tell CloudWatcher who you are. Try again in a moment."
# Buttons that are links; Slack tells of them all the same.
LINKS = frozenset({"open"})


async def handle(context: JobContext, received: ReceivedEvent, body: Any) -> None:
    """Acts once for each press, however often it is told of it: what is done already is said to be done."""
    url = body.get("response_url")
    text = await _command(context, received, body) if body.get("command") else await _buttons(context, received, body)
    if text is None or not url:
        return
    try:
        await answer_in_slack(str(url), text, allow_private=context.allow_private_endpoints)
    except ProviderError as error:  # what was done is done
        log.warning("slack_not_answered", problem=error.message)


async def _command(context: JobContext, received: ReceivedEvent, body: dict[str, Any]) -> str:
    try:
        person = await person_behind(context, received, str(body.get("user_id")))
        return await reply_to(context, person, str(body.get("text") or ""))
    except Refused as refused:
        return refused.message
    except ProviderError:
        return TRY_AGAIN


async def _buttons(context: JobContext, received: ReceivedEvent, body: dict[str, Any]) -> str | None:
    """What was pressed; None when nothing of ours was."""
    pressed = [one for one in body.get("actions") or () if one.get("action_id") not in LINKS]
    if body.get("type") != "block_actions" or not pressed:
        return None
    chosen = pressed[0]
    value = chosen.get("value") or (chosen.get("selected_option") or {}).get("value")
    action = context.actions.open(str(value or ""), context.now())
    if action is None or action.org_id != str(received.org_id):
        return TOO_OLD
    button = button_of(action)
    if button is None:
        return UNKNOWN
    try:
        person = await person_behind(context, received, str((body.get("user") or {}).get("id")))
        return await act(context, person, action, button, str(chosen.get("action_id") or ""))
    except Refused as refused:
        return refused.message
    except ProviderError:
        return TRY_AGAIN
