"""What resolvers can reach: the schema's context, the way to change things, and the live feed."""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, TypeAlias, cast

import strawberry
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from auth.denylist import Denylist
from auth.download import DownloadLinks
from auth.external_id import ExternalIds
from auth.password import PasswordHasher
from auth.refresh import RefreshTokens
from auth.scope import scope_of
from auth.second_factor import SecondFactors
from auth.standing import Standings
from auth.throttle import Throttle
from auth.token import TokenIssuer
from auth.viewer_cache import ViewerCache
from auth.watch import RoleWatch
from documents.audit_key import KeyRing
from documents.evidence import PackStore
from documents.one_time_token import OneTimeTokens
from documents.vault import Vault
from domain.errors import Invalid
from domain.facts.access import AccessReport, ReadNeed
from domain.facts.notice import Notice
from domain.facts.provider import Provider
from jobs.writer import Writer
from live.event_log import EventLog
from live.feed import Feed
from live.position import Position
from live.revocations import Revocations
from resolvers.results import Results
from schema.connection import Pager
from schema.context import Loaders, SchemaContext
from schema.node import local_id


class AccessPort(Protocol):
    """The way to look into accounts. Both raise Invalid for a vendor that cannot be connected."""

    async def needs(self, provider: Provider) -> tuple[ReadNeed, ...]:
        """Everything that is read of a vendor."""
        ...

    async def report(self, provider: Provider, credentials: Any) -> AccessReport:
        """What credentials open. Raises ProviderError when they do not open the account, RateLimited, Invalid."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The long-lived parts of the web process that resolvers use. `decode_cursor` raises BadCursor for a forged one."""

    writer: Writer
    feed: Feed
    roles: RoleWatch
    encode_cursor: Callable[[Mapping[str, Position]], str]
    decode_cursor: Callable[[str], dict[str, Position]]
    pager: Pager
    passwords: PasswordHasher
    throttle: Throttle
    one_time_tokens: OneTimeTokens
    tokens: TokenIssuer
    refresh_tokens: RefreshTokens
    denylist: Denylist
    revocations: Revocations
    second_factors: SecondFactors
    viewers: ViewerCache
    vault: Vault
    log: EventLog
    results: Results
    allow_private_endpoints: bool
    audit_keys: KeyRing
    downloads: DownloadLinks
    access: AccessPort
    external_ids: ExternalIds
    check_template: Callable[[str], None]
    render_template: Callable[[str, Notice], str]
    public_url: str
    # Keys of the providers open to everybody, in the order to show them.
    platform_providers: tuple[str, ...] = ()
    pack_store: PackStore | None = None


class Caller(Protocol):
    """What a transport knows of who calls; `headers` go into the HTTP answer."""

    connection: HTTPConnection
    headers: MutableHeaders

    @property
    def address(self) -> str: ...

    @property
    def user_agent(self) -> str: ...


@dataclass(kw_only=True)
class Context(SchemaContext):
    ports: Ports
    # On the clock of the watch: the roles are read just before a context is made.
    roles_read_at: float = field(default_factory=time.monotonic, repr=False)

    @property
    def caller(self) -> Caller:
        """Who calls, as the transport sees it."""
        return cast("Caller", self.call)

    @property
    def fingerprint(self) -> Hashable:
        """All of the viewer that what is read may depend on; viewers of the same one may share results."""
        return frozenset(self.signed_in.standings.items())

    def with_standings(self, standings: Standings) -> Self:
        """The same context for the same viewer, who now holds these."""
        return replace(self, viewer=self.signed_in.with_standings(standings))

    def anew(self) -> Self:
        """The same context for another event of an open operation: what was loaded for the last one is read again."""
        return replace(self, permission=None, loaders=Loaders(scope_of(self.signed_in, None)))

    def organization(self, global_id: str | None) -> str:
        """The stored id of the organization a mutation is for; it may be left out when only one is in reach.

        Raises NotFound for a stranger's, Forbidden where the right is missing, Invalid when it must be named.
        """
        if global_id is not None:
            return self.scope.narrowed(local_id("Organization", global_id)).only()
        if len(self.scope.org_ids) > 1:
            raise Invalid("You reach several organizations: name one with organizationId.", path=("organizationId",))
        return self.scope.only()


Info: TypeAlias = strawberry.Info[Context, None]
