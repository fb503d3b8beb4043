"""A site of pages that a test has written."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.fakes.loopback import listening


@dataclass(frozen=True)
class Served:
    """An answer to one path."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/html; charset=utf-8"})


@dataclass
class PageSite:
    """`pages` by path; any other answers 404. `asked` are the paths that were asked for, with the headers."""

    url: str = ""
    pages: dict[str, Served] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def page_site() -> Iterator[PageSite]:
    """Listens on loopback until the end."""
    site = PageSite()

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1

        def do_GET(self) -> None:
            site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            served = site.pages.get(self.path, Served(status=404))
            content = served.body.encode()
            self.send_response(served.status)
            for name, value in {**served.headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with listening(Handler) as site.url:
        yield site
