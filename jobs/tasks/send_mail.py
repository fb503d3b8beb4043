"""Sends one mail. A mail that was sent is left alone; one that is sent twice after a crash has the same Message-ID."""

import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from arq import Retry

from connectors.channels.letter import Letter, write_letter
from connectors.channels.mail import Mail
from documents.mail import MailState, OutgoingMail, end_mail, find_mail
from documents.one_time_token import OneTimeToken, find_open_token
from domain.errors import CredentialsRejected, Invalid, ProviderError
from jobs.context import JobContext

log = structlog.get_logger()

# With these pauses the last try is three hours after the first; relays that put strangers off do so for minutes.
MAX_TRIES = 10
FIRST_RETRY_SECONDS = 20
LONGEST_RETRY_SECONDS = 3600


async def send_mail(ctx: dict[str, Any], *, mail_id: str) -> str:
    """Returns what became of it. A server that is away, busy or does not know us is tried again."""
    context: JobContext = ctx["context"]
    mail = await find_mail(mail_id)
    if mail is None or mail.state is not MailState.WAITING:
        return MailState.DROPPED.value if mail is None else mail.state.value
    try:
        letter = await _write(context, mail)
        if letter is None:
            return await end_mail(mail, MailState.DROPPED, context.now())
        await context.post.send(Mail(to=mail.to, letter=letter, message_id=_message_id(context, mail)))
    except ProviderError as error:
        if ctx["job_try"] < MAX_TRIES and (error.is_retryable or isinstance(error, CredentialsRejected)):
            log.warning("mail_waits", mail_id=mail_id, problem=error.message)
            raise Retry(defer=_pause(ctx["job_try"])) from error
        return await _fail(context, mail, error.message)
    except Invalid as error:
        return await _fail(context, mail, error.message)
    return await end_mail(mail, MailState.SENT, context.now())


async def _write(context: JobContext, mail: OutgoingMail) -> Letter | None:
    """None when its link cannot be used any more, or is for nobody."""
    values = {**mail.values, "home": context.public_url}
    if (token_id := values.pop("token", None)) is not None:
        token = await find_open_token(token_id, context.now())
        secret = None if token is None else context.one_time_tokens.secret_of(token)
        if token is None or secret is None or token.is_for_nobody:
            return None
        values |= _link(context.public_url, token, secret)
    return write_letter(mail.template, values)


def _link(public_url: str, token: OneTimeToken, secret: str) -> Mapping[str, str]:
    """The secret stands behind #, which browsers keep out of requests, logs and referrers."""
    address = f"{public_url.rstrip('/')}/account/{token.purpose.value}#token={secret}"
    return {"link": address, "code": secret, "valid_for": _valid_for(token)}


def _valid_for(token: OneTimeToken) -> str:
    minutes = round((token.expires_at - token.created_at).total_seconds() / 60)
    for size, unit in ((24 * 60, "days"), (60, "hours")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}"
    return f"{minutes} minutes"


def _message_id(context: JobContext, mail: OutgoingMail) -> str:
    return f"<{mail.id}@{urlsplit(context.public_url).hostname}>"


def _pause(tries: int) -> float:
    pause: float = FIRST_RETRY_SECONDS * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    return min(pause, LONGEST_RETRY_SECONDS)


async def _fail(context: JobContext, mail: OutgoingMail, problem: str) -> str:
    log.error("mail_failed", mail_id=str(mail.id), template=mail.template, problem=problem)
    return await end_mail(mail, MailState.FAILED, context.now(), problem)
