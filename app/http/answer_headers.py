"""The headers that tell browsers and caches to be strict with what we answer. Source: OWASP Secure Headers Project.

The server writes STANDING on every response itself; ANSWERS differ for the one page there is, so the application does.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = tuple[tuple[bytes, bytes], ...]

STANDING = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    # Is about what pages embed without asking; pages that ask are answered by CORS.
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-frame-options", "DENY"),
)
# Two years: what lists of such hosts ask for.
TRANSPORT_SECURITY = ("strict-transport-security", "max-age=63072000; includeSubDomains")

NOTHING_LOADS = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox")
NOT_STORED = (b"cache-control", b"no-store")
# For what the application answers, unless the answer says otherwise itself.
ANSWERS: Headers = (NOTHING_LOADS, NOT_STORED)


def standing(public_url: str) -> list[tuple[str, str]]:
    """What every response carries. Browsers are told to stay with https only where they reach us so."""
    return [*STANDING, TRANSPORT_SECURITY] if public_url.startswith("https://") else [*STANDING]


class Strict:
    """Adds to the HTTP responses of an application what they lack of ANSWERS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_missing(message.get("headers", ()))]
            await send(message)

        await self._app(scope, receive, completed)


def _missing(headers: Headers) -> Headers:
    present = {name.lower() for name, _ in headers}
    return tuple(header for header in ANSWERS if header[0] not in present)
