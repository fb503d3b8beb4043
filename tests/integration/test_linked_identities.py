"""Linking identities to one's account, showing again who one is by them, and letting them go."""

from typing import Any

import pytest

import documents
from app.wiring import Backend
from auth.sign_in_code import LIFETIME, issue_code
from auth.sign_in_flow import Flow, Intent
from documents import AuthMethod, Role
from documents.base import utc_now
from documents.sign_in import SignInCode
from domain.identity.identity import Identity
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.sign_in_house import CHALLENGE, VERIFIER

LINK = """
mutation($input: LinkIdentityInput!) {
  linkIdentity(input: $input) {
    ... on LinkIdentitySuccess { identity { id provider issuer subject email } }
    ... on UserError { code message }
  }
}
"""
UNLINK = """
mutation($input: UnlinkIdentityInput!) {
  unlinkIdentity(input: $input) { __typename ... on UserError { code } }
}
"""
AGAIN = """
mutation($input: ReauthenticateWithProviderInput!) {
  reauthenticateWithProvider(input: $input) {
    ... on ReauthenticateWithProviderSuccess { session { methods } }
    ... on UserError { message }
  }
}
"""
EXCHANGE = """
mutation($input: ExchangeSignInCodeInput!) {
  exchangeSignInCode(input: $input) { __typename ... on UserError { message } }
}
"""
OWN = "{ identities { id provider subject } }"
ISSUER = "https://issuer.example.com"


async def code_for(subject: str, intent: Intent, user: documents.User | None = None) -> dict[str, str]:
    """What the page holds once the provider has said who it is."""
    now = utc_now()
    flow = Flow(provider="google", intent=intent, next="/", started_at=int(now.timestamp()), challenge=CHALLENGE)
    identity = Identity(issuer=ISSUER, subject=subject, email="a@example.com", is_email_proven=False, name="A")
    return {"code": await issue_code(flow, identity, user.id if user else None, now), "codeVerifier": VERIFIER}


async def link(graph: Graph, tenant: Tenant, subject: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await graph.ask(LINK, tenant.token, input=await code_for(subject, Intent.LINK)))[
        "linkIdentity"
    ]
    return answer


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def test_an_identity_is_linked_listed_and_let_go(graph: Graph, tenant: Tenant):
    linked = (await link(graph, tenant, f"s-{tenant.org_id}"))["identity"]
    listed = (await graph.ask(OWN, tenant.token))["identities"]
    gone = await graph.ask(UNLINK, tenant.token, input={"identityId": linked["id"]})
    left = (await graph.ask(OWN, tenant.token))["identities"]

    assert (linked["provider"], linked["issuer"], linked["email"]) == ("google", ISSUER, "a@example.com")
    assert listed == [{name: linked[name] for name in ("id", "provider", "subject")}]
    assert gone["unlinkIdentity"]["__typename"] == "UnlinkIdentitySuccess"
    assert left == []


async def test_an_identity_belongs_to_one_account(graph: Graph, backend: Backend, tenant: Tenant):
    other = await make_tenant(backend)
    await link(graph, tenant, f"s-{tenant.org_id}")

    for again in (tenant, other):
        assert (await link(graph, again, f"s-{tenant.org_id}"))["code"] == "CONFLICT"


async def test_the_last_way_in_stays(graph: Graph, backend: Backend, tenant: Tenant):
    member = await add_member(backend, tenant.organization, Role.USER)
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": member.user.id}, {"$set": {"password_hash": None}})
    linked = (await link(graph, member, f"s-{member.user.id}"))["identity"]

    kept = await graph.ask(UNLINK, member.token, input={"identityId": linked["id"]})
    strangers = await graph.ask(UNLINK, tenant.token, input={"identityId": linked["id"]})

    assert kept["unlinkIdentity"]["code"] == "CONFLICT"
    assert strangers["unlinkIdentity"]["code"] == "NOT_FOUND"


async def test_one_shows_again_who_one_is_with_an_identity_of_ones_own(graph: Graph, backend: Backend, tenant: Tenant):
    other = await make_tenant(backend)
    subject = f"s-{tenant.org_id}"
    await link(graph, tenant, subject)

    own = await graph.ask(AGAIN, tenant.token, input=await code_for(subject, Intent.REAUTHENTICATE))
    others = await graph.ask(AGAIN, other.token, input=await code_for(subject, Intent.REAUTHENTICATE))

    assert set(own["reauthenticateWithProvider"]["session"]["methods"]) == {AuthMethod.PASSWORD, AuthMethod.OIDC}
    assert "somebody else" in others["reauthenticateWithProvider"]["message"]


async def test_a_code_serves_what_it_was_made_for_and_nothing_else(graph: Graph, tenant: Tenant):
    for_link = await code_for("x", Intent.LINK, tenant.user)
    for_sign_in = await code_for("x", Intent.SIGN_IN, tenant.user)

    as_session = await graph.ask(EXCHANGE, input=for_link)
    as_link = await graph.ask(LINK, tenant.token, input=for_sign_in)

    assert "not valid" in as_session["exchangeSignInCode"]["message"]
    assert "not valid" in as_link["linkIdentity"]["message"]


async def test_a_code_ends_after_a_minute_and_is_stored_as_a_hash_only(graph: Graph, tenant: Tenant):
    sent = await code_for("x", Intent.SIGN_IN, tenant.user)
    codes = SignInCode.get_pymongo_collection()
    (stored,) = await codes.find({"user_id": tenant.user.id}).to_list()
    await codes.update_one({"_id": stored["_id"]}, {"$set": {"expires_at": stored["expires_at"] - LIFETIME}})

    answer = await graph.ask(EXCHANGE, input=sent)

    assert LIFETIME.total_seconds() == 60
    assert sent["code"] not in str(stored)
    assert VERIFIER not in str(stored)
    assert "not valid" in answer["exchangeSignInCode"]["message"]


async def test_the_code_of_an_account_that_is_gone_signs_nobody_in(graph: Graph, backend: Backend, tenant: Tenant):
    member = await add_member(backend, tenant.organization, Role.USER)
    sent = await code_for("x", Intent.SIGN_IN, member.user)
    await documents.User.get_pymongo_collection().delete_one({"_id": member.user.id})

    errors = await graph.refused(EXCHANGE, input=sent)

    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
