"""Providers that answer wrongly, on purpose or not, sign nobody in; GitHub does when its address is verified."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from bson import ObjectId
from pydantic import SecretStr
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

import documents
from app.web import Web, serving
from app.wiring import Backend
from connectors.identity import metadata
from connectors.outside import fetch_json
from domain.errors import Unavailable
from domain.identity.provider import SCOPE
from tests.fakes.crooked_provider import CLIENT_ID, CLIENT_SECRET, CrookedProvider, crooked_provider, new_key
from tests.fakes.openid_peer import Browser, path_of


@pytest.fixture
async def provider() -> AsyncIterator[CrookedProvider]:
    async with crooked_provider() as running:
        yield running


@pytest.fixture
async def browser(backend: Backend, provider: CrookedProvider) -> AsyncIterator[Browser]:
    secret = SecretStr(CLIENT_SECRET)
    settings = backend.settings.model_copy(
        update={
            "google_client_id": CLIENT_ID,
            "google_client_secret": secret,
            "google_issuer": provider.url,
            "github_client_id": CLIENT_ID,
            "github_client_secret": secret,
            "github_url": provider.url,
            "github_api_url": provider.url,
        }
    )
    async with serving(Web(replace(backend, settings=settings))) as url:
        yield Browser(url)


async def sign_in(browser: Browser, provider: str = "google") -> dict[str, str]:
    async with httpx2.AsyncClient() as http:
        answer = await http.get(await browser.start(provider))
    return await browser.come_back(path_of(answer.headers["location"]))


async def test_what_is_asked_of_a_provider_is_what_the_standards_want(browser: Browser, provider: CrookedProvider):
    begun = parse_qs(urlsplit(await browser.start("google")).query)
    arrived = await sign_in(browser)

    assert "error" not in arrived
    assert begun["scope"] == [SCOPE]
    assert begun["code_challenge_method"] == ["S256"]
    assert begun["response_type"] == ["code"]
    assert begun.keys() >= {"nonce", "state", "code_challenge"}
    (form,) = provider.forms
    assert form["grant_type"] == "authorization_code"
    assert form["redirect_uri"].endswith("/auth/google/callback")
    assert len(form["code_verifier"]) >= 43


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of another sign-in"},
        {"iss": "https://accounts.google.com"},
        {"aud": "another client"},
        {"exp": 1_700_000_000},
        {"sub": ""},
    ],
    ids=lambda claims: next(iter(claims)),
)
async def test_a_token_for_somebody_or_something_else_is_refused(
    browser: Browser, provider: CrookedProvider, claims: dict[str, object]
):
    provider.claims = claims

    assert (await sign_in(browser))["error"] == "invalid_answer"
    assert "__Host-cloudwatcher-access" not in browser.cookies


async def test_what_the_token_leaves_out_is_asked_for(browser: Browser, provider: CrookedProvider):
    provider.claims = {"email": None, "sub": "thin"}
    provider.told = {"sub": "thin", "email": "thin@gmail.com", "email_verified": True, "iss": "https://evil.example"}

    arrived = await sign_in(browser)

    assert "error" not in arrived
    links = documents.ExternalIdentity.get_pymongo_collection()
    (link,) = await links.find({"issuer": provider.url}).to_list()
    assert (link["subject"], link["email"]) == ("thin", "thin@gmail.com")


@pytest.mark.parametrize("told", [{"sub": "another", "email": "other@gmail.com"}, {"email": "other@gmail.com"}, []])
async def test_what_is_told_of_another_person_is_refused(browser: Browser, provider: CrookedProvider, told: object):
    provider.claims, provider.told = {"email": None}, told

    assert (await sign_in(browser))["error"] == "invalid_answer"


async def test_no_token_of_a_provider_is_kept(backend: Backend, browser: Browser, provider: CrookedProvider):
    provider.access, provider.claims = f"access-{ObjectId()}", {"sub": f"kept-{ObjectId()}"}

    await sign_in(browser)

    rows = [await backend.database[one].find().to_list() for one in await backend.database.list_collection_names()]
    assert provider.claims["sub"] in str(rows)
    assert [one in str(rows) for one in provider.issued] == [False, False]


async def test_an_unsigned_token_is_refused(browser: Browser, provider: CrookedProvider):
    await sign_in(browser)
    _, claims, _ = provider.signed().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    browser.cookies.clear()
    provider.raw_token = f"{header}.{claims}."

    assert (await sign_in(browser))["error"] == "invalid_answer"


async def test_a_token_of_an_unknown_key_is_refused_and_one_of_a_new_key_is_taken(
    browser: Browser, provider: CrookedProvider, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(metadata, "ANEW_SECONDS", 0.0)
    await sign_in(browser)
    provider.key = new_key("two")

    unknown = await sign_in(browser)
    provider.published = [provider.key]
    rotated = await sign_in(browser)

    assert unknown["error"] == "invalid_answer"
    assert "error" not in rotated


async def test_a_key_under_the_id_of_another_is_refused(browser: Browser, provider: CrookedProvider):
    provider.key = new_key("one")

    assert (await sign_in(browser))["error"] == "invalid_answer"


@pytest.mark.parametrize(
    ("path", "answer", "problem"),
    [
        ("/token", PlainTextResponse("busy", status_code=503), "temporarily_unavailable"),
        ("/token", PlainTextResponse("hello"), "invalid_answer"),
        ("/token", JSONResponse({"error": "invalid_grant"}, status_code=400), "invalid_answer"),
        ("/token", JSONResponse({"access_token": "a", "token_type": "Bearer"}), "invalid_answer"),
        ("/token", PlainTextResponse("x" * 600_000), "temporarily_unavailable"),
        ("/keys", RedirectResponse("/user"), "temporarily_unavailable"),
        ("/keys", PlainTextResponse("no keys"), "temporarily_unavailable"),
    ],
)
async def test_an_answer_that_is_none_ends_the_sign_in(
    browser: Browser, provider: CrookedProvider, path: str, answer: Response, problem: str
):
    provider.answers[path] = answer

    assert (await sign_in(browser))["error"] == problem


async def test_a_provider_that_is_away_is_told_before_the_browser_leaves(browser: Browser, provider: CrookedProvider):
    provider.answers["/.well-known/openid-configuration"] = PlainTextResponse("busy", status_code=503)

    answer = await browser.get("/auth/google/start")

    assert answer.status_code == 503
    assert not browser.cookies


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "server_error"}, "invalid_answer"),
        ({}, "invalid_answer"),
    ],
)
async def test_a_provider_may_send_an_error_or_nothing(browser: Browser, answer: dict[str, str], problem: str):
    state = parse_qs(urlsplit(await browser.start("google")).query)["state"][0]

    came = await browser.get("/auth/google/callback", state=state, **answer)

    assert f"error={problem}" in came.headers["location"]


@pytest.mark.parametrize(
    ("provider_key", "parameters", "status"),
    [
        ("nobody", {}, 404),
        ("0" * 24, {}, 404),
        ("google", {"next": "https://evil.example.com/"}, 400),
        ("google", {"next": "//evil.example.com"}, 400),
        ("google", {"intent": "other"}, 400),
        ("google", {"intent": "link"}, 400),
        ("google", {"code_challenge": "short"}, 400),
        ("google", {"code_challenge": "c" * 43, "code_challenge_method": "plain"}, 400),
        ("google", {"code_challenge": "c" * 43, "next": "http://10.0.0.1/"}, 400),
        ("google", {"state": "s" * 501}, 400),
        ("github", {"intent": "reauthenticate", "code_challenge": "c" * 43}, 400),
    ],
)
async def test_a_start_that_asks_for_what_it_may_not_goes_nowhere(
    browser: Browser, provider_key: str, parameters: dict[str, str], status: int
):
    answer = await browser.get(f"/auth/{provider_key}/start", **parameters)

    assert answer.status_code == status
    assert not browser.cookies


async def test_a_callback_without_a_beginning_is_refused(browser: Browser):
    assert (await browser.get("/auth/google/callback", state="x", code="y")).status_code == 400
    assert (await browser.get("/auth/google/callback")).status_code == 400


async def fresh() -> None:
    await documents.ExternalIdentity.get_pymongo_collection().delete_many({"subject": "583231"})
    await documents.User.get_pymongo_collection().delete_many({"email": "octo@example.com"})


async def test_github_signs_in_by_its_number_and_primary_verified_address(browser: Browser, provider: CrookedProvider):
    await fresh()
    provider.emails = [
        {"email": "old@example.com", "primary": False, "verified": True},
        {"email": "Octo@Example.com", "primary": True, "verified": True},
    ]

    arrived = await sign_in(browser, "github")
    provider.user = {"id": 583231, "login": "renamed", "name": "Octo"}
    provider.emails = []
    again = await sign_in(browser, "github")

    assert "error" not in arrived
    assert "error" not in again
    links = documents.ExternalIdentity.get_pymongo_collection()
    (link,) = await links.find({"subject": "583231"}).to_list()
    assert (link["issuer"], link["email"], link["provider"]) == (provider.url, "octo@example.com", "github")
    assert len(provider.asked["code_challenge"]) == 43
    assert "code_verifier" in provider.forms[0]


@pytest.mark.parametrize(
    ("emails", "problem"),
    [
        ([{"email": "octo@example.com", "primary": True, "verified": False}], "email_not_verified"),
        ([{"email": "octo@example.com", "primary": False, "verified": True}], "email_missing"),
        ([], "email_missing"),
        ({"message": "odd"}, "email_missing"),
    ],
)
async def test_github_without_a_verified_primary_address_opens_no_account(
    browser: Browser, provider: CrookedProvider, emails: object, problem: str
):
    await fresh()
    provider.emails = emails

    assert (await sign_in(browser, "github"))["error"] == problem


@pytest.mark.parametrize(
    ("token", "user", "problem"),
    [
        ({"error": "bad_verification_code"}, None, "invalid_answer"),
        ({"access_token": "gho_other", "token_type": "bearer"}, None, "temporarily_unavailable"),
        ({"token_type": "bearer"}, None, "invalid_answer"),
        ([], None, "invalid_answer"),
        (None, {"login": "no-number"}, "invalid_answer"),
    ],
)
async def test_github_that_answers_oddly_signs_nobody_in(
    browser: Browser, provider: CrookedProvider, token: object, user: object, problem: str
):
    provider.token = token
    provider.user = user or provider.user

    assert (await sign_in(browser, "github"))["error"] == problem


async def test_what_lies_inside_is_not_called_where_that_is_forbidden(provider: CrookedProvider):
    port = urlsplit(provider.url).port
    for url in (provider.url, f"https://127.0.0.1:{port}", f"https://localhost:{port}", "http://example.com/"):
        with pytest.raises(Unavailable):
            await fetch_json(url, allow_private=False)

    assert provider.calls == []


async def test_a_name_that_nobody_knows_is_unavailable():
    with pytest.raises(Unavailable, match="not known"):
        await fetch_json("https://nowhere.invalid/", allow_private=True)
