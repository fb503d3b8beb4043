"""Mail on its way out: over SMTP, or into a folder where no server is set. What it says is written by `letter`."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Protocol

import aiosmtplib
import structlog

from connectors.channels.letter import Letter
from connectors.channels.smtp_url import Security, SmtpServer
from connectors.guard import Guard
from domain.errors import CredentialsRejected, Invalid, ProviderError, Rejected, Throttled, Unavailable

log = structlog.get_logger(__name__)

SERVICE = "smtp"
# RFC 5321, 4.5.3.2 allows minutes for each answer; a relay that is asked for one small mail has no need of them.
ANSWER_WITHIN = timedelta(seconds=20)
SENT_WITHIN = timedelta(seconds=50)
AT_ONCE = 4
CLOSING = 421  # RFC 5321, 4.2.3: the server closes the connection, whatever was asked


@dataclass(frozen=True, slots=True)
class Mail:
    """One letter to one address, or to `others` too. A mail that is sent again has the same `message_id`.

    `replies_to` is the id of the mail that began the thread it belongs to.
    """

    to: str
    letter: Letter = field(repr=False)
    message_id: str
    others: tuple[str, ...] = ()
    replies_to: str | None = None


class Post(Protocol):
    """Takes mail away. Raises ProviderError, Invalid for an address that is none."""

    async def send(self, mail: Mail) -> Sequence[str]:
        """The addresses that were refused for good, while others were taken."""
        ...


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """The mail in MIME, text and HTML. Raises Invalid for an address or a subject that would add headers."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = [Address(addr_spec=address) for address in (mail.to, *mail.others)]
        message["Subject"] = mail.letter.subject
    except (ValueError, MessageError, IndexError) as error:
        raise Invalid("This cannot be the address or subject of a mail.") from error
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = mail.message_id
    if mail.replies_to is not None and mail.replies_to != mail.message_id:
        message["In-Reply-To"] = message["References"] = mail.replies_to
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices in return
    message.set_content(mail.letter.text, cte="quoted-printable")
    message.add_alternative(mail.letter.html, subtype="html", cte="quoted-printable")
    return message


class SmtpPost:
    """Hands mail to a server, one connection each. `tls` replaces the system's list of authorities."""

    def __init__(self, server: SmtpServer, *, sender: str, tls: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sender = sender
        self._tls = tls or ssl.create_default_context()
        self._guard = Guard(concurrency=AT_ONCE, time_limit=SENT_WITHIN, translate=translate)

    async def send(self, mail: Mail) -> Sequence[str]:
        """Returns once the server has taken the mail, with the addresses that it will never take it for.

        Raises Throttled or Unavailable when it may take it later, for all addresses or for one (it is then sent to all
        again, with the same id), CredentialsRejected when it does not know us, Rejected when it will never take it.
        """
        message = message_of(mail, self._sender)

        async def hand_over() -> Sequence[str]:
            async with self._client() as client:
                refused, _ = await client.send_message(message)
            if later := [said for said in refused.values() if said.code < 500]:
                raise aiosmtplib.SMTPResponseException(later[0].code, later[0].message)
            return sorted(refused)

        return await self._guard.call(SERVICE, "to take a mail", hand_over)

    async def check(self) -> str:
        """What the server calls itself, once it has let us in. Raises like `send`."""

        async def greet() -> str:
            async with self._client() as client:
                await client.noop()
                return f"{self._server.host}:{self._server.port}, {self._server.security.value}"

        return await self._guard.call(SERVICE, "a greeting", greet)

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=self._tls,
            timeout=ANSWER_WITHIN.total_seconds(),
        )


def translate(error: Exception, service: str, operation: str) -> ProviderError | None:
    """4xx answers are for later and 5xx are final (RFC 5321, 4.2.1); a connection that fails may work later."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        # One that may be taken later counts for all.
        error = min(error.recipients, key=lambda refused: refused.code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        said = f"The mail server answered {error.code} when asked {operation}."
        if error.code == CLOSING:
            return Unavailable(said, service=service)
        if 400 <= error.code < 500:
            return Throttled(said, service=service)
        is_ours = isinstance(error, aiosmtplib.SMTPAuthenticationError)
        return (CredentialsRejected if is_ours else Rejected)(said, service=service)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return Rejected("The mail server does not take addresses with letters beyond ASCII.", service=service)
    if isinstance(error, aiosmtplib.SMTPException | OSError):
        return Unavailable(f"The mail server could not be asked {operation}: {type(error).__name__}.", service=service)
    return None


class MailFolder:
    """Where mail goes while no server is set: one .eml file each, readable by the owner only."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> Sequence[str]:
        """Write the mail; only its path is logged. A mail that is sent again replaces its file."""
        message = message_of(mail, self._sender)
        path = await asyncio.to_thread(self._write, mail.message_id, bytes(message))
        log.info("mail_written", path=str(path))
        return ()

    def _write(self, message_id: str, content: bytes) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = "".join(letter for letter in message_id.partition("@")[0] if letter.isalnum())
        path = self._folder / f"{name}.eml"
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(content)
        fresh.replace(path)
        return path
