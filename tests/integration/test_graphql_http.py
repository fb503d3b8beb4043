"""The graph over HTTP, held to the GraphQL over HTTP draft."""

import hashlib
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.graphql.request import MAX_BODY
from domain.errors import Forbidden
from tests.fakes.toy_server import (
    GRAPHQL_PATH,
    JSON,
    RESPONSE,
    STREAM_PATH,
    Toy,
    code_of,
    error_of,
    post,
    send,
    toy_app,
    toy_client,
)

TYPENAME = {"query": "{ __typename }"}


# The draft: (Accept, media type of the answer, status of a request that fails before execution).
@pytest.mark.parametrize(
    ("accept", "media_type", "failed"),
    [
        (RESPONSE, RESPONSE, 400),
        (JSON, JSON, 200),
        (f"{RESPONSE}, {JSON}", RESPONSE, 400),
        (f"{JSON}, {RESPONSE}", RESPONSE, 400),
        (f"{RESPONSE}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE, 400),
        (f"{JSON};q=0.9, {RESPONSE};q=0.1", JSON, 200),
        (f"{RESPONSE};q=0, */*", JSON, 200),
        ("*/*", RESPONSE, 400),
        ("application/*", RESPONSE, 400),
        (f"text/event-stream, {JSON}", JSON, 200),
        ("", RESPONSE, 400),
    ],
)
@pytest.mark.parametrize("query", ["{", "{ missing }", "query($n: Int!) { total(numbers: [$n]) }", ""])
async def test_media_type_and_status_follow_the_accept_header(accept, media_type, failed, query):
    answered = await post("{ __typename }", accept=accept)
    refused = await post(query, accept=accept)

    assert answered.status_code == 200
    assert answered.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert refused.status_code == (failed if query else 400)  # without a query it is no GraphQL request at all
    assert refused.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert "data" not in refused.json()


@pytest.mark.parametrize("accept", ["text/html", "text/event-stream", "application/xml", f"{JSON};q=0", "nonsense"])
async def test_an_accept_header_without_a_json_type_is_406(accept):
    response = await post("{ __typename }", accept=accept)

    assert response.status_code == 406
    assert code_of(response) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql",
     "application/json; charset=latin-1", "application/jsonp", ""],
)  # fmt: skip
async def test_a_body_that_is_not_json_by_its_type_is_415(content_type):
    response = await send(content=json.dumps(TYPENAME), headers={"content-type": content_type})

    assert response.status_code == 415
    assert code_of(response) == "BAD_USER_INPUT"


