"""A site as customers see it: pages over TLS on loopback, with a certificate that only `tls` trusts."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme


@dataclass
class PublicSite:
    """`pages` are (status, text) by path; other paths are not found."""

    url: str = ""
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)

    def put(self, path: str, text: str = "", status: int = 200) -> str:
        """The address of a page that answers so from now on."""
        self.pages[path] = (status, text)
        return f"{self.url}{path}"


@contextmanager
def public_site() -> Iterator[PublicSite]:
    """Listens until the end."""
    site, authority = PublicSite(), trustme.CA()
    authority.configure_trust(site.tls)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(served)

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1  # head and body in one piece

        def do_GET(self) -> None:
            status, text = site.pages.get(self.path, (404, "There is no such page."))
            body = text.encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if 300 <= status < 400:
                self.send_header("location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = served.wrap_socket(server.socket, server_side=True)
    site.url = f"https://localhost:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
