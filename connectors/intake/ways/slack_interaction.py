"""Interactions and slash commands of Slack, signed with the app's secret. Source: Slack, "Verifying requests".

The signature covers the time and the body. Slack tells an event's id for neither, so both together are the id.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from connectors.intake.proof import digest_of, require_signature, secret_of
from connectors.intake.reading import object_in, only_post
from connectors.intake.receiver import Endpoint, Incoming, Receiver, Refusal, Surroundings, Taken, TakenMessage
from domain.facts.intake import IntakeWay

OLDEST = timedelta(minutes=5)
SECONDS = re.compile(r"[0-9]{1,11}")
MOST_FIELDS = 100
MOST_BYTES = 256 * 1024
LONGEST_CHALLENGE = 500
# Slack waits three seconds; what takes longer comes later, through the response_url.
WAIT = {"response_type": "ephemeral", "text": "One moment: CloudWatcher is looking."}


async def receive(incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
    """Kind "interaction" is what Slack sends as payload, "command" the fields of a slash command; no token is kept."""
    only_post(incoming)
    sent = incoming.headers.get("x-slack-request-timestamp", "")
    signed = b"v0:" + sent.encode(errors="replace") + b":" + incoming.body
    require_signature(incoming.headers.get("x-slack-signature"), "v0=", secret_of(endpoint), signed)
    sent_at = _sent_at(sent, around.now)
    if incoming.headers.get("content-type", "").startswith("application/json"):
        return _verified(object_in(incoming.body))
    fields = _form(incoming.body)
    if "ssl_check" in fields:
        return Taken(status=200)
    kind, body, team_id = _read(fields)
    if team_id != endpoint.settings.team_id:
        raise Refusal(403, "it comes from another workspace")
    message = TakenMessage(id=digest_of(sent.encode(), incoming.body), kind=kind, body=body, sent_at=sent_at)
    return Taken((message,), status=200, body=WAIT if kind == "command" else None, is_confirmed=True)


def _sent_at(text: str, now: datetime) -> datetime:
    if not SECONDS.fullmatch(text):
        raise Refusal(400, "the timestamp is no time")
    sent_at = datetime.fromtimestamp(int(text), UTC)
    if abs(now - sent_at) > OLDEST:
        raise Refusal(401, "the request is more than five minutes old")
    return sent_at


def _verified(body: dict[str, Any]) -> Taken:
    """Slack asks so, once, whether the address is ours."""
    challenge = body.get("challenge")
    is_asked = body.get("type") == "url_verification" and isinstance(challenge, str)
    if not is_asked or len(str(challenge)) > LONGEST_CHALLENGE:
        raise Refusal(400, "it is neither an interaction nor a command")
    return Taken(status=200, body={"challenge": challenge})


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refusal(400, "the body is not a form") from error
    return dict(reversed(pairs))


def _read(fields: dict[str, str]) -> tuple[str, dict[str, Any], object]:
    """(kind, body, workspace). `token` is an older proof, which is a secret and of no use here."""
    if "payload" in fields:
        body = object_in(fields["payload"])
        team = body.get("team")
        return "interaction", _without_token(body), team.get("id") if isinstance(team, dict) else None
    if "command" in fields:
        return "command", _without_token(fields), fields.get("team_id")
    raise Refusal(400, "it is neither an interaction nor a command")


def _without_token(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "token"}


RECEIVER = Receiver(way=IntakeWay.SLACK_INTERACTION, receive=receive, most_bytes=MOST_BYTES, makes_secret=False)
