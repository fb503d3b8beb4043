"""The two addresses of a sign-in through a provider: where the browser sets out, and where it comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

import documents
from app.access import Access
from app.graphql.call import Call, Session, Transport, request_id_of
from app.http.client_address import bucket_of
from app.identity_providers import Providers
from app.logs import about
from app.settings import Settings
from app.sign_in.request import answer_of, flow_of
from auth.sign_in_code import issue_code
from auth.sign_in_flow import LIFETIME, Flow, FlowBox, Intent, cookie_of
from connectors.identity.github import GitHub
from connectors.identity.metadata import Directory
from connectors.identity.openid import OpenId
from documents import AuthMethod
from documents.audit import acting
from documents.base import utc_now
from documents.sign_in import spend_state
from domain.errors import Conflict, Invalid, Refused, Unavailable
from domain.identity.identity import Identity
from domain.identity.next_page import with_parameters
from domain.identity.provider import GitHubProvider, Provider
from domain.identity.refusal import SignInProblem, SignInRefused
from resolvers.act import act_of, record_refusal
from resolvers.admission import admit
from resolvers.context import Context
from resolvers.session import start_session
from schema.factor import SecondFactorRequired
from schema.session import TokenDelivery

log = structlog.get_logger()

START, CALLBACK = "/auth/{provider}/start", "/auth/{provider}/callback"
# Neither kept, nor told to the pages that follow.
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
NOT_BEGUN = "This sign-in was not begun in this browser, was begun too long ago, or is done already. Begin again.\n"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A provider that was found; `stored` is the organization's document of it, None for everybody's."""

    provider: Provider
    stored: documents.IdentityProvider | None


