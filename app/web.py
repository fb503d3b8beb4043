"""The web process: the graph over HTTP, WebSocket and SSE, health, metrics, and a stop that drains first."""

import asyncio
import gc
import secrets
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
import uvicorn
import uvloop
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from app.access import Access, make_ports
from app.downloads import Downloads
from app.graphql.assembly import schema_for
from app.graphql.budget import RedisCostBudget
from app.graphql.call import Session
from app.graphql.connections import MAX_WEBSOCKET_MESSAGE, Connections
from app.graphql.endpoint import Endpoint
from app.graphql.fanout import Fanout
from app.graphql.frames import FrameProtocol
from app.graphql.front import PATH, Front
from app.graphql.persisted import RedisDocuments
from app.graphql.request import MAX_BODY
from app.graphql.sse import StreamView
from app.graphql.view import GraphQLView
from app.http.accepting import stop_accepting
from app.http.answer_headers import Strict, standing
from app.http.client_address import ClientAddresses, is_loopback
from app.http.cross_origin import ListedOrigins
from app.http.peers import Peers
from app.http.protocol import ConnectionLimits
from app.identity_providers import Providers
from app.intake.endpoint import MOST_BYTES, Intake
from app.intake.endpoint import PATH as EVENTS
from app.intake.parts import intake_parts
from app.logs import set_up_logs
from app.metrics import count_live, metrics_page
from app.revoked import Revoked
from app.scim.endpoints import Scim
from app.settings import Settings
from app.sign_in.routes import SignIn
from app.tracing import start_tracing
from app.wiring import Backend, migrate, open_backend
from auth.download import PATH as DOWNLOADS
from auth.permission import Permission
from auth.sign_in_flow import FlowBox
from live.feed import Feed
from live.log_reader import ReaderOptions

log = structlog.get_logger()

# Time for requests in flight once the streams were told to go elsewhere.
DRAIN_SECONDS = 10
# Proxies must let go of idle connections sooner, or they send requests into those that are being closed.
KEEP_ALIVE_SECONDS = 20
READY_WITHIN = timedelta(seconds=2)
# An answer of a thousand objects makes fewer; Python's default is 700.
GARBAGE_THRESHOLD = 20_000


