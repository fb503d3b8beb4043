"""The GraphiQL page, for development only, and the policy that lets it load what it needs and nothing else."""

import base64
import hashlib
import re

from starlette.responses import HTMLResponse
from strawberry.http.ides import get_graphql_ide_html

# Its scripts and styles come from here, each with a hash in the page.
SCRIPTS_FROM = "https://unpkg.com"
_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def graphiql() -> HTMLResponse:
    """The page. Answer browsers with it where the application is being developed."""
    html = get_graphql_ide_html("graphiql")
    return HTMLResponse(html, headers={"content-security-policy": policy_of(html)})


def policy_of(html: str) -> str:
    """A content policy for a page that calls its own origin: its inline scripts by hash, others from SCRIPTS_FROM."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _INLINE_SCRIPT.findall(html))
    return (
        f"default-src 'none'; script-src {SCRIPTS_FROM} {hashes}; style-src {SCRIPTS_FROM} 'unsafe-inline'; "
        "connect-src 'self' ws: wss:; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
