"""Sessions: refreshed, shown, ended; and everything that a stolen token meets."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest

import documents
from app.wiring import Backend
from auth.cookies import ACCESS_COOKIE, CSRF_HEADER, REFRESH_COOKIE
from auth.refresh import IDLE_LIFETIME, OVERLAP, SESSION_LIFETIME, hashed
from documents import AuthMethod, Role, SessionEnd
from documents.base import utc_now
from tests.factories.graph import Graph, frame_of, messages, socket, subscribe
from tests.factories.tenant import PASSWORD, Tenant, add_member, make_session, make_tenant

SIGN_IN = """
mutation($input: SignInInput!) { signIn(input: $input) {
  ... on SignInSuccess { session { accessToken expiresAt refreshToken refreshExpiresAt } } ... on UserError { message }
} }
"""
REFRESH = """
mutation($input: RefreshSessionInput!) { refreshSession(input: $input) {
  ... on RefreshSessionSuccess { session { accessToken refreshToken } } ... on UserError { message path }
} }
"""
SIGN_OUT = "mutation($input: SignOutInput!) { signOut(input: $input) { ... on SignOutSuccess { ended } } }"
END = """
mutation($input: EndSessionInput!) { endSession(input: $input) {
  ... on EndSessionSuccess { session { id endReason } } ... on UserError { code }
} }
"""
SESSIONS = "{ sessions { id endedAt endReason userAgent methods } viewer { sessionId } }"
VIEWER = "{ viewer { user { email } } }"
FEED = "subscription { alertRaised { __typename } }"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def browser(address: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=address, timeout=30) as http:
        yield http


async def signed_in(graph: Graph, tenant: Tenant) -> dict[str, str]:
    fields = {"email": tenant.user.email, "password": PASSWORD}
    session: dict[str, str] = (await graph.ask(SIGN_IN, input=fields))["signIn"]["session"]
    return session


async def refreshed(graph: Graph, token: str) -> dict[str, str]:
    session: dict[str, str] = (await graph.ask(REFRESH, input={"refreshToken": token}))["refreshSession"]["session"]
    return session


async def code_of(graph: Graph, query: str, token: str | None = None, **variables: Any) -> str:
    return str((await graph.refused(query, token, **variables))[0]["extensions"]["code"])


async def age(token: str, by: timedelta) -> None:
    """Have a refresh token been exchanged earlier than it was."""
    tokens = documents.RefreshToken.get_pymongo_collection()
    row = await tokens.find_one({"_id": hashed(token)})
    assert row is not None
    await tokens.update_one({"_id": row["_id"]}, {"$set": {"used_at": row["used_at"] - by}})


async def test_a_refresh_token_works_once_and_gives_the_next(graph: Graph, tenant: Tenant) -> None:
    first = await signed_in(graph, tenant)

    second = await refreshed(graph, first["refreshToken"])
    third = await refreshed(graph, second["refreshToken"])

    assert len({first["refreshToken"], second["refreshToken"], third["refreshToken"]}) == 3
    for session in (first, second, third):
        assert await graph.ask(VIEWER, session["accessToken"])


async def test_nothing_stored_is_a_refresh_token(graph: Graph, tenant: Tenant) -> None:
    session = await signed_in(graph, tenant)

    rows = await documents.RefreshToken.get_pymongo_collection().find({"user_id": tenant.user.id}).to_list()

    assert hashed(session["refreshToken"]) in [row["_id"] for row in rows]
    assert session["refreshToken"] not in str(rows)


async def test_two_tabs_at_once_get_the_same_successor(graph: Graph, tenant: Tenant) -> None:
    first = await signed_in(graph, tenant)

    answers = await asyncio.gather(*(refreshed(graph, first["refreshToken"]) for _ in range(5)))
    again = await refreshed(graph, first["refreshToken"])

    assert len({answer["refreshToken"] for answer in (*answers, again)}) == 1


async def test_a_refresh_token_that_comes_again_ends_the_session_of_thief_and_owner(
    graph: Graph, tenant: Tenant
) -> None:
    stolen = await signed_in(graph, tenant)
    owner = await refreshed(graph, stolen["refreshToken"])
    await age(stolen["refreshToken"], OVERLAP + timedelta(seconds=1))

    thief = await code_of(graph, REFRESH, input={"refreshToken": stolen["refreshToken"]})

    assert thief == "UNAUTHENTICATED"
    assert await code_of(graph, VIEWER, owner["accessToken"]) == "UNAUTHENTICATED"
    assert await code_of(graph, VIEWER, stolen["accessToken"]) == "UNAUTHENTICATED"
    assert await code_of(graph, REFRESH, input={"refreshToken": owner["refreshToken"]}) == "UNAUTHENTICATED"
    listed = (await graph.ask(SESSIONS, tenant.token))["sessions"]
    assert [one["endReason"] for one in listed].count("TOKEN_REUSED") == 1
    told = await documents.AuditEntry.rows().find_one({"org_id": tenant.organization.id, "action": "session.refresh"})
    assert told is not None
    assert (told["actor"], told["target"]) == ("anonymous", f"user:{tenant.user.id}")
    assert (told["outcome"], told["reason"]) == ("REFUSED", "TOKEN_REUSED")


async def test_theft_closes_what_the_session_has_open_within_a_second(
    graph: Graph, address: str, tenant: Tenant
) -> None:
    stolen = await signed_in(graph, tenant)
    owner = await refreshed(graph, stolen["refreshToken"])
    await age(stolen["refreshToken"], OVERLAP + timedelta(seconds=1))
    async with socket(address, owner["accessToken"]) as opened, socket(address, tenant.token) as other:
        await subscribe(opened, FEED)
        await subscribe(other, FEED)

        await code_of(graph, REFRESH, input={"refreshToken": stolen["refreshToken"]})
        began = time.monotonic()
        await opened.wait_closed()
        took = time.monotonic() - began

        assert took < 1
        assert opened.close_code == 4403
        await other.send(orjson.dumps({"type": "ping"}).decode())
        assert orjson.loads(await frame_of(other))["type"] == "pong"


@pytest.mark.parametrize("token", ["", "cwr_unknown", "x" * 200])
async def test_an_unknown_refresh_token_is_refused(graph: Graph, token: str) -> None:
    assert await code_of(graph, REFRESH, input={"refreshToken": token}) == "UNAUTHENTICATED"


async def test_without_a_token_refreshing_says_what_is_missing(graph: Graph) -> None:
    answer = (await graph.ask(REFRESH, input={}))["refreshSession"]

    assert answer["path"] == ["input", "refreshToken"]


async def test_a_refresh_token_ends_with_its_session(graph: Graph, tenant: Tenant) -> None:
    session = await signed_in(graph, tenant)
    over = {"$set": {"expires_at": utc_now() - timedelta(seconds=1)}}

    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, over)
    as_session = await code_of(graph, REFRESH, input={"refreshToken": session["refreshToken"]})
    await documents.RefreshToken.get_pymongo_collection().update_many({"user_id": tenant.user.id}, over)
    as_token = await code_of(graph, REFRESH, input={"refreshToken": session["refreshToken"]})

    assert (as_session, as_token) == ("UNAUTHENTICATED", "UNAUTHENTICATED")


async def test_use_prolongs_a_session_but_not_for_ever(graph: Graph, tenant: Tenant) -> None:
    session = await signed_in(graph, tenant)
    sessions, query = (
        documents.Session.get_pymongo_collection(),
        {"user_id": tenant.user.id, "user_agent": {"$ne": "tests"}},
    )
    now = utc_now()
    ends = []

    for lived in (timedelta(0), SESSION_LIFETIME - timedelta(days=1)):
        await sessions.update_one(query, {"$set": {"created_at": now - lived}})
        session = await refreshed(graph, session["refreshToken"])
        row = await sessions.find_one(query)
        assert row is not None
        ends.append(row["expires_at"] - now)

    assert abs(ends[0] - IDLE_LIFETIME) < timedelta(minutes=1)
    assert abs(ends[1] - timedelta(days=1)) < timedelta(minutes=1)


async def test_a_person_who_is_gone_does_not_refresh(graph: Graph, tenant: Tenant) -> None:
    session = await signed_in(graph, tenant)

    await documents.User.get_pymongo_collection().update_one(
        {"_id": tenant.user.id}, {"$set": {"deactivated_at": utc_now()}}
    )

    assert await code_of(graph, REFRESH, input={"refreshToken": session["refreshToken"]}) == "UNAUTHENTICATED"


async def test_signing_out_ends_this_session_at_once_and_no_other(graph: Graph, tenant: Tenant) -> None:
    here, there = await signed_in(graph, tenant), await signed_in(graph, tenant)
    await graph.ask(VIEWER, here["accessToken"])

    ended = (await graph.ask(SIGN_OUT, here["accessToken"], input={}))["signOut"]["ended"]

    assert ended == 1
    assert await code_of(graph, VIEWER, here["accessToken"]) == "UNAUTHENTICATED"
    assert await code_of(graph, REFRESH, input={"refreshToken": here["refreshToken"]}) == "UNAUTHENTICATED"
    assert await graph.ask(VIEWER, there["accessToken"])


async def test_signing_out_everywhere_ends_all_sessions(graph: Graph, tenant: Tenant) -> None:
    here, there = await signed_in(graph, tenant), await signed_in(graph, tenant)

    ended = (await graph.ask(SIGN_OUT, here["accessToken"], input={"everywhere": True}))["signOut"]["ended"]

    assert ended == 3  # the factory's too
    for token in (here["accessToken"], there["accessToken"], tenant.token):
        assert await code_of(graph, VIEWER, token) == "UNAUTHENTICATED"


async def test_sessions_are_listed_and_ended_one_by_one(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    phone = await signed_in(graph, tenant)
    listed = await graph.ask(SESSIONS, phone["accessToken"])
    here = listed["viewer"]["sessionId"]
    (laptop,) = [one for one in listed["sessions"] if one["id"] != here]

    answer = (await graph.ask(END, phone["accessToken"], input={"sessionId": laptop["id"]}))["endSession"]

    assert laptop["userAgent"] == "tests"
    assert answer["session"] == {"id": laptop["id"], "endReason": "ENDED_ELSEWHERE"}
    assert await code_of(graph, VIEWER, tenant.token) == "UNAUTHENTICATED"


async def test_a_session_of_somebody_else_looks_like_a_missing_one(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    colleague = await add_member(backend, tenant.organization, Role.ADMIN)
    theirs = (await graph.ask(SESSIONS, colleague.token))["viewer"]["sessionId"]

    answers = [
        (await graph.ask(END, tenant.token, input={"sessionId": id}))["endSession"]
        for id in (theirs, "RGV2aWNlU2Vzc2lvbjow", "RGV2aWNlU2Vzc2lvbjowMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA")
    ]

    assert answers == [{"code": "NOT_FOUND"}] * 3
    assert await graph.ask(VIEWER, colleague.token)


async def test_raising_the_session_version_ends_every_token(graph: Graph, tenant: Tenant) -> None:
    await documents.User.get_pymongo_collection().update_one({"_id": tenant.user.id}, {"$inc": {"session_version": 1}})

    assert await code_of(graph, VIEWER, tenant.token) == "UNAUTHENTICATED"


async def test_an_organization_cuts_off_older_sessions_and_keeps_newer_ones(graph: Graph, tenant: Tenant) -> None:
    cut_off = """
    mutation($input: CutOffSessionsInput!) { cutOffSessions(input: $input) {
      ... on CutOffSessionsSuccess { organization { name } } } }
    """
    reach = "{ viewer { reach { organization { name } } } }"

    await graph.ask(cut_off, tenant.token, input={"organizationId": tenant.global_id})
    await asyncio.sleep(0.01)
    newer = await signed_in(graph, tenant)

    assert (await graph.ask(reach, tenant.token))["viewer"]["reach"] == []
    found = (await graph.ask(reach, newer["accessToken"]))["viewer"]["reach"]
    assert [one["organization"]["name"] for one in found] == [tenant.organization.name]


async def test_showing_again_who_one_is_lets_dangerous_things_through(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    cut_off = "mutation($input: CutOffSessionsInput!) { cutOffSessions(input: $input) { __typename } }"
    again = "mutation($input: ReauthenticateInput!) { reauthenticate(input: $input) { __typename } }"
    long_ago = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=10)}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, long_ago)

    refused = await code_of(graph, cut_off, tenant.token, input={"organizationId": tenant.global_id})
    wrong = (await graph.ask(again, tenant.token, input={"password": "wrong"}))["reauthenticate"]["__typename"]
    right = (await graph.ask(again, tenant.token, input={"password": PASSWORD}))["reauthenticate"]["__typename"]
    answer = await graph.ask(cut_off, tenant.token, input={"organizationId": tenant.global_id})

    assert (refused, wrong, right) == ("STEP_UP_REQUIRED", "ValidationError", "ReauthenticateSuccess")
    assert answer["cutOffSessions"]["__typename"] == "CutOffSessionsSuccess"


async def test_a_page_signs_in_with_cookies_that_no_script_reads(browser: httpx2.AsyncClient, tenant: Tenant) -> None:
    fields = {"email": tenant.user.email, "password": PASSWORD, "delivery": "COOKIE"}

    answer = await browser.post("/graphql", json={"query": SIGN_IN, "variables": {"input": fields}})

    session = answer.json()["data"]["signIn"]["session"]
    cookies = {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}
    assert (session["accessToken"], session["refreshToken"]) == (None, None)
    for name, same_site in ((ACCESS_COOKIE, "Lax"), (REFRESH_COOKIE, "Strict")):
        attributes = set(cookies[name].split("; ")[1:])
        assert {"Path=/", "Secure", "HttpOnly", f"SameSite={same_site}"} <= attributes


async def test_cookies_count_only_with_the_header_of_our_own_pages(browser: httpx2.AsyncClient, tenant: Tenant) -> None:
    cookie = {"cookie": f"other=1; {ACCESS_COOKIE}={tenant.token}"}

    with_header = await browser.post("/graphql", json={"query": VIEWER}, headers={**cookie, CSRF_HEADER: "1"})
    without = await browser.post("/graphql", json={"query": VIEWER}, headers=cookie)
    others = await browser.post("/graphql", json={"query": VIEWER}, headers={"cookie": f"x{ACCESS_COOKIE}=1"})

    assert with_header.json()["data"]["viewer"]["user"]["email"] == tenant.user.email
    assert without.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert others.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_page_refreshes_and_signs_out_by_cookie(
    browser: httpx2.AsyncClient, graph: Graph, tenant: Tenant
) -> None:
    session = await signed_in(graph, tenant)
    cookie = {"cookie": f"{REFRESH_COOKIE}={session['refreshToken']}", CSRF_HEADER: "1"}

    refreshed = await browser.post("/graphql", json={"query": REFRESH, "variables": {"input": {}}}, headers=cookie)
    cookies = {line.partition("=")[0]: line.partition("=")[2] for line in refreshed.headers.get_list("set-cookie")}
    access = {"cookie": f"{ACCESS_COOKIE}={cookies[ACCESS_COOKIE].partition(';')[0]}", CSRF_HEADER: "1"}
    out = await browser.post("/graphql", json={"query": SIGN_OUT, "variables": {"input": {}}}, headers=access)
    after = await browser.post("/graphql", json={"query": VIEWER}, headers=access)

    assert refreshed.json()["data"]["refreshSession"]["session"] == {"accessToken": None, "refreshToken": None}
    assert out.json()["data"]["signOut"]["ended"] == 1
    assert sum("Max-Age=0" in line for line in out.headers.get_list("set-cookie")) == 2
    assert after.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_keys_of_tokens_are_published(browser: httpx2.AsyncClient, tenant: Tenant) -> None:
    keys = (await browser.get("/.well-known/jwks.json")).json()["keys"]

    assert [(key["kty"], key["crv"], key["alg"], key["use"]) for key in keys] == [("OKP", "Ed25519", "EdDSA", "sig")]


async def test_a_socket_of_an_ended_session_starts_nothing_more(
    graph: Graph, address: str, backend: Backend, tenant: Tenant
) -> None:
    session = await make_session(tenant.user, AuthMethod.PASSWORD)
    async with socket(address, tenant.token) as opened:
        ended = {"$set": {"ended_at": utc_now(), "end_reason": SessionEnd.SIGNED_OUT.value}}
        query = {"user_id": tenant.user.id, "_id": {"$ne": session.id}}
        await documents.Session.get_pymongo_collection().update_many(query, ended)

        await subscribe(opened, VIEWER)
        message = await anext(messages(opened))

    assert message["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_sockets_whose_end_was_not_heard_of_are_closed_when_listening_again(
    address: str, backend: Backend, tenant: Tenant
) -> None:
    async with socket(address, tenant.token) as opened:
        ended = {"$set": {"ended_at": utc_now(), "end_reason": SessionEnd.SIGNED_OUT.value}}
        await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, ended)

        await backend.redis.publish("revocations", "unreadable")
        async with asyncio.timeout(5):
            await opened.wait_closed()

    assert opened.close_code == 4403
