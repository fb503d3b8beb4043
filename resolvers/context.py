"""What resolvers can reach: the schema's context, the way to change things, and the live feed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

import strawberry
from beanie import PydanticObjectId

from auth.password import PasswordHasher
from auth.token import TokenIssuer
from auth.viewer import load_roles
from auth.viewer_cache import ViewerCache
from documents.vault import Vault
from domain.errors import Invalid
from jobs.writer import Writer
from live.event_log import EventLog
from live.feed import Feed
from live.position import Position
from resolvers.results import Results
from schema.connection import Pager
from schema.context import SchemaContext
from schema.node import local_id

# After a membership ends, an open feed delivers nothing later than this plus the time to notice.
RELOAD_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Ports:
    """The long-lived parts of the web process that resolvers use. `decode_cursor` raises BadCursor for a forged one."""

    writer: Writer
    feed: Feed
    encode_cursor: Callable[[Mapping[str, Position]], str]
    decode_cursor: Callable[[str], dict[str, Position]]
    pager: Pager
    passwords: PasswordHasher
    tokens: TokenIssuer
    viewers: ViewerCache
    vault: Vault
    log: EventLog
    results: Results
    allow_private_endpoints: bool


@dataclass(kw_only=True)
class Context(SchemaContext):
    ports: Ports
    roles_read_at: datetime | None = field(default=None, repr=False)

    async def reload_viewer(self) -> None:
        """Read the viewer's roles again, at most once a second; for operations that stay open."""
        now = self.now()
        if self.roles_read_at is not None and now - self.roles_read_at < RELOAD_AFTER:
            return
        viewer = self.signed_in
        self.viewer = replace(viewer, roles=await load_roles(PydanticObjectId(viewer.user_id)))
        self.roles_read_at = now

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