class SignIn:
    """Handles the browser's requests. `box` seals what it carries in between."""

    def __init__(self, settings: Settings, access: Access, providers: Providers, box: FlowBox) -> None:
        self._settings = settings
        self._access = access
        self._providers = providers
        self._box = box
        self._allow_private = settings.private_endpoints_allowed
        self._directory = Directory(self._allow_private)

    @property
    def routes(self) -> list[Route]:
        return [Route(START, self.start, methods=["GET"]), Route(CALLBACK, self.callback, methods=["GET"])]

    async def start(self, request: Request) -> Response:
        """Send the browser to the provider."""
        key = request.path_params["provider"]
        try:
            chosen = await self._chosen(key)
            if chosen is None:
                return PlainTextResponse("There is no such identity provider.\n", status_code=404, headers=HEADERS)
            flow = flow_of(request.query_params, key, self._settings, utc_now())
            url = await self._start(chosen, flow)
        except Unavailable as error:
            return _away(key, error)
        except Invalid as error:
            return PlainTextResponse(f"{error.message}\n", status_code=400, headers=HEADERS)
        response = RedirectResponse(url, status_code=302, headers=HEADERS)
        response.headers.append("set-cookie", _kept(flow.cookie, self._box.seal(flow), LIFETIME))
        return response

    async def callback(self, request: Request) -> Response:
        """Take in what the provider says, and send the browser on to where it wanted to go."""
        now, key = utc_now(), request.path_params["provider"]
        state = request.query_params.get("state", "")
        name = cookie_of(state)
        flow = self._box.open(request.cookies.get(name, ""), state, now)
        try:
            chosen = await self._chosen(key)
        except Unavailable as error:
            return _away(key, error)
        # The provider that answers is the one that was asked, or its code would be shown to another (RFC 9700, 4.4).
        if flow is None or chosen is None or flow.provider != key or not await spend_state(state, now + LIFETIME):
            return PlainTextResponse(NOT_BEGUN, status_code=400, headers=HEADERS)
        with about(request_id=request_id_of(request.headers)):
            context = await self._context(request)
            parameters = await self._settled(request, context, chosen, flow)
        response = RedirectResponse(with_parameters(flow.next, parameters), status_code=302, headers=HEADERS)
        for cookie in (*context.caller.headers.getlist("set-cookie"), _kept(name, "", timedelta(0))):
            response.headers.append("set-cookie", cookie)
        return response

    async def _settled(self, request: Request, context: Context, chosen: Chosen, flow: Flow) -> dict[str, str]:
        """What to tell the page or program, an error included; audited like the sign-in of a mutation."""
        echoed = {} if flow.client_state is None else {"state": flow.client_state}
        act = act_of("user.sign_in", context)
        try:
            with acting(act):
                identity = await self._identity(chosen, flow, answer_of(request.query_params))
                return await _outcome(context, chosen, flow, identity) | echoed
        except Unavailable as error:
            log.warning("sign_in_unavailable", provider=flow.provider, reason=error.message)
            await record_refusal(act, context, None, error)
            problem, message = SignInProblem.UNAVAILABLE, "The identity provider does not answer. Try again later."
        except (SignInRefused, Conflict) as error:
            log.info("sign_in_refused", provider=flow.provider, reason=error.message)
            await record_refusal(act, context, None, error)
            problem, message = _problem_of(error), error.message
        return {"error": problem.value, "error_description": message} | echoed

    async def _start(self, chosen: Chosen, flow: Flow) -> str:
        found = self._client(chosen.provider)
        is_fresh = flow.intent is Intent.REAUTHENTICATE
        if isinstance(found, GitHub):
            if is_fresh:
                raise Invalid("GitHub cannot ask again who you are: set a password or a passkey.", path=("intent",))
            return found.start(state=flow.state, verifier=flow.verifier)
        return await found.start(state=flow.state, nonce=flow.nonce, verifier=flow.verifier, is_fresh=is_fresh)

    async def _identity(self, chosen: Chosen, flow: Flow, answer: Mapping[str, str]) -> Identity:
        found = self._client(chosen.provider)
        if isinstance(found, GitHub):
            return await found.finish(answer, verifier=flow.verifier)
        is_fresh = flow.intent is Intent.REAUTHENTICATE
        return await found.finish(answer, nonce=flow.nonce, verifier=flow.verifier, is_fresh=is_fresh, now=utc_now())

    def _client(self, provider: Provider) -> OpenId | GitHub:
        redirect_uri = f"{self._settings.public_url.rstrip('/')}/auth/{provider.key}/callback"
        if isinstance(provider, GitHubProvider):
            return GitHub(provider, redirect_uri=redirect_uri, allow_private=self._allow_private)
        return OpenId(provider, self._directory, redirect_uri=redirect_uri, allow_private=self._allow_private)

    async def _chosen(self, key: str) -> Chosen | None:
        found = await self._providers.find(key)
        return None if found is None else Chosen(*found)

    async def _context(self, request: Request) -> Context:
        address = self._access.addresses.of(request.scope)
        call = Call(
            request_id=request_id_of(request.headers),
            transport=Transport.HTTP,
            session=Session(principal=bucket_of(address), address=address),
            connection=request,
        )
        return await self._access.make_context(call)


async def _outcome(context: Context, chosen: Chosen, flow: Flow, identity: Identity) -> dict[str, str]:
    """What a sign-in that holds comes to: a session in cookies, or a code for whoever has begun it."""
    user_id = None
    if flow.intent is Intent.SIGN_IN:
        user = await admit(context, identity, flow.provider, chosen.stored)
        if flow.challenge is None:
            return _carried(await start_session(context, user, [AuthMethod.OIDC], TokenDelivery.COOKIE))
        user_id = user.id
    return {"code": await issue_code(flow, identity, user_id, context.now())}


def _away(key: str, error: Unavailable) -> Response:
    log.warning("sign_in_unavailable", provider=key, reason=error.message)
    return PlainTextResponse("The identity provider does not answer. Try again later.\n", 503, HEADERS)


def _carried(outcome: object) -> dict[str, str]:
    """What the page needs to go on: nothing with a session, the challenge where a second factor is asked for."""
    return {"challenge": outcome.challenge} if isinstance(outcome, SecondFactorRequired) else {}


def _problem_of(error: Refused) -> SignInProblem:
    return error.problem if isinstance(error, SignInRefused) else SignInProblem.UNAVAILABLE


def _kept(name: str, value: str, lifetime: timedelta) -> str:
    # Lax: it has to come along when the provider sends the browser back.
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={int(lifetime.total_seconds())}"