async def test_a_compressed_body_is_415():
    headers = {"content-type": JSON, "content-encoding": "gzip"}

    response = await send(content=b"\x1f\x8b", headers=headers)

    assert response.status_code == 415


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"'])
async def test_json_in_utf8_is_read(charset):
    query = json.dumps({"query": '{ hello(name: "Zoë") }'}, ensure_ascii=False).encode()

    response = await send(content=query, headers={"content-type": JSON + charset})

    assert response.json()["data"] == {"hello": "Hello, Zoë!"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_405(method):
    response = await send(method=method)

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert code_of(response) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"NONSENSE",
        b'{"query": "{ a }"',
        b"\xff\xfe",
        b'{"query": NaN}',
        b'{"query": "\\ud800"}',
        b"[" * 5000,
    ],
)
@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_malformed_json_is_400(body, accept):
    response = await send(content=body, headers={"content-type": JSON, "accept": accept})

    assert response.status_code == 400
    assert code_of(response) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "body",
    [
        "text", 7, None, True, [], [TYPENAME], {}, {"qeury": "{ __typename }"}, {"query": None}, {"query": ""},
        {"query": 7}, {"query": ["{ a }"]}, {"query": {"a": 1}}, {"query": False},
        TYPENAME | {"variables": []}, TYPENAME | {"variables": "{}"}, TYPENAME | {"variables": 0},
        TYPENAME | {"operationName": 1}, TYPENAME | {"operationName": []}, TYPENAME | {"extensions": "x"},
        TYPENAME | {"extensions": [1]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_json_that_is_no_graphql_request_is_400(body, accept):
    response = await send(content=json.dumps(body), headers={"content-type": JSON, "accept": accept})

    assert response.status_code == 400
    assert code_of(response) == "BAD_USER_INPUT"
    assert "data" not in response.json()


async def test_a_batch_is_told_that_batching_is_off():
    response = await send(json=[TYPENAME, TYPENAME])

    assert "Batching is not supported" in error_of(response)["message"]


@pytest.mark.parametrize("name", ["variables", "operationName", "extensions"])
async def test_null_is_as_good_as_left_out(name):
    response = await send(json=TYPENAME | {name: None})

    assert response.json()["data"] == {"__typename": "Query"}


async def test_unknown_properties_are_ignored():
    response = await send(json=TYPENAME | {"comment": "x"})

    assert response.status_code == 200


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_over_the_limit_is_413_and_nothing_runs(is_chunked):
    toy = Toy()
    body = json.dumps({"query": "{ hello }", "variables": {"padding": "x" * MAX_BODY}}).encode()

    async def chunks():
        yield body

    response = await send(toy, content=chunks() if is_chunked else body, headers={"content-type": JSON})

    assert response.status_code == 413
    assert code_of(response) == "BAD_USER_INPUT"
    assert toy.log.resolved == []


async def test_a_body_just_within_the_limit_is_read():
    frame = len(json.dumps({"query": "{ hello }", "variables": {"padding": ""}}))
    body = json.dumps({"query": "{ hello }", "variables": {"padding": "x" * (MAX_BODY - frame)}}).encode()
    assert len(body) == MAX_BODY

    response = await send(content=body, headers={"content-type": JSON})

    assert response.status_code == 200


async def test_get_runs_a_query_with_variables():
    params = {"query": "query A($n: String!) { hello(name: $n) } query B { who }", "operationName": "A"}

    response = await send(params={**params, "variables": '{"n": "Ada"}'})

    assert response.json()["data"] == {"hello": "Hello, Ada!"}


@pytest.mark.parametrize(
    "params",
    [{}, {"query": ""}, {"variables": "{}"}, {"query": "{ hello }", "variables": "{"},
     {"query": "{ hello }", "variables": "[]"}, {"query": "{ hello }", "extensions": "7"}],
)  # fmt: skip
async def test_a_get_without_readable_parameters_is_400(params):
    response = await send(params=params)

    assert response.status_code == 400
    assert code_of(response) == "BAD_USER_INPUT"


async def test_empty_parameters_of_a_get_are_as_good_as_left_out():
    response = await send(params={"query": "{ hello }", "variables": "", "operationName": "", "extensions": ""})

    assert response.json()["data"] == {"hello": "Hello, world!"}


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_a_mutation_by_get_is_405_and_changes_nothing(accept):
    toy = Toy()

    response = await send(toy, params={"query": 'mutation { signIn(password: "x") }'}, headers={"accept": accept})

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert code_of(response) == "BAD_USER_INPUT"
    assert toy.log.resolved == []


async def test_a_subscription_by_post_is_sent_elsewhere():
    response = await post("subscription { count }")

    assert response.status_code == 400
    assert "/graphql/stream" in error_of(response)["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"cookie": "session=1"}, 403),
        ({"cookie": "session=1", "sec-fetch-site": "cross-site"}, 403),
        ({"cookie": "session=1", "sec-fetch-site": "same-site"}, 403),
        ({"cookie": "session=1", "sec-fetch-site": "same-origin"}, 200),
        ({"cookie": "session=1", "x-cloudwatcher-csrf": "1"}, 200),
        ({"cookie": "session=1", "apollo-require-preflight": "true"}, 200),
        ({}, 200),
    ],
)
async def test_a_get_with_cookies_must_not_come_from_another_site(headers, status):
    response = await send(params={"query": "{ hello }"}, headers=headers)

    assert response.status_code == status


@pytest.mark.parametrize("name", ["A-Za-z0-9._-", "0f8fad5b-d9cb-469f-a165-70867728950e"])
async def test_a_request_id_that_is_sent_comes_back(name):
    response = await send(json={"query": "{ requestId }"}, headers={"x-request-id": name})

    assert response.json()["data"] == {"requestId": name}
    assert response.headers["x-request-id"] == name


@pytest.mark.parametrize("name", ["short", "x" * 65, "has space in it", "new\tline-----", "ümlaut-ümlaut", ""])
async def test_a_request_id_that_could_do_harm_is_replaced(name):
    response = await send(json={"query": "{ requestId }"}, headers={"x-request-id": name.encode()})

    assert response.headers["x-request-id"] == response.json()["data"]["requestId"] != name
    assert len(response.headers["x-request-id"]) == 32


async def test_headers_set_by_resolvers_are_sent():
    response = await post("{ requestId }")

    assert response.headers["set-cookie"] == "seen=1; HttpOnly"


@pytest.mark.parametrize(
    "request_",
    [
        {"json": TYPENAME}, {"json": {"query": "{ crash }"}}, {"json": {"query": "{ crashHard }"}},
        {"json": {"query": "{"}}, {"json": {"query": "{ missing }"}}, {"json": []}, {"json": {}}, {"content": b"{"},
        {"json": {"query": "{ notJson }"}}, {"json": {"query": "subscription { count }"}}, {"method": "PUT"}, {},
        {"params": {"query": "mutation { a }"}}, {"json": TYPENAME, "headers": {"accept": "text/html"}},
        {"json": TYPENAME, "headers": {"authorization": "Bearer bad"}},
        {"json": TYPENAME, "headers": {"authorization": "Bearer broken"}},
    ],
)  # fmt: skip
async def test_every_answer_tells_its_cost_and_its_request_id(request_):
    response = await send(**request_)

    body = response.json()
    assert set(body["extensions"]["cost"]) == {"requested", "actual", "limit", "available", "restoreRate"}
    assert response.headers["x-request-id"]
    for error in body.get("errors", []):
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_a_bad_token_is_401(accept):
    toy = Toy()

    response = await send(toy, json=TYPENAME, headers={"authorization": "Bearer bad", "accept": accept})

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert code_of(response) == "UNAUTHENTICATED"
    assert toy.log.contexts == []


async def test_a_broken_authenticator_is_masked():
    with capture_logs() as logs:
        response = await send(json=TYPENAME, headers={"authorization": "Bearer broken"})

    assert response.status_code == 500
    assert code_of(response) == "INTERNAL"
    assert "hunter2" not in response.text
    assert [line["where"] for line in logs if line["log_level"] == "error"] == ["authenticate"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Forbidden("This organization is suspended."), 403, "FORBIDDEN"), (KeyError("hunter2"), 500, "INTERNAL")],
)
async def test_a_context_that_cannot_be_made_is_told_or_masked(error, status, code):
    response = await send(Toy(context_error=error), json=TYPENAME)

    assert response.status_code == status
    assert code_of(response) == code
    assert "hunter2" not in response.text


