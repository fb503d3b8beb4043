"""Which web pages may call the graph, and which requests of browsers prove that no other site's page made them.

A browser sends a person's cookies along with requests of any page. Those of a page elsewhere are told by their Origin,
or, without one, by Sec-Fetch-Site; a header of one's own cannot be sent without a CORS preflight.
"""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from app.graphql.errors import ErrorCode
from app.graphql.request import HttpRefusal

# Headers no cross-site form or link can send: a browser asks for permission first.
PREFLIGHT_HEADERS = ("x-cloudwatcher-csrf", "apollo-require-preflight", "x-apollo-operation-name")
OWN_PAGES = {"same-origin", "none"}
# As auth/cookies.py names them.
_OURS = re.compile(r"(?:^|;)\s*__Host-cloudwatcher-")


class Origins:
    """The origins of pages that may call, besides our own."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = normalize_allowed_origins(tuple(allowed))

    def check(self, method: str, headers: Mapping[str, str]) -> None:
        """Raises HttpRefusal for a request made by a page that may not call, or that might have been.

        Cookies of others on our host do not matter, but for a GET, which a page could time the answers of.
        """
        if "origin" in headers and not self._may_call(headers["origin"], headers.get("host")):
            raise _forbidden("Pages of this origin may not call the graph. CLOUDWATCHER_ALLOWED_ORIGINS lists others.")
        if "cookie" not in headers or "authorization" in headers or _is_deliberate(headers):
            return
        if method == "GET" or _OURS.search(headers["cookie"]):
            raise _forbidden("A request with cookies needs the header X-CloudWatcher-CSRF (any value).")

    def _may_call(self, origin: str, host: str | None) -> bool:
        if is_same_origin(origin, host) or "*" in self._allowed:
            return True
        return normalize_origin(origin) in self._allowed


def _is_deliberate(headers: Mapping[str, str]) -> bool:
    return headers.get("sec-fetch-site") in OWN_PAGES or any(name in headers for name in PREFLIGHT_HEADERS)


def _forbidden(message: str) -> HttpRefusal:
    return HttpRefusal(HTTPStatus.FORBIDDEN, message, ErrorCode.FORBIDDEN)
