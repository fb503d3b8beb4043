"""Where a sign-in may lead to when it is done: never wherever a link says."""

import ipaddress
from collections.abc import Collection
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit, urlunsplit

from domain.errors import Invalid

LONGEST = 1000


def checked_page(text: str, public_url: str, origins: Collection[str]) -> str:
    """The absolute address of a page of ours: a path, or an address of one of these origins or of public_url's.

    Raises Invalid for anything else.
    """
    parts = _split(text, public_url)
    allowed = {_origin(urlsplit(url)) for url in (public_url, *origins)}
    if _origin(parts) not in allowed:
        raise _refused("next must be a path, or an address of an allowed origin.")
    return urlunsplit(parts)


def checked_program(text: str, public_url: str, origins: Collection[str], programs: Collection[str]) -> str:
    """Where a program waits for its code: exactly one of `programs`, the loopback interface (any port, RFC 8252, 7.3),
    or what `checked_page` lets pass. Raises Invalid for anything else.
    """
    if text in programs:
        return text
    parts = _split(text, public_url)
    return urlunsplit(parts) if _is_loopback(parts) else checked_page(text, public_url, origins)


def with_parameters(url: str, parameters: dict[str, str]) -> str:
    """The address with these added to its query."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))


def _split(text: str, public_url: str) -> SplitResult:
    # Browsers read a backslash as a slash, and drop line ends and tabs.
    if len(text) > LONGEST or not text.isprintable() or "\\" in text or " " in text:
        raise _refused("next is not a web address.")
    try:
        parts = urlsplit(urljoin(public_url, text))
        is_plain = parts.username is None and parts.password is None and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise _refused("next is not a web address.") from error
    if parts.scheme not in ("http", "https") or not is_plain:
        raise _refused("next is not a web address.")
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def _is_loopback(parts: SplitResult) -> bool:
    try:
        return parts.scheme == "http" and ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _refused(message: str) -> Invalid:
    return Invalid(message, path=("next",))
