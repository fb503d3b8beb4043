"""A small client of the graph, for the commands that use it as every other client does."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2
from pydantic import SecretStr

from domain.errors import CloudWatcherError

SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) {
    ... on SignInSuccess { session { accessToken } }
    ... on SecondFactorRequired { challenge }
    ... on UserError { message }
  }
}
"""
COMPLETE = """
mutation CompleteSignIn($input: CompleteSignInInput!) {
  completeSignIn(input: $input) {
    ... on CompleteSignInSuccess { session { accessToken } }
    ... on UserError { message }
  }
}
"""
TIMEOUT_SECONDS = 15


class GraphClient:
    """`url` is the installation's address, without /graphql; `patience` is in seconds, for each answer."""

    def __init__(self, url: str, patience: float = TIMEOUT_SECONDS) -> None:
        self.url = url.rstrip("/")
        self._patience = patience

    async def ask(self, query: str, variables: dict[str, Any], token: str | None) -> dict[str, Any]:
        """The data of the answer. Raises CloudWatcherError with the first error's message."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with httpx2.AsyncClient() as client:
            answer = await client.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                headers=headers,
                timeout=self._patience,
            )
        body = answer.json()
        if body.get("errors"):
            raise CloudWatcherError(body["errors"][0]["message"])
        data: dict[str, Any] = body["data"]
        return data

    async def sign_in(self, email: str, password: SecretStr, ask_code: Callable[[], str] | None = None) -> str:
        """A fresh access token. `ask_code` asks for a code of the authenticator app, or a recovery code.

        Raises CloudWatcherError when the address, the password or the code is wrong.
        """
        variables = {"input": {"email": email, "password": password.get_secret_value()}}
        answer = (await self.ask(SIGN_IN, variables, None))["signIn"]
        if "challenge" in answer:
            answer = await self._complete(answer["challenge"], ask_code)
        if "session" not in answer:
            raise CloudWatcherError(answer["message"])
        token: str = answer["session"]["accessToken"]
        return token

    async def _complete(self, challenge: str, ask_code: Callable[[], str] | None) -> dict[str, Any]:
        if ask_code is None:
            raise CloudWatcherError("This person has a second factor, which cannot be shown here.")
        code = (await asyncio.to_thread(ask_code)).strip()
        kind = "totpCode" if code.replace(" ", "").isdigit() else "recoveryCode"
        variables = {"input": {"challenge": challenge, "proof": {kind: code}}}
        answer: dict[str, Any] = (await self.ask(COMPLETE, variables, None))["completeSignIn"]
        return answer
