"""The mutations about people's own accounts, and how tests call them."""

import secrets
from typing import Any

from tests.factories.graph import Graph
from tests.factories.tenant import PASSWORD, Tenant

NEW_PASSWORD = "a violin under seven bridges"
VIEWER = "{ viewer { user { id email name } reach { role organization { name kind } } } }"
_RESULTS = {
    "register": "sentTo",
    "resendVerification": "sentTo",
    "verifyEmail": "session { accessToken user { id email } }",
    "signIn": "session { accessToken user { id email } }",
    "requestPasswordReset": "sentTo",
    "resetPassword": "email",
    "changePassword": "ended",
    "updateProfile": "user { id name }",
    "requestEmailChange": "sentTo",
    "confirmEmailChange": "email",
    "undoEmailChange": "email",
    "deactivateMyAccount": "sentTo",
    "reactivateMyAccount": "email",
    "deleteMyAccount": "remains",
}


def mutation(name: str, *, has_input: bool = True) -> str:
    """The mutation with everything it answers."""
    type_ = name[0].upper() + name[1:]
    also = "... on ProviderSignInRequired { providerName }" if name == "verifyEmail" else ""
    head, arguments = (f"($input: {type_}Input!)", "(input: $input)") if has_input else ("", "")
    return f"""
    mutation{head} {{ {name}{arguments} {{
      __typename
      ... on {type_}Success {{ {_RESULTS[name]} }}
      ... on UserError {{ message code path }}
      {also}
    }} }}
    """


async def call(graph: Graph, verb: str, bearer: str | None = None, /, **fields: Any) -> dict[str, Any]:
    """The answer: a result or a mendable error."""
    sent = {"input": fields} if fields else {}
    answer: dict[str, Any] = (await graph.ask(mutation(verb, has_input=bool(fields)), bearer, **sent))[verb]
    return answer


async def refused(graph: Graph, verb: str, bearer: str | None = None, /, **fields: Any) -> dict[str, Any]:
    """The extensions of the one error of a call that is refused."""
    sent = {"input": fields} if fields else {}
    (error,) = await graph.refused(mutation(verb, has_input=bool(fields)), bearer, **sent)
    extensions: dict[str, Any] = error["extensions"]
    return extensions


def newcomer(**changes: str) -> dict[str, str]:
    """The fields of a registration, each with an address of its own."""
    email = f"new-{secrets.token_hex(6)}@example.com"
    return {"email": email, "password": PASSWORD, "name": "New", "organizationName": "Fresh", **changes}


async def signs_in(graph: Graph, email: str, password: str = PASSWORD) -> dict[str, Any]:
    """The answer to signing in."""
    return await call(graph, "signIn", email=email, password=password)


async def is_open(graph: Graph, tenant_or_token: Tenant | str) -> bool:
    """Whether an access token still opens anything."""
    token = tenant_or_token if isinstance(tenant_or_token, str) else tenant_or_token.token
    return not (await graph.send(VIEWER, token)).get("errors")
