"""Requests from operations, pages from replies, and the meaning of statuses."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.guard import Guards
from connectors.reading.listing import Operation
from connectors.rest.client import RestClient, Vendor, open_http, request_of, retry_after, translate
from connectors.rest.paging import Reply, Request, body_link, body_token, followed, link_header, one_page
from domain.errors import (
    CredentialsRejected,
    CutShort,
    Misshapen,
    PermissionMissing,
    PlanMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.provider import Provider
from tests.fakes.scripted import Answered, scripted

BASE = "https://api.example.com"
HERE = Request(method="GET", url=f"{BASE}/v1/things", query={"limit": 5})


def operation(name: str = "GET /v1/things", **more: Any) -> Operation:
    return Operation(name=name, service="things", permissions=("things:read",), **more)


def reply(body: Any = None, **headers: str) -> Reply:
    return Reply(status=200, headers=headers, body=body)


def test_the_path_is_filled_and_the_rest_is_the_query() -> None:
    made = request_of(operation("GET /v1/things/{id}/parts"), f"{BASE}/", {"id": "a/b c", "limit": 2})

    assert (made.url, made.query) == (f"{BASE}/v1/things/a%2Fb%20c/parts", {"limit": 2})


def test_an_id_that_is_a_path_keeps_its_slashes() -> None:
    made = request_of(operation("x", request="GET /{+scope}/things"), BASE, {"scope": "a/b", "q": 1})

    assert (made.url, made.query) == (f"{BASE}/a/b/things", {"q": 1})


@pytest.mark.parametrize("id", [".example.net/x", "@example.net/x", ":8443/x", "x"])
def test_an_id_leads_to_no_other_server(id: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        request_of(operation("x", request="GET {+id}/parts"), BASE, {"id": id})


def test_what_is_posted_is_a_body() -> None:
    made = request_of(operation("POST /v1/search/{id}"), BASE, {"id": 1, "text": "x"})

    assert (made.method, made.url, made.body) == ("POST", f"{BASE}/v1/search/1", {"text": "x"})


@pytest.mark.parametrize(("arguments", "body"), [({"id": 1}, None), ({"id": 1, "force": True}, {"force": True})])
def test_a_deletion_has_a_body_only_where_something_is_left_for_it(arguments: dict[str, Any], body: Any) -> None:
    made = request_of(operation("DELETE /v1/things/{id}"), BASE, arguments)

    assert (made.url, made.body) == (f"{BASE}/v1/things/1", body)


def test_an_argument_the_path_needs_must_be_there() -> None:
    with pytest.raises(KeyError):
        request_of(operation("GET /v1/{id}"), BASE, {})


def test_a_link_header_leads_on() -> None:
    header = f'<{BASE}/v1/things?page=1>; rel="prev", <{BASE}/v1/things?page=3&limit=5>; rel="next"'

    went = link_header(HERE, reply(link=header))

    assert went is not None
    assert (went.url, went.query) == (f"{BASE}/v1/things", {"page": "3", "limit": "5"})
    assert link_header(HERE, reply()) is None


def test_a_link_in_the_body_leads_on() -> None:
    went = body_link("links.pages.next")(HERE, reply({"links": {"pages": {"next": "/v1/things?page=2"}}}))

    assert went is not None
    assert (went.url, went.query) == (f"{BASE}/v1/things", {"page": "2"})
    assert body_link("links.pages.next")(HERE, reply({"links": {}})) is None


def test_a_token_goes_into_the_query_or_into_the_body() -> None:
    by_token = body_token("next", "cursor")
    posted = Request(method="POST", url=BASE, body={"q": 1})

    in_query, in_body = by_token(HERE, reply({"next": "t"})), by_token(posted, reply({"next": "t"}))

    assert in_query is not None
    assert in_body is not None
    assert (in_query.query, in_body.body) == ({"limit": 5, "cursor": "t"}, {"q": 1, "cursor": "t"})
    assert by_token(HERE, reply({"next": ""})) is None
    assert by_token(HERE, reply([])) is None
    assert one_page(HERE, reply()) is None


@pytest.mark.parametrize(
    "link", ["https://evil.example.com/v1", "http://api.example.com/v1", "https://api.example.com:8443/"]
)
def test_no_link_leads_to_another_server(link: str) -> None:
    with pytest.raises(CutShort, match="another server"):
        followed(HERE, link)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("9" * 30, 24 * 3600),
        ("²", None),
        ("Thu, 26 Nov 2026 12:01:00 GMT", 60),
        ("Thu, 26 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
    ],
)
def test_when_to_come_back_is_read_from_seconds_and_dates(header: str, seconds: int | None) -> None:
    got = retry_after(reply(**{"retry-after": header, "date": "Thu, 26 Nov 2026 12:00:00 GMT"}))

    assert got == (None if seconds is None else timedelta(seconds=seconds))


async def asked(answered: Answered, one: Operation, refusal: Any = None) -> list[Any]:
    async def authorize() -> dict[str, str]:
        return {"authorization": "Bearer t"}

    with scripted(lambda _: answered) as server:
        more = {} if refusal is None else {"refusal": refusal}
        vendor = Vendor(name="The vendor", base_url=server.url, next_page=one_page, authorize=authorize, **more)
        async with open_http(allow_private=True) as http:
            client = RestClient(http, Guards().of(Provider.OTHER, "1")(translate), vendor)
            return [page async for page in client.pages(one, {})]


@pytest.mark.parametrize(
    ("answered", "error", "said"),
    [
        (Answered({"message": "bad token"}, 401), CredentialsRejected, "bad token"),
        (Answered({"message": "no"}, 403), PermissionMissing, "things:read"),
        (Answered({}, 402), PlanMissing, "the large plan"),
        (Answered({}, 429, {"Retry-After": "600"}), Throttled, "fewer calls"),
        (Answered({}, 503, {"Retry-After": "600"}), Unavailable, "503"),
        (Answered({"error": {"message": "odd\n thing"}}, 409), ProviderError, "odd thing"),
        (Answered("<html>Welcome</html>"), Misshapen, "JSON"),
        (Answered({"a": "b" * 100}, cut=True), Unavailable, "could not be reached"),
    ],
)
async def test_each_status_has_one_meaning(answered: Answered, error: type[ProviderError], said: str) -> None:
    with pytest.raises(error, match=said):
        await asked(answered, operation(off=frozenset({"402"}), plan="the large plan"))


async def test_what_is_not_set_gives_no_page_and_no_error() -> None:
    assert await asked(Answered({"message": "none"}, 404), operation(absent=frozenset({"404"}))) == []


async def test_the_vendor_knows_its_own_errors_first() -> None:
    def refusal(got: Reply, one: Operation) -> ProviderError | None:
        return (
            Throttled("not so fast", service=one.service, retry_after=timedelta(hours=1)) if got.status == 403 else None
        )

    with pytest.raises(Throttled, match="not so fast"):
        await asked(Answered({}, 403), operation(), refusal)


async def test_text_is_an_answer_where_text_is_asked_for() -> None:
    assert await asked(Answered("a,b\n1,2"), operation(options={"is_text": True})) == ["a,b\n1,2"]


async def test_an_empty_answer_is_an_answer() -> None:
    assert await asked(Answered(None, 204), operation()) == [None]


def test_a_bug_of_ours_is_no_answer_of_the_vendor() -> None:
    assert translate(KeyError("x"), "things", "GET /v1/things") is None
