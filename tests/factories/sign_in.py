"""Signing in through the graph, with one factor and with two."""

import secrets
from typing import Any

import documents
from documents.base import utc_now
from tests.factories.graph import Graph
from tests.factories.tenant import PASSWORD, Tenant

SIGN_IN = """
mutation($input: SignInInput!) { signIn(input: $input) {
  __typename
  ... on SignInSuccess { session { accessToken } }
  ... on SecondFactorRequired { challenge methods expiresAt }
  ... on UserError { message code path }
} }
"""
COMPLETE = """
mutation($input: CompleteSignInInput!) { completeSignIn(input: $input) {
  __typename
  ... on CompleteSignInSuccess { session { accessToken refreshToken user { email } } }
  ... on UserError { message code path }
} }
"""
REAUTHENTICATE = """
mutation($input: ReauthenticateInput!) { reauthenticate(input: $input) {
  __typename
  ... on ReauthenticateSuccess { session { methods authenticatedAt } }
  ... on UserError { message code path }
} }
"""


async def sign_in(graph: Graph, tenant: Tenant) -> dict[str, Any]:
    """What the password is answered with."""
    fields = {"email": tenant.user.email, "password": PASSWORD}
    answer: dict[str, Any] = (await graph.ask(SIGN_IN, input=fields))["signIn"]
    return answer


async def challenged(graph: Graph, tenant: Tenant) -> str:
    """The challenge of a person with a second factor."""
    challenge: str = (await sign_in(graph, tenant))["challenge"]
    return challenge


async def completed(graph: Graph, tenant: Tenant, proof: dict[str, Any]) -> dict[str, Any]:
    """What a password and this second factor are answered with."""
    fields = {"challenge": await challenged(graph, tenant), "proof": proof}
    answer: dict[str, Any] = (await graph.ask(COMPLETE, input=fields))["completeSignIn"]
    return answer


async def enforced_domain(owner: Tenant) -> str:
    """A fresh domain of the organization, whose people have to sign in through its provider."""
    name, org_id = f"enforced-{secrets.token_hex(6)}.example.com", owner.organization.id
    await documents.VerifiedDomain(org_id=org_id, name=name, verified_at=utc_now()).insert()
    provider = {"name": "Their provider", "issuer": "https://id.example.com", "client_id": "cloudwatcher"}
    await documents.IdentityProvider(org_id=org_id, is_enforced=True, **provider).insert()
    return name
