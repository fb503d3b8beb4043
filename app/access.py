"""From a request to a viewer, and from a viewer to the context of one operation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import HTTPConnection

from app.evidence import pack_store
from app.graphql.admission import time_limited
from app.graphql.call import Call, Session
from app.http.client_address import ClientAddresses, bucket_of
from app.identity_providers import platform_providers
from app.logs import note
from app.metrics import REFUSED_KEYS, count_live
from app.onboarding.lazily import LazyAccess
from app.results import RedisResults
from app.wiring import Backend
from auth.api_key import KEY_NAME_LENGTH, is_key
from auth.ceremony import Ceremonies
from auth.cookies import ACCESS_COOKIE, cookie
from auth.denylist import Denylist
from auth.download import DownloadLinks
from auth.external_id import ExternalIds
from auth.key_uses import KeyUses
from auth.password import PasswordHasher
from auth.refresh import RefreshTokens
from auth.relying_party import RelyingParty
from auth.scope import scope_of
from auth.second_factor import SecondFactors
from auth.signer import Signer
from auth.throttle import Throttle
from auth.token import TokenIssuer
from auth.viewer import Viewer, renewed
from auth.viewer_cache import ViewerCache
from auth.watch import RoleWatch
from connectors.channels.template import check_template, render_template
from documents.audit_key import KeyRing
from documents.base import utc_now
from domain.errors import BadCursor, Unauthenticated
from live import cursor
from live.feed import Feed
from live.position import Position
from resolvers.context import Context, Ports
from schema.connection import Pager
from schema.context import Loaders


@dataclass(frozen=True, slots=True)
class Access:
    """The two hooks of the GraphQL transports."""

    ports: Ports
    addresses: ClientAddresses
    key_uses: KeyUses = field(default_factory=KeyUses)

    async def authenticate(self, connection: HTTPConnection, payload: Mapping[str, Any]) -> Session:
        """The session of a bearer token or API key in the header, or in connection_init as accessToken, or of the
        cookie of our own pages; else an anonymous one.

        Raises Unauthenticated for one that is malformed, forged, expired or ended.
        """
        address = self.addresses.of(connection.scope)
        token = _token(connection, payload)
        if token is None:
            return Session(principal=bucket_of(address), address=address)
        viewer = await self.viewer_of(token, address)
        return Session(viewer.actor, viewer, viewer.expires_at, viewer.subject, address, _home(viewer))

    async def viewer_of(self, token: str, address: str) -> Viewer:
        """The viewer of a bearer token or API key. Raises Unauthenticated for a bad one, and RateLimited where too many
        bad keys came from. Good keys are let through from there too, and so are people: an office shares an address.
        """
        viewer = self.ports.viewers.known(token)
        if viewer is not None:
            return viewer
        try:
            async with time_limited():
                return await self.ports.viewers.of(token)
        except Unauthenticated:
            if is_key(token):
                REFUSED_KEYS.inc()
                await self.ports.throttle.admit(f"api key {token[:KEY_NAME_LENGTH]}", f"api keys {address}")
            raise

    def note_use(self, viewer: Viewer, address: str) -> None:
        """Note, beside the request, that the key of a machine was used."""
        if viewer.key_id:
            self.key_uses.note(viewer.key_id, utc_now(), address)

    async def make_context(self, call: Call) -> Context:
        """A fresh context; on a socket that stays open what the viewer holds is read again for every operation."""
        viewer: Viewer | None = call.session.viewer
        if viewer is not None and call.transport != "http":
            async with time_limited():
                viewer = await renewed(viewer)
        if viewer is not None:
            # On every line that this operation logs.
            note(actor=viewer.actor, organization_id=_only(viewer.standings))
            self.note_use(viewer, call.address)
        loaders = Loaders(scope_of(viewer, None)) if viewer else None
        return Context(
            viewer=viewer,
            request_id=call.request_id,
            now=utc_now,
            loaders=loaders,
            call=call,
            ports=self.ports,
            public_url=self.ports.public_url,
        )


def _home(viewer: Viewer) -> frozenset[str]:
    """The organizations a viewer belongs to; not the clients that a provider's people work in."""
    return frozenset(org_id for org_id, standing in viewer.standings.items() if standing.msp_id is None)


def _only(standings: Mapping[str, object]) -> str:
    return next(iter(standings)) if len(standings) == 1 else f"{len(standings)} in reach"


def _token(connection: HTTPConnection, payload: Mapping[str, Any]) -> str | None:
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("The Authorization header must be: Bearer, a space, your access token or API key.")
        return token.strip()
    sent = payload.get("accessToken")
    if sent is not None and not isinstance(sent, str):
        raise Unauthenticated("accessToken in connection_init must be a string.")
    return sent if sent is not None else cookie(connection, ACCESS_COOKIE)


def make_ports(backend: Backend, feed: Feed) -> Ports:
    """What resolvers of this process use."""
    settings, keys = backend.settings, backend.keys
    tokens = TokenIssuer(keys.signing, issuer=settings.public_url, lifetime=settings.access_token_lifetime)
    denylist = Denylist(backend.redis, settings.access_token_lifetime)
    throttle = Throttle(backend.redis, keys.derived("throttle")[0], free=settings.free_attempts)
    return Ports(
        writer=backend.writer,
        feed=feed,
        roles=RoleWatch(count=count_live),
        encode_cursor=partial(cursor.encode, key=keys.cursor),
        decode_cursor=_decoder(keys.cursors),
        pager=Pager(Signer(keys.cursor, "page")),
        passwords=PasswordHasher(settings.bcrypt_rounds),
        throttle=throttle,
        one_time_tokens=backend.one_time_tokens,
        tokens=tokens,
        refresh_tokens=RefreshTokens(keys.cursor),
        denylist=denylist,
        revocations=backend.revocations,
        second_factors=SecondFactors(
            backend.vault,
            Ceremonies(backend.redis),
            RelyingParty(settings.public_url, settings.allowed_origins),
            throttle,
        ),
        viewers=ViewerCache(tokens, denylist, utc_now),
        vault=backend.vault,
        log=backend.log,
        results=RedisResults(backend.redis),
        allow_private_endpoints=settings.private_endpoints_allowed,
        audit_keys=KeyRing(key.public for key in keys.audit),
        downloads=DownloadLinks(keys.cursor, settings.public_url),
        access=LazyAccess(settings.private_endpoints_allowed, utc_now),
        external_ids=ExternalIds(keys.derived("external ids")),
        check_template=check_template,
        render_template=render_template,
        public_url=settings.public_url,
        platform_providers=tuple(platform_providers(settings)),
        pack_store=pack_store(settings),
    )


def _decoder(keys: tuple[bytes, ...]) -> Callable[[str], dict[str, Position]]:
    """Reads cursors of every key: those of before a key was changed lead on as well."""

    def decode(text: str) -> dict[str, Position]:
        for key in keys[:-1]:
            try:
                return cursor.decode(text, key)
            except BadCursor:
                continue
        return cursor.decode(text, keys[-1])

    return decode
