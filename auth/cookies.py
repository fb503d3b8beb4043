"""Tokens of our own pages in cookies, which scripts cannot read, and what keeps other sites from using them."""

from datetime import datetime

from starlette.requests import HTTPConnection

from domain.errors import Forbidden

# The prefix makes browsers insist on Secure, on the path / and on this very host (RFC 6265bis, 4.1.3.2).
ACCESS_COOKIE = "__Host-cloudwatcher-access"
REFRESH_COOKIE = "__Host-cloudwatcher-refresh"
CSRF_HEADER = "x-cloudwatcher-csrf"


def cookie(connection: HTTPConnection, name: str) -> str | None:
    """The cookie of this name, None without one.

    Raises Forbidden when the request does not show that a page of ours made it: HTTP requests carry a header that
    other sites cannot add without being asked for it, WebSockets an Origin, which is checked at the handshake.
    """
    # Not http.cookies: it gives up on all of them for one of another page's whose name it does not like.
    found = connection.cookies.get(name)
    if found is None:
        return None
    proof = "origin" if connection.scope["type"] == "websocket" else CSRF_HEADER
    if not connection.headers.get(proof):
        raise Forbidden(f"Requests that are signed in by a cookie carry the header {proof}, with any value.")
    return found


def kept_cookie(name: str, token: str, *, now: datetime, until: datetime) -> str:
    """The Set-Cookie header that keeps a token."""
    seconds = max(0, int((until - now).total_seconds()))
    return _cookie(name, token, seconds)


def dropped_cookie(name: str) -> str:
    """The Set-Cookie header that ends it."""
    return _cookie(name, "", 0)


def _cookie(name: str, token: str, seconds: int) -> str:
    same_site = "Strict" if name == REFRESH_COOKIE else "Lax"
    return f"{name}={token}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={seconds}"
