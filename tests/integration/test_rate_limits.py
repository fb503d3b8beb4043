"""What a principal, an address, and everybody at an address may ask for; over the graph and on a real Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from app.embedded.servers import ServerUrls
from app.graphql.budget import RedisCostBudget
from app.web import Web, serving
from app.wiring import Backend
from documents import Role
from tests.factories.graph import messages, socket, subscribe
from tests.factories.tenant import Tenant, add_member, make_tenant

ACCEPT = {"accept": "application/graphql-response+json"}
# A page of a hundred costs at least a hundred points.
DEAR = {"query": "{ alerts(first: 100) { nodes { id title } } }"}
SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { __typename } }"


@pytest.fixture
async def redis(servers: ServerUrls) -> AsyncIterator[Redis]:
    assert servers.redis_url is not None
    client = Redis.from_url(servers.redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def address() -> str:
    return f"address:{uuid.uuid4()}"


async def test_who_is_not_signed_in_has_a_smaller_bucket(redis, address):
    budget = RedisCostBudget(redis, per_user=60_000, signed_out=600, per_address=600_000)

    # Twenty seconds' worth: 600 / 3 = 200 points, and 60 000 / 3 = 20 000.
    stranger = [(await budget.take(address, 150, address)).allowed for _ in range(2)]
    user = [(await budget.take(f"user:{address}", 150, address)).allowed for _ in range(2)]

    assert stranger == [True, False]
    assert user == [True, True]


async def test_many_accounts_at_one_address_are_bounded_together(redis, address):
    budget = RedisCostBudget(redis, per_user=3_000, signed_out=3_000, per_address=6_000)

    # The address holds 6000 / 3 = 2000 points: two accounts' worth of 1000, of however many there are.
    taken = [(await budget.take(f"user:{address}:{number}", 900, address)).allowed for number in range(6)]

    assert taken == [True, True, False, False, False, False]


async def test_what_an_account_may_not_have_is_not_taken_from_the_others_at_its_address(redis, address):
    budget = RedisCostBudget(redis, per_user=3_000, signed_out=3_000, per_address=6_000)

    # One account asks for more than its 1000 points, again and again.
    greedy = [(await budget.take(f"user:{address}:greedy", 1500, address)).allowed for _ in range(5)]
    other = await budget.take(f"user:{address}:other", 1000, address)

    assert greedy == [False] * 5
    assert other.allowed


async def test_strangers_do_not_use_up_what_the_users_of_their_address_have(redis, address):
    budget = RedisCostBudget(redis, per_user=3_000, signed_out=3_000, per_address=3_000)
    await budget.take(address, 1000, address)

    assert (await budget.take(f"user:{address}", 1000, address)).allowed


def guess() -> dict[str, Any]:
    """A guess at an account that nobody has guessed at: those of one account are slowed down by themselves."""
    return {"query": SIGN_IN, "variables": {"input": {"email": f"{uuid.uuid4().hex}@example.com", "password": "wrong"}}}


@asynccontextmanager
async def limited(backend: Backend, **settings: object) -> AsyncIterator[str]:
    async with serving(Web(replace(backend, settings=backend.settings.model_copy(update=settings)))) as url:
        yield url


async def ask(url: str, body: dict[str, Any], token: str | None = None, **headers: str) -> httpx2.Response:
    sent = ACCEPT | headers | ({"authorization": f"Bearer {token}"} if token else {})
    async with httpx2.AsyncClient() as client:
        return await client.post(f"{url}/graphql", json=body, headers=sent)


async def exhausted(url: str, body: dict[str, Any], token: str | None = None, **headers: str) -> httpx2.Response:
    """The first refusal."""
    for _ in range(200):
        response = await ask(url, body, token, **headers)
        if response.status_code != 200:
            return response
    raise AssertionError("nothing was refused")


@pytest.fixture
def proxied() -> dict[str, str]:
    """A header that says of a request that it comes from an address nobody else has."""
    return {"x-forwarded-for": f"2001:db8:{uuid.uuid4().int % 65536:x}:{uuid.uuid4().int % 65536:x}::1"}


async def test_a_refusal_says_when_to_come_back(backend: Backend, proxied: dict[str, str]) -> None:
    settings = {"trusted_proxies": ["127.0.0.0/8"], "cost_per_minute_signed_out": 6_000}
    async with limited(backend, **settings) as url:
        refused = await exhausted(url, guess(), **proxied)

    (error,) = refused.json()["errors"]
    assert refused.status_code == 429
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert refused.headers["retry-after"] == str(error["extensions"]["retryAfter"])
    # A sign-in costs 1000 points and the bucket fills by 100 a second.
    assert 1 <= int(refused.headers["retry-after"]) <= 10


async def test_addresses_behind_a_proxy_have_buckets_of_their_own(backend: Backend, proxied: dict[str, str]) -> None:
    settings = {"trusted_proxies": ["127.0.0.0/8"], "cost_per_minute_signed_out": 6_000}
    async with limited(backend, **settings) as url:
        await exhausted(url, guess(), **proxied)
        again = await ask(url, guess(), **proxied)
        other = await ask(url, guess(), **{"x-forwarded-for": "198.51.100.77"})

    assert (again.status_code, other.status_code) == (429, 200)


async def test_a_client_gains_nothing_by_claiming_other_addresses(backend: Backend, proxied: dict[str, str]) -> None:
    """The proxy adds the true address at the right of whatever the client has sent."""
    true = proxied["x-forwarded-for"]
    settings = {"trusted_proxies": ["127.0.0.0/8"], "cost_per_minute_signed_out": 6_000}
    async with limited(backend, **settings) as url:
        await exhausted(url, guess(), **proxied)
        spoofed = [await ask(url, guess(), **{"x-forwarded-for": f"203.0.113.{n}, {true}"}) for n in range(5)]

    assert {response.status_code for response in spoofed} == {429}


async def test_without_a_trusted_proxy_the_header_gains_nothing_either(backend: Backend) -> None:
    await backend.redis.delete("cost:address:127.0.0.1:signed-out")  # every test comes from there
    async with limited(backend, cost_per_minute_signed_out=6_000) as url:
        answers = [await ask(url, guess(), **{"x-forwarded-for": f"203.0.113.{number}"}) for number in range(12)]

    # 6000 a minute are 2000 points at a go and 100 a second: a sign-in or two, and the next in ten seconds.
    statuses = [answer.status_code for answer in answers]
    assert statuses[0] == 200
    assert statuses.count(429) >= 8


async def test_accounts_of_one_address_are_slowed_down_together(backend: Backend, proxied: dict[str, str]) -> None:
    first = await make_tenant(backend)
    others = [await add_member(backend, first.organization, Role.USER) for _ in range(2)]
    settings = {"trusted_proxies": ["127.0.0.0/8"], "cost_per_minute_per_address": 3_000}
    async with limited(backend, **settings) as url:
        await exhausted(url, DEAR, first.token, **proxied)
        statuses = [(await ask(url, DEAR, other.token, **proxied)).status_code for other in others]
        elsewhere = await ask(url, DEAR, first.token, **{"x-forwarded-for": "198.51.100.78"})

    assert statuses == [429, 429]
    assert elsewhere.status_code == 200


async def test_a_socket_is_told_too(backend: Backend) -> None:
    tenant: Tenant = await make_tenant(backend)
    async with limited(backend, cost_per_minute=150) as url, socket(url, tenant.token) as opened:
        await subscribe(opened, DEAR["query"])
        async with asyncio.timeout(20):
            message = await anext(messages(opened))

    (error,) = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfter"] >= 1
