"""How lists go on: each way is a function from a request and its reply to the next request, None after the last."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from domain.errors import CutShort

NEXT_LINK = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`url` is absolute. `body` is sent as JSON."""

    method: str
    url: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`body` is the parsed JSON, None for an empty answer, text where the answer is not JSON. Header names are
    lower case.
    """

    status: int
    headers: dict[str, str]
    body: Any


NextPage = Callable[[Request, Reply], Request | None]


def one_page(_: Request, __: Reply) -> None:
    """The list is one answer."""
    return


def link_header(request: Request, reply: Reply) -> Request | None:
    """RFC 8288, as GitHub and Okta do."""
    found = NEXT_LINK.search(reply.headers.get("link", ""))
    return followed(request, found[1]) if found else None


def body_link(path: str) -> NextPage:
    """The address of the next page stands under this dotted path, as Azure (nextLink) and DigitalOcean do."""

    def next_page(request: Request, reply: Reply) -> Request | None:
        url = found_at(reply.body, path)
        return followed(request, url) if url else None

    return next_page


def body_token(path: str, parameter: str) -> NextPage:
    """A token under this dotted path goes into a parameter of the same request, as Google, Jira and Slack do.

    It goes into the body of a request that has one, else into the query.
    """

    def next_page(request: Request, reply: Reply) -> Request | None:
        token = found_at(reply.body, path)
        if not token:
            return None
        if isinstance(request.body, dict):
            return replace(request, body={**request.body, parameter: token})
        return replace(request, query={**request.query, parameter: token})

    return next_page


def followed(request: Request, link: str) -> Request:
    """The request behind a link. Raises CutShort for one that leads to another server: the credentials stay here."""
    url = urljoin(request.url, link)
    here, there = urlsplit(request.url), urlsplit(url)
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        message = f"The next page of {here.path} is said to be on {there.netloc}, which is another server."
        raise CutShort(message, service=here.netloc)
    plain = there._replace(query="", fragment="").geturl()
    return replace(request, url=plain, query=dict(parse_qsl(there.query, keep_blank_values=True)))


def found_at(body: Any, path: str) -> Any:
    """What stands under a dotted path of an answer; None where it is missing."""
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body
