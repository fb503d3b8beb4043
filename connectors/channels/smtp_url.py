"""The address of a mail server as the setting spells it. Nothing is connected here."""

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from domain.errors import Invalid

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Security(StrEnum):
    """How the connection is protected: from the first byte, from STARTTLS on, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`username` and `password` are both set or both None."""

    host: str
    port: int
    security: Security
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def is_protected(self) -> bool:
        """Whether mail and password are safe on their way; a server on this machine needs no TLS."""
        return self.security is not Security.NONE or self.host in LOOPBACK


def parse_smtp_url(url: str) -> SmtpServer:
    """The server behind smtps://host or smtp://user:password@host:587?starttls=required (the default) or off.

    User name and password are percent-encoded. Raises Invalid, never with the password in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid("The address of the mail server is malformed.") from error
    security = _security(parts.scheme, parse_qs(parts.query, keep_blank_values=True))
    if not parts.hostname or parts.path not in {"", "/"} or parts.fragment:
        raise Invalid("The address of the mail server has the form smtp://user:password@host:port.")
    if (parts.username is None) != (parts.password is None):
        raise Invalid("The address of the mail server has a user without a password, or the other way round.")
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if security is Security.TLS else 587),
        security=security,
        username=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


def _security(scheme: str, options: dict[str, list[str]]) -> Security:
    if scheme not in {"smtp", "smtps"}:
        raise Invalid("The address of the mail server begins with smtp:// or smtps://.")
    starttls = options.pop("starttls", ["required"])[-1]
    if options or starttls not in {"required", "off"}:
        raise Invalid("The address of the mail server takes one option: starttls=required or starttls=off.")
    if scheme == "smtps":
        return Security.TLS
    return Security.STARTTLS if starttls == "required" else Security.NONE