class Web:
    """One web process over an open backend: `app` is the ASGI application."""

    def __init__(self, backend: Backend) -> None:
        settings = self.settings = backend.settings
        self._backend = backend
        self.feed = Feed(backend.log, backend.bus, ReaderOptions(tick=settings.live_tick), count_live)
        self.connections = Connections(
            per_principal=settings.max_connections_per_user, per_tenant=settings.max_connections_per_organization
        )
        self.fanout = Fanout(per_tenant=settings.max_subscriptions_per_organization)
        self.addresses = ClientAddresses(settings.trusted_proxies)
        ports = make_ports(backend, self.feed)
        access = Access(ports, self.addresses)
        self._downloads = Downloads(ports.downloads, backend.writer)
        self._key_set = ports.tokens.key_set
        providers = Providers(settings, backend.vault)
        self._sign_in = SignIn(settings, access, providers, FlowBox(backend.keys.cursors))
        backend.revocations.hear(Revoked(ports.viewers, self.connections))
        endpoint = self.endpoint = Endpoint(
            schema=schema_for(is_compiled=settings.compiled_executor),
            authenticate=access.authenticate,
            make_context=access.make_context,
            budget=RedisCostBudget(
                backend.redis,
                per_user=settings.cost_per_minute,
                signed_out=settings.cost_per_minute_signed_out,
                per_address=settings.cost_per_minute_per_address,
            ),
            connections=self.connections,
            fanout=self.fanout,
            documents=RedisDocuments(backend.redis),
            may_introspect=may_introspect if settings.is_production else lambda _: True,
            allowed_origins=(settings.public_url, *settings.allowed_origins),
            addresses=self.addresses,
            streams=Peers(per_address=settings.max_connections_per_address, in_all=settings.max_connections),
            graphiql=not settings.is_production,
            operations_per_connection=settings.max_subscriptions,
        )
        view = GraphQLView(endpoint)
        self._intake = intake_parts(backend, self.addresses)
        scim = Scim(access, endpoint.budget, settings.public_url)
        self.app = Front(view, Strict(self._framework(view, StreamView(endpoint), scim)))

    def _framework(self, view: GraphQLView, stream: StreamView, scim: Scim) -> Starlette:
        return Starlette(
            routes=[
                Route(PATH, view, methods=None),
                WebSocketRoute(PATH, view),
                Route("/graphql/stream", stream, methods=None),
                Route("/.well-known/jwks.json", self.jwks),
                Route(f"{DOWNLOADS}{{token}}", self._downloads.serve),
                Route(EVENTS, Intake(self._intake), methods=None, max_body_size=MOST_BYTES),
                *self._sign_in.routes,
                Route("/healthz", self.healthz),
                Route("/readyz", self.readyz),
                Route("/metrics", self.metrics),
                scim.routes(),
            ],
            middleware=[
                Middleware(ListedOrigins, origins=self._backend.settings.allowed_origins),
            ],
            # Of other paths; the graph reads its own bodies and answers in its own form.
            max_body_size=MAX_BODY,
        )

    def connection_limits(self) -> ConnectionLimits:
        """What the server holds connections to; each call counts anew."""
        peers = Peers(per_address=self.settings.max_connections_per_address, in_all=self.settings.max_connections)
        return ConnectionLimits(peers=peers, is_proxy=self.addresses.is_proxy)

    async def healthz(self, request: Request) -> Response:
        """Whether this process turns its event loop. Says nothing about the servers behind it."""
        return PlainTextResponse("ok\n")

    async def jwks(self, request: Request) -> Response:
        """The public keys of access tokens, for services that check them themselves."""
        return JSONResponse(self._key_set, headers={"cache-control": "public, max-age=300"})

    async def readyz(self, request: Request) -> Response:
        """Whether requests can be served now: 200, or 503 with what is missing. Without Redis reads still work."""
        mongodb, redis = await asyncio.gather(self._answers_mongodb(), self._answers_redis())
        state = {"mongodb": mongodb, "redis": redis, "live": self._backend.bus.is_connected}
        is_ready = mongodb and not self.connections.is_draining
        return JSONResponse({"ready": is_ready, **state}, status_code=200 if is_ready else 503)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus: with the metrics token where one is set, else for loopback only."""
        token = self._backend.settings.metrics_token
        if token is not None:
            sent = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not secrets.compare_digest(sent.encode(), token.get_secret_value().encode()):
                return PlainTextResponse("Send the metrics token as a bearer token.\n", status_code=401)
        elif not self._is_loopback(request):
            return PlainTextResponse("Set CLOUDWATCHER_METRICS_TOKEN to read metrics from here.\n", status_code=403)
        return await metrics_page(request)

    def _is_loopback(self, request: Request) -> bool:
        """Not for what a proxy passes on that we do not know of: its peer is the proxy, the client is anybody."""
        is_passed_on = any(name in request.headers for name in ("x-forwarded-for", "forwarded", "via"))
        return is_loopback(self.addresses.of(request.scope)) and not is_passed_on

    async def drain(self) -> None:
        """Tell streams to connect elsewhere, end the live readers, and write down what was counted."""
        await self.connections.drain()
        await self.feed.close()
        await self._intake.counts.settle()

    async def _answers_mongodb(self) -> bool:
        try:
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                await self._backend.database.command("ping")
        except (PyMongoError, TimeoutError):
            return False
        return True

    async def _answers_redis(self) -> bool:
        try:
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                await self._backend.redis.ping()
        except (RedisError, OSError, TimeoutError):
            return False
        return True


def may_introspect(session: Session) -> bool:
    """Whether the schema may be asked for in production, by somebody who develops against it."""
    return session.viewer is not None and bool(session.viewer.organizations_with(Permission.GRAPH_INTROSPECT))


class Server(uvicorn.Server):
    """Uvicorn that drains the streams before it waits for connections to end."""

    def __init__(self, web: Web, *, host: str, port: int, limits: ConnectionLimits | None = None) -> None:
        super().__init__(
            uvicorn.Config(
                web.app,
                host=host,
                port=port,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                headers=standing(web.settings.public_url),
                # Who calls is told by app/http/client_address.py; uvicorn would believe any peer on loopback.
                proxy_headers=False,
                http=(limits or web.connection_limits()).protocol,  # type: ignore[arg-type]  # called like a class
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                ws=FrameProtocol,
                ws_max_size=MAX_WEBSOCKET_MESSAGE,
                ws_per_message_deflate=False,
                ws_ping_interval=20,
                ws_ping_timeout=20,
                timeout_graceful_shutdown=DRAIN_SECONDS,
            )
        )
        self._web = web

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._web.drain()
        await stop_accepting(self.servers)
        await super().shutdown(sockets)


@asynccontextmanager
async def serving(
    web: Web, *, host: str = "127.0.0.1", port: int = 0, limits: ConnectionLimits | None = None
) -> AsyncIterator[str]:
    """Serve beside other work of this loop; yields the address. For tests and tools; `main` serves the process."""
    server = Server(web, host=host, port=port, limits=limits)
    task = asyncio.create_task(server._serve())  # without uvicorn's own signal handlers
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
        yield f"http://{host}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def shared_socket(host: str, port: int) -> socket.socket:
    """A socket on a port that other web processes listen on too; the system spreads new connections over them."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    return made


async def run(settings: Settings, *, is_migrating: bool) -> None:
    """Serve until SIGTERM or SIGINT, after a migration where one is asked for."""
    async with open_backend(settings) as backend:
        if is_migrating:
            await migrate(backend)
        log.info("web_ready", address=f"{settings.host}:{settings.port}")
        shared = [shared_socket(settings.host, settings.port)] if settings.web_processes > 1 else None
        await Server(Web(backend), host=settings.host, port=settings.port).serve(sockets=shared)


def calm_collector() -> None:
    """Look for cyclic garbage less often, and never among what was imported.

    Answers are trees without cycles, freed as soon as they are sent; by default each large one sets off a search
    through everything that lives.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 20, 20)


def main() -> None:
    """The web process; --migrate creates missing collections and indexes first."""
    settings = Settings()
    set_up_logs(json=settings.log_json, level=settings.log_level)
    start_tracing(settings, "web")
    calm_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings, is_migrating="--migrate" in sys.argv))


if __name__ == "__main__":
    main()
