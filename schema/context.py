"""What a view can reach while it is being read: the viewer, the scope, loaders and the clock."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from strawberry.dataloader import DataLoader

from auth.permission import Permission
from auth.scope import scope_of
from auth.viewer import Viewer
from documents.base import TenantDocument
from documents.mending_finding import Faulty, findings_that_mend
from domain.errors import Unauthenticated
from domain.facts.scope import Scope


class Loaders:
    """One loader per document class and operation, each bound to what the viewer may see."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._loaders: dict[type[TenantDocument], DataLoader[str, Any]] = {}
        self._mending: dict[Scope, DataLoader[Faulty, Any]] = {}

    def of(self, document: type[TenantDocument]) -> DataLoader[str, Any]:
        """The loader of this document: stored id (24 hex digits) to row, None when absent or out of scope."""
        if document not in self._loaders:

            async def load(ids: list[str]) -> list[Any]:
                return await document.load_many(self.scope, ids)

            self._loaders[document] = DataLoader(load_fn=load)
        return self._loaders[document]

    def that_mend(self, scope: Scope) -> DataLoader[Faulty, Any]:
        """The loader of the open finding in this scope that would mend a thing of a check, None without one."""
        if scope not in self._mending:

            async def load(faulty: list[Faulty]) -> list[Any]:
                return await findings_that_mend(scope, faulty)

            self._mending[scope] = DataLoader(load_fn=load)
        return self._mending[scope]


@dataclass(kw_only=True)
class SchemaContext:
    """One per operation. `permission` is that of the root field being resolved; the field sets it.

    `call` is the transport's own record of the operation, `public_url` the address of the installation.
    """

    viewer: Viewer | None
    request_id: str
    now: Callable[[], datetime]
    call: object = None
    permission: Permission | None = None
    loaders: Loaders | None = None
    public_url: str = ""

    def under(self, permission: Permission | None) -> Self:
        """The same context for a root field that needs this permission."""
        return replace(self, permission=permission)

    @property
    def signed_in(self) -> Viewer:
        """The viewer. Raises Unauthenticated when nobody is signed in."""
        if self.viewer is None:
            raise Unauthenticated("Sign in first: send your access token as a bearer token.")
        return self.viewer

    @property
    def scope(self) -> Scope:
        """What the viewer may touch under the permission of the root field."""
        return scope_of(self.signed_in, self.permission)
