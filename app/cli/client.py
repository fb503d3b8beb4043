"""A small client of the graph, for the commands that use it as every other client does."""

from typing import Any

import httpx2
from pydantic import SecretStr

from domain.errors import CloudWatcherError

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    ... on SignInSuccess { session { accessToken } }
    ... on UserError { message }
  }
}
"""
TIMEOUT_SECONDS = 15


class GraphClient:
    """`url` is the installation's address, without /graphql."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    async def ask(self, query: str, variables: dict[str, Any], token: str | None) -> dict[str, Any]:
        """The data of the answer. Raises CloudWatcherError with the first error's message."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with httpx2.AsyncClient() as client:
            answer = await client.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                headers=headers,
                timeout=TIMEOUT_SECONDS,
            )
        body = answer.json()
        if body.get("errors"):
            raise CloudWatcherError(body["errors"][0]["message"])
        data: dict[str, Any] = body["data"]
        return data

    async def sign_in(self, email: str, password: SecretStr) -> str:
        """A fresh access token. Raises CloudWatcherError when the address or password is wrong."""
        variables = {"input": {"email": email, "password": password.get_secret_value()}}
        answer = (await self.ask(SIGN_IN, variables, None))["signIn"]
        if "session" not in answer:
            raise CloudWatcherError(answer["message"])
        token: str = answer["session"]["accessToken"]
        return token
