"""Tokens in cookies, and what proves that a page of ours sends them."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import HTTPConnection

from auth.cookies import ACCESS_COOKIE, cookie, dropped_cookie, kept_cookie
from domain.errors import Forbidden

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def connection(kind: str = "http", **headers: str) -> HTTPConnection:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": kind, "headers": raw})


def test_a_request_without_the_cookie_has_none() -> None:
    assert cookie(connection(), ACCESS_COOKIE) is None
    assert cookie(connection(cookie="a=b"), ACCESS_COOKIE) is None
    assert cookie(connection(cookie=f"x{ACCESS_COOKIE}=b"), ACCESS_COOKIE) is None


@pytest.mark.parametrize(("kind", "proof"), [("http", "x_cloudwatcher_csrf"), ("websocket", "origin")])
def test_the_cookie_counts_with_the_proof_of_its_transport(kind: str, proof: str) -> None:
    sent = {"cookie": f"a=b; {ACCESS_COOKIE}=token"}

    assert cookie(connection(kind, **sent, **{proof: "1"}), ACCESS_COOKIE) == "token"
    with pytest.raises(Forbidden, match=proof.replace("_", "-")):
        cookie(connection(kind, **sent), ACCESS_COOKIE)


@pytest.mark.parametrize("other", ["a/b=1", "a@b=1", "(=1", "=", ";;", 'q="', "é=1"])
def test_cookies_of_others_on_the_host_do_not_get_in_the_way(other: str) -> None:
    for sent in (f"{other}; {ACCESS_COOKIE}=token", f"{ACCESS_COOKIE}=token; {other}"):
        raw = [(b"cookie", sent.encode()), (b"x-cloudwatcher-csrf", b"1")]

        assert cookie(HTTPConnection({"type": "http", "headers": raw}), ACCESS_COOKIE) == "token"


def test_a_cookie_lasts_as_long_as_its_token_and_no_less_than_nothing() -> None:
    kept = kept_cookie(ACCESS_COOKIE, "token", now=NOON, until=NOON + timedelta(minutes=10))
    late = kept_cookie(ACCESS_COOKIE, "token", now=NOON, until=NOON - timedelta(minutes=10))

    assert kept.startswith(f"{ACCESS_COOKIE}=token; ")
    assert kept.endswith("Max-Age=600")
    assert late.endswith("Max-Age=0")
    assert dropped_cookie(ACCESS_COOKIE).startswith(f"{ACCESS_COOKIE}=; ")
