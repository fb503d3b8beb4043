"""A real SMTP server on loopback: STARTTLS, AUTH, a mailbox to look into, and answers that a test may order."""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Literal

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from app.embedded.server import free_port

USER, PASSWORD = "cloudwatcher", "p@ss/word"


@dataclass
class MailServer:
    """`answers` are given, first one first, instead of taking a mail; `recipients_refused` instead of a recipient."""

    port: int = 0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    received: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipient_answers: list[str] = field(default_factory=list)
    attempts: int = 0

    @property
    def url(self) -> str:
        return f"smtp://{USER}:p%40ss%2Fword@localhost:{self.port}"

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_answers:
            return self.recipient_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        self.attempts += 1
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.received.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 taken"

    def to(self, address: str) -> list[EmailMessage]:
        """What has come for this address, oldest first."""
        return [message for message in self.received if message["To"] == address]


def text_of(message: EmailMessage) -> str:
    return _content(message, "plain")


def html_of(message: EmailMessage) -> str:
    return _content(message, "html")


def _content(message: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def code_in(message: EmailMessage) -> str:
    """The code a person would paste: a line of its own."""
    (found,) = re.findall(r"^[\w-]{43}$", text_of(message), re.MULTILINE)
    return str(found)


@contextmanager
def mail_server(*, offers_tls: bool = True) -> Iterator[MailServer]:
    """A server with a certificate for localhost of an authority that only `tls` trusts."""
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(served)
    server = MailServer(port=free_port())
    authority.configure_trust(server.tls)

    def authenticate(_: Any, __: Any, ___: Any, ____: Any, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=is_right, handled=is_right)

    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=server.port,
        tls_context=served if offers_tls else None,
        require_starttls=offers_tls,
        authenticator=authenticate,
        auth_required=offers_tls,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
