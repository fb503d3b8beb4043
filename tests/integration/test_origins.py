"""Which pages may call: CORS, origins of requests, streams and sockets, and requests that bring cookies."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from app.web import Web, serving
from app.wiring import Backend
from tests.factories.production import PUBLIC_URL, in_production

LISTED = "https://app.example"
EVIL = "https://evil.example"
QUERY = {"query": "{ __typename }"}
COOKIE = {"cookie": "__Host-cloudwatcher-access=x"}


@pytest.fixture(scope="module")
async def production(backend: Backend) -> AsyncIterator[str]:
    async with serving(Web(in_production(backend, allowed_origins=[LISTED]))) as address:
        yield address


@pytest.fixture
async def client(production: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=production) as opened:
        yield opened


# Origins beside the one they resemble.
FOREIGN = [
    EVIL,
    "null",
    "http://app.example",
    "https://app.example.evil.example",
    "https://evil-app.example",
    "https://app.example:8443",
]


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_another_origin_is_not_answered(client, path, origin):
    response = await client.post(path, json=QUERY, headers={"origin": origin})

    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert not {name for name in response.headers if name.startswith("access-control-")}


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
@pytest.mark.parametrize("origin", [LISTED, PUBLIC_URL])
async def test_a_page_of_ours_or_a_listed_one_is_answered(client, path, origin):
    assert (await client.post(path, json=QUERY, headers={"origin": origin})).status_code == 200


async def test_a_listed_page_may_read_the_answer_with_cookies(client):
    response = await client.post("/graphql", json=QUERY, headers={"origin": LISTED})

    assert response.headers["access-control-allow-origin"] == LISTED
    assert response.headers["access-control-allow-credentials"] == "true"
    assert set(response.headers["access-control-expose-headers"].split(", ")) == {"x-request-id", "retry-after"}
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("origin", [*FOREIGN, "https://app.example/", "https://user@app.example"])
@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream", "/healthz", "/nothing"])
async def test_another_page_is_told_nothing_about_what_it_may(client, path, origin):
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }

    preflight = await client.options(path, headers=asked)
    simple = await client.get(path, headers={"origin": origin})

    assert preflight.status_code == 400
    for response in (preflight, simple):
        assert not {name for name in response.headers if name.startswith("access-control-")}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", "content-type,authorization,x-cloudwatcher-csrf", 200),
        ("GET", "x-request-id", 200),
        ("DELETE", "content-type", 400),
        ("POST", "x-forwarded-for", 400),
    ],
)
async def test_a_listed_page_may_send_what_the_graph_reads(client, method, headers, status):
    asked = {"origin": LISTED, "access-control-request-method": method, "access-control-request-headers": headers}

    response = await client.options("/graphql", headers=asked)

    assert response.status_code == status
    assert response.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "proof", [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"content-type": "text/plain"}]
)
async def test_a_request_with_cookies_that_any_page_could_send_is_refused(client, path, method, proof):
    sent = {"params": QUERY} if method == "GET" else {"json": QUERY}

    response = await client.request(method, path, headers=COOKIE | proof, **sent)

    assert response.status_code == 403
    assert "X-CloudWatcher-CSRF" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_can_send_is_never_read(client, media_type):
    headers = {"content-type": media_type, "sec-fetch-site": "same-origin"}

    response = await client.post("/graphql", content='{"query": "{ __typename }"}', headers=headers)

    assert response.status_code == 415


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
async def test_a_get_never_changes_anything(client, path):
    mutation = 'mutation { signIn(input: {email: "a@example.com", password: "x"}) { __typename } }'

    response = await client.get(path, params={"query": mutation})

    assert response.status_code in {200, 405}
    errors = response.json()["errors"] if response.status_code == 405 else response.text
    assert "mutation cannot run here" in str(errors)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_another_page_opens_no_socket(production, origin):
    with pytest.raises(InvalidStatus) as refused:
        async with connect(socket_url(production), subprotocols=["graphql-transport-ws"], origin=origin):
            pass

    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", [LISTED, PUBLIC_URL, None])
async def test_a_page_of_ours_or_a_listed_one_or_a_program_opens_a_socket(production, origin):
    async with connect(socket_url(production), subprotocols=["graphql-transport-ws"], origin=origin) as opened:
        await opened.send('{"type": "connection_init"}')

        assert "connection_ack" in await opened.recv()


def socket_url(address: str) -> str:
    return address.replace("http", "ws", 1) + "/graphql"