async def test_the_page_for_developers_is_served_only_when_it_is_on():
    headers = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    on = await send(Toy(options={"graphiql": True}), headers=headers)
    data = await send(Toy(options={"graphiql": True}), params={"query": "{ hello }"}, headers=headers)
    off = await send(headers=headers)

    assert on.headers["content-type"].startswith("text/html")
    assert data.json()["data"] == {"hello": "Hello, world!"}
    assert off.status_code == 400
    assert off.headers["content-type"].startswith(RESPONSE)


async def test_answers_are_not_stored_by_caches():
    response = await post("{ hello }")

    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept"


def hash_of(query: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}


class KeptDocuments:
    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, digest: str) -> str | None:
        return self.kept.get(digest)

    async def put(self, digest: str, query: str) -> None:
        self.kept[digest] = query


@pytest.mark.parametrize(("accept", "status"), [(RESPONSE, 400), (JSON, 200)])
async def test_a_document_is_sent_once_and_named_by_its_hash_afterwards(accept, status):
    toy, extensions = Toy(options={"documents": KeptDocuments()}), hash_of("{ hello }")
    headers = {"accept": accept}

    unknown = await send(toy, json={"extensions": extensions}, headers=headers)
    first = await send(toy, json={"query": "{ hello }", "extensions": extensions}, headers=headers)
    later = await send(toy, params={"extensions": json.dumps(extensions)}, headers=headers)

    assert unknown.status_code == status
    assert error_of(unknown)["message"] == "PersistedQueryNotFound"
    assert code_of(unknown) == "PERSISTED_QUERY_NOT_FOUND"
    assert first.json()["data"] == later.json()["data"] == {"hello": "Hello, world!"}


@pytest.mark.parametrize(
    "entry",
    [
        hash_of("{ who }")["persistedQuery"], None, 7, {}, {"version": 1}, {"version": 2, "sha256Hash": "0" * 64},
        {"version": 1, "sha256Hash": "0" * 63}, {"version": 1, "sha256Hash": "x" * 64}, {"version": 1, "sha256Hash": 1},
    ],
)  # fmt: skip
async def test_a_hash_that_is_malformed_or_of_another_document_is_400(entry):
    documents = KeptDocuments()
    toy = Toy(options={"documents": documents})

    response = await send(toy, json={"query": "{ hello }", "extensions": {"persistedQuery": entry}})

    assert response.status_code == 400
    assert code_of(response) == "BAD_USER_INPUT"
    assert documents.kept == {}
    assert toy.log.resolved == []


class BrokenDocuments:
    async def get(self, digest: str) -> str | None:
        raise RuntimeError("the database password is hunter2")

    async def put(self, digest: str, query: str) -> None:
        raise RuntimeError("the database password is hunter2")


@pytest.mark.parametrize("path", [GRAPHQL_PATH, STREAM_PATH])
async def test_a_bug_of_the_transport_itself_is_masked(path):
    toy = Toy(options={"documents": BrokenDocuments()})
    accept = "text/event-stream" if path == STREAM_PATH else RESPONSE

    with capture_logs() as logs:
        async with toy_client(toy) as client:
            response = await client.post(path, json={"extensions": hash_of("{ hello }")}, headers={"accept": accept})

    assert response.status_code == 500
    assert code_of(response) == "INTERNAL"
    assert "hunter2" not in response.text
    assert len([line for line in logs if line["log_level"] == "error"]) == 1


@pytest.mark.parametrize("path", [GRAPHQL_PATH, STREAM_PATH])
async def test_a_client_that_leaves_while_it_sends_is_no_error(path):
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": b'{"query": ', "more_body": True}, {"type": "http.disconnect"}]
    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "http_version": "1.1",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip

    async def receive() -> Any:
        return parts.pop(0)

    async def send_(message: Any) -> None:
        sent.append(message)

    await toy_app(Toy().endpoint())(scope, receive, send_)

    assert sent == []
