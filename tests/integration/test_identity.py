"""Signing in, and what the roles may do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import jwt

import documents
from app.web import Web, serving
from app.wiring import Backend
from auth.token import TokenIssuer
from auth.viewer_cache import FRESH_FOR
from documents import OrganizationKind, Role
from documents.base import utc_now
from tests.factories.graph import Graph
from tests.factories.tenant import PASSWORD, add_member, make_session, make_tenant

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    __typename
    ... on SignInSuccess { session { accessToken user { email } } }
    ... on UserError { message code path }
  }
}
"""
VIEWER = "{ viewer { user { email } reach { role organization { name kind } } } }"


async def test_signing_in_takes_the_right_password_only(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    right = (await graph.ask(SIGN_IN, input={"email": tenant.user.email, "password": PASSWORD}))["signIn"]
    wrong = (await graph.ask(SIGN_IN, input={"email": tenant.user.email, "password": "wrong"}))["signIn"]
    unknown = (await graph.ask(SIGN_IN, input={"email": "nobody@example.com", "password": "wrong"}))["signIn"]

    assert right["session"]["user"]["email"] == tenant.user.email
    assert wrong["__typename"] == "ValidationError"
    assert wrong == unknown


async def test_a_token_that_is_expired_foreign_or_of_another_kind_is_refused(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    issuer = TokenIssuer(backend.keys.signing, issuer=backend.settings.public_url, lifetime=timedelta(minutes=1))
    elsewhere = TokenIssuer(backend.keys.signing, issuer="https://elsewhere.example", lifetime=timedelta(minutes=1))
    user_id, session_id = str(tenant.user.id), str((await make_session(tenant.user)).id)
    tokens = {
        "expired": issuer.issue(user_id, utc_now() - timedelta(hours=1), session_id=session_id)[0],
        "foreign": elsewhere.issue(user_id, utc_now(), session_id=session_id)[0],
        "unsigned": jwt.encode({"sub": user_id}, None, algorithm="none"),
        "tampered": tenant.token[:-4] + "AAAA",
        "garbage": "not-a-token",
    }

    for kind, token in tokens.items():
        body = await graph.send(VIEWER, token)
        assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED", kind
        assert not body.get("data"), kind


async def test_without_a_token_only_public_fields_answer(graph: Graph) -> None:
    errors = await graph.refused(VIEWER)

    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_user_may_not_set_budgets_but_an_administrator_may(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    user = await add_member(backend, admin.organization, Role.USER)
    create = """
    mutation($input: CreateBudgetInput!) { createBudget(input: $input) { __typename } }
    """
    fields = {"name": "all", "amount": "100", "currency": "USD"}

    errors = await graph.refused(create, user.token, input=fields)
    answer = await graph.ask(create, admin.token, input=fields)

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert answer["createBudget"]["__typename"] == "CreateBudgetSuccess"


async def test_an_msp_administrator_reaches_the_clients_and_a_client_only_itself(
    graph: Graph, backend: Backend
) -> None:
    msp = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    one = await make_tenant(backend, managed_by=msp)
    other = await make_tenant(backend, managed_by=msp)

    reach = (await graph.ask(VIEWER, msp.token))["viewer"]["reach"]
    own = (await graph.ask(VIEWER, one.token))["viewer"]["reach"]

    names = {entry["organization"]["name"]: entry["role"] for entry in reach}
    assert names == {
        msp.organization.name: "MSP_ADMIN",
        one.organization.name: "ADMIN",
        other.organization.name: "ADMIN",
    }
    assert [entry["organization"]["name"] for entry in own] == [one.organization.name]


async def test_one_document_tries_one_password(graph: Graph) -> None:
    attempt = 'signIn(input: {email: "a@example.com", password: "x"}) { __typename }'

    errors = await graph.refused(f"mutation {{ one: {attempt} two: {attempt} }}")

    assert errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_guessing_passwords_from_one_address_is_slowed_down(backend: Backend) -> None:
    settings = backend.settings.model_copy(update={"cost_per_minute_signed_out": 6_000})
    guess = {"email": "nobody@example.com", "password": "wrong"}
    await backend.redis.delete("cost:address:127.0.0.1:signed-out")  # every test comes from there

    async with (
        serving(Web(replace(backend, settings=settings))) as slow,
        Graph.connected(slow) as client,
    ):
        answers = [await client.send(SIGN_IN, input=guess) for _ in range(30)]

    codes = [answer["errors"][0]["extensions"]["code"] for answer in answers if answer.get("errors")]
    assert 5 <= len(codes) < 30
    assert set(codes) == {"RATE_LIMITED"}


async def test_an_msp_administrator_reaches_a_client_as_soon_as_it_is_opened(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    create = """
    mutation($input: CreateClientInput!) {
      createClient(input: $input) { ... on CreateClientSuccess { organization { id name } } }
    }
    """
    await graph.ask(VIEWER, msp.token)

    opened = await graph.ask(create, msp.token, input={"mspId": msp.global_id, "name": "Fresh client"})
    reach = (await graph.ask(VIEWER, msp.token))["viewer"]["reach"]

    assert opened["createClient"]["organization"]["name"] in [entry["organization"]["name"] for entry in reach]


async def test_a_membership_that_ends_is_over_within_a_second(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await graph.ask(VIEWER, tenant.token)

    await documents.Membership.get_pymongo_collection().delete_many({"user_id": tenant.user.id})
    await asyncio.sleep(FRESH_FOR.total_seconds())

    assert (await graph.ask(VIEWER, tenant.token))["viewer"]["reach"] == []
