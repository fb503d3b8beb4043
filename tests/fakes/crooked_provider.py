"""A provider that answers as it is told to, rightly or not; and GitHub, which has no certified stand-in."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "cloudwatcher", "crooked-secret"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


class CrookedProvider:
    """`claims` are put over those of a right token, None takes one away; `raw_token` stands in for it whole.

    `told` is what it says of the person when it is asked, `user` and `emails` are what GitHub says, `token` what the
    token endpoint answers. `published` are the keys it shows, `key` is the one it signs with. `access` is its access
    token, `issued` are all tokens it has given.
    """

    def __init__(self) -> None:
        self.url = ""
        self.key = new_key("one")
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.raw_token: str | None = None
        self.token: Any = None
        self.emails: Any = [{"email": "octo@example.com", "primary": True, "verified": True, "visibility": None}]
        self.user: Any = {"id": 583231, "login": "octocat", "name": None}
        self.told: Any = {"sub": "mallory", "email": "told@gmail.com", "email_verified": True}
        self.asked: dict[str, str] = {}
        self.access = "access"
        self.forms: list[dict[str, str]] = []
        self.calls: list[str] = []
        self.issued: list[str] = []
        self.answers: dict[str, Response] = {}

    @property
    def app(self) -> Starlette:
        paths = {
            "/.well-known/openid-configuration": self._describe,
            "/keys": self._keys,
            "/authorize": self._authorize,
            "/login/oauth/authorize": self._authorize,
            "/token": self._token,
            "/login/oauth/access_token": self._github_token,
            "/userinfo": self._userinfo,
            "/user": self._user,
            "/user/emails": self._emails,
        }
        return Starlette(
            routes=[Route(path, self._told(path, answer), methods=["GET", "POST"]) for path, answer in paths.items()]
        )

    def _told(self, path: str, answer: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            self.calls.append(path)
            told: Response = self.answers.get(path) or await answer(request)
            return told

        return endpoint

    async def _describe(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "userinfo_endpoint": f"{self.url}/userinfo",
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse(KeySet(self.published).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        """Everybody agrees at once."""
        self.asked = dict(request.query_params)
        answer = urlencode({"code": "code", "state": self.asked["state"]})
        return RedirectResponse(f"{self.asked['redirect_uri']}?{answer}")

    async def _token(self, request: Request) -> Response:
        await self._note_form(request)
        id_token = self.raw_token or self.signed()
        self.issued += [self.access, id_token]
        token = {"access_token": self.access, "token_type": "Bearer", "id_token": id_token}
        return JSONResponse(token if self.token is None else self.token)

    def signed(self) -> str:
        now = int(time.time())
        right = {
            "iss": self.url,
            "sub": "mallory",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked.get("nonce"),
            "email": "mallory@gmail.com",
            "email_verified": True,
        }
        told = {name: value for name, value in {**right, **self.claims}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, told, self.key)

    async def _github_token(self, request: Request) -> Response:
        await self._note_form(request)
        right = {"access_token": "gho_token", "token_type": "bearer", "scope": "read:user,user:email"}
        return JSONResponse(right if self.token is None else self.token)

    async def _note_form(self, request: Request) -> None:
        self.forms.append(dict(parse_qsl((await request.body()).decode())))

    async def _userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.access}":
            return PlainTextResponse("", status_code=401)
        return JSONResponse(self.told)

    async def _user(self, request: Request) -> Response:
        return self._if_allowed(request, self.user)

    async def _emails(self, request: Request) -> Response:
        return self._if_allowed(request, self.emails)

    def _if_allowed(self, request: Request, answer: Any) -> Response:
        if request.headers.get("authorization") != "Bearer gho_token":
            return PlainTextResponse("Requires authentication", status_code=401)
        return JSONResponse(answer)


@asynccontextmanager
async def crooked_provider() -> AsyncIterator[CrookedProvider]:
    """The provider, serving on loopback."""
    provider = CrookedProvider()
    server = uvicorn.Server(uvicorn.Config(provider.app, port=0, lifespan="off", log_config=None))
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells in no other way
        await asyncio.sleep(0.01)
    provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        server.should_exit = True
        await task
