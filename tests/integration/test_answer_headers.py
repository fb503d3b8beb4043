"""Every response carries the strict headers, whoever writes it: the graph, the framework, or the server by itself."""

from collections.abc import AsyncIterator, Iterable

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.http.answer_headers import NOTHING_LOADS, STANDING, TRANSPORT_SECURITY
from app.http.protocol import MAX_HEADERS
from app.web import Web, serving
from app.wiring import Backend
from tests.factories.production import PUBLIC_URL, in_production
from tests.factories.raw_http import raw
from tests.factories.tenant import make_tenant

JSON = {"content-type": "application/json"}
QUERY = '{"query": "{ __typename }"}'
ELSEWHERE = {"origin": "https://evil.example"}
# Name to (method, path, headers, body): one of each kind of answer.
REQUESTS: dict[str, tuple[str, str, dict[str, str], str]] = {
    "a result": ("POST", "/graphql", JSON, QUERY),
    "a result for a page": ("POST", "/graphql", JSON | {"origin": PUBLIC_URL}, QUERY),
    "a result by GET": ("GET", "/graphql?query={__typename}", {}, ""),
    "a document with faults": ("POST", "/graphql", JSON, '{"query": "{ missing }"}'),
    "no GraphQL": ("POST", "/graphql", JSON, "{"),
    "a wrong media type": ("POST", "/graphql", {"content-type": "text/plain"}, QUERY),
    "a body too large": ("POST", "/graphql", JSON, "x" * 1_000_001),
    "a wrong token": ("POST", "/graphql", JSON | {"authorization": "Bearer x"}, QUERY),
    "a wrong method": ("DELETE", "/graphql", {}, ""),
    "a page from elsewhere": ("POST", "/graphql", JSON | ELSEWHERE, QUERY),
    "a preflight from elsewhere": ("OPTIONS", "/graphql", ELSEWHERE | {"access-control-request-method": "POST"}, ""),
    "a page in production": ("GET", "/graphql", {"accept": "text/html"}, ""),
    "a stream refused": ("POST", "/graphql/stream", JSON, "{"),
    "a stream": ("POST", "/graphql/stream", JSON, QUERY),
    "health": ("GET", "/healthz", {}, ""),
    "readiness": ("GET", "/readyz", {}, ""),
    "metrics": ("GET", "/metrics", {}, ""),
    "nothing there": ("GET", "/nothing", {}, ""),
    "another method": ("POST", "/healthz", {}, ""),
}


@pytest.fixture(scope="module")
async def production(backend: Backend) -> AsyncIterator[str]:
    async with serving(Web(in_production(backend))) as address:
        yield address


def hold(sent: Iterable[tuple[str, str]]) -> None:
    """Each header once, with its value; nothing may be stored, nothing says what the server is made of."""
    lines = [(name.lower(), value.lower()) for name, value in sent]
    headers = dict(lines)
    for name, value in (*STANDING, TRANSPORT_SECURITY):
        assert [sent for line, sent in lines if line == name] == [value.lower()], name
    assert headers["content-security-policy"] == NOTHING_LOADS[1].decode()
    assert "no-store" in headers["cache-control"]
    assert "server" not in headers
    assert "x-powered-by" not in headers


@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_response_is_strict(production: str, kind: str) -> None:
    method, path, headers, body = REQUESTS[kind]
    async with httpx2.AsyncClient() as client:
        response = await client.request(method, f"{production}{path}", headers=headers, content=body)

    hold(response.headers.multi_items())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n" + b"x: y\r\n" * (MAX_HEADERS + 1) + b"\r\n", 431),
        (b"GET /graphql HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 400),
    ],
    ids=["no HTTP", "too many headers", "no handshake"],
)
async def test_what_the_server_answers_by_itself_is_strict(production: str, sent: bytes, status: int) -> None:
    async with raw(production) as connection:
        await connection.send(sent)
        found, headers = await connection.head()

    assert found == status
    hold(headers.items())


@pytest.mark.parametrize("path", ["/graphql", "/nothing"])
async def test_a_refused_handshake_is_strict(production: str, path: str) -> None:
    url = production.replace("http", "ws", 1) + path
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, subprotocols=["graphql-transport-ws"], origin="https://evil.example"):  # type: ignore[arg-type,list-item]
            pass

    assert refused.value.response.status_code == 403
    hold(refused.value.response.headers.raw_items())


async def test_an_accepted_handshake_is_strict(production: str) -> None:
    url = production.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"]) as opened:  # type: ignore[list-item]
        assert opened.response is not None
        hold(opened.response.headers.raw_items())


async def test_a_failure_of_the_framework_is_strict(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web(in_production(backend))

    async def fails() -> bool:
        raise RuntimeError("driver text with mongodb://user:secret@10.0.0.1")

    monkeypatch.setattr(web, "_answers_redis", fails)
    async with serving(web) as address, httpx2.AsyncClient() as client:
        response = await client.get(f"{address}/readyz")

    assert (response.status_code, response.text) == (500, "Internal Server Error")
    hold(response.headers.multi_items())


async def test_public_keys_may_be_kept_and_are_strict_otherwise(production: str) -> None:
    async with httpx2.AsyncClient() as client:
        response = await client.get(f"{production}/.well-known/jwks.json")

    assert response.headers["cache-control"] == "public, max-age=300"
    hold((name, "no-store" if name == "cache-control" else value) for name, value in response.headers.multi_items())


async def test_browsers_are_told_to_stay_with_https_only_where_they_reach_us_so(address: str) -> None:
    async with httpx2.AsyncClient() as client:
        response = await client.get(f"{address}/healthz")

    assert "strict-transport-security" not in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_what_a_viewer_is_answered_is_not_stored(address: str, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {tenant.token}"}) as client:
        posted = await client.post(f"{address}/graphql", json={"query": "{ viewer { user { email } } }"})
        got = await client.get(f"{address}/graphql", params={"query": "{ viewer { user { email } } }"})

    assert posted.json()["data"] == got.json()["data"] == {"viewer": {"user": {"email": tenant.user.email}}}
    assert posted.headers["cache-control"] == got.headers["cache-control"] == "no-store"


async def test_graphiql_may_load_its_parts_and_nothing_else(address: str) -> None:
    async with httpx2.AsyncClient() as client:
        page = await client.get(f"{address}/graphql", headers={"accept": "text/html"})

    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert page.headers["content-type"].startswith("text/html")
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["connect-src"].startswith("'self'")
    assert policy["script-src"].split()[0] == "https://unpkg.com"
    # The page has inline scripts: they run by their hash, and no others do.
    assert "'sha256-" in policy["script-src"]
    assert "unsafe" not in policy["script-src"]


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
async def test_there_is_no_graphiql_in_production(production: str, accept: str) -> None:
    async with httpx2.AsyncClient() as client:
        response = await client.get(f"{production}/graphql", headers={"accept": accept})

    assert response.status_code in {400, 406}
    assert "graphiql" not in response.text.lower()
    assert response.headers["content-type"].startswith("application/")
