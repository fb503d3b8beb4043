"""One SCIM request: which machine of which organization asks, and how what it changes is audited and told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from beanie import PydanticObjectId
from scim2_models import (
    InvalidSyntaxException,
    PayloadTooLargeException,
    PreconditionFailedException,
)
from starlette.requests import Request

from auth.permission import Permission
from auth.scope import scope_of
from auth.viewer import Viewer
from documents.audit import Act, Outcome, acting
from documents.scim_record import ScimRecord
from documents.transaction import Transaction
from domain.errors import Refused
from domain.facts.scope import Scope
from resolvers.context import Ports

T = TypeVar("T")
LARGEST_BODY = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """`base` is the address of the service, without a slash at its end; `address` where the caller comes from."""

    request: Request
    viewer: Viewer
    ports: Ports
    base: str
    address: str
    request_id: str

    @property
    def scope(self) -> Scope:
        """The one organization of the service account."""
        return scope_of(self.viewer, Permission.SCIM_PROVISION)

    @property
    def org_id(self) -> PydanticObjectId:
        return PydanticObjectId(self.scope.only())

    @property
    def id(self) -> str:
        """The id in the path."""
        return str(self.request.path_params["id"])

    @property
    def parameters(self) -> dict[str, str]:
        """What the query string holds of attributes and excludedAttributes."""
        given = self.request.query_params
        return {name: given[name] for name in ("attributes", "excludedAttributes") if name in given}

    async def body(self) -> dict[str, Any]:
        """The JSON object sent. Raises SCIMException for anything else, and for one above a megabyte."""
        content = b""
        async for chunk in self.request.stream():
            content += chunk
            if len(content) > LARGEST_BODY:
                raise PayloadTooLargeException(detail="Send 1000000 bytes at most.")
        try:
            body = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise InvalidSyntaxException(detail="The body is not JSON.") from error
        if not isinstance(body, dict):
            raise InvalidSyntaxException(detail="The body is not a JSON object.")
        return body

    def require_match(self, record: ScimRecord) -> None:
        """Raises PreconditionFailedException when If-Match names other versions of the record."""
        wanted = self.request.headers.get("if-match")
        if wanted is not None and not _names(wanted, record):
            raise PreconditionFailedException(detail="The record has changed since: read it again.")

    def is_known(self, record: ScimRecord) -> bool:
        """Whether If-None-Match says that the caller has this version."""
        known = self.request.headers.get("if-none-match")
        return known is not None and _names(known, record)

    async def commit(self, action: str, target: str, change: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run the change as an act of the service account; one that is refused is written down as well."""
        act = Act(
            action=action,
            actor=self.viewer.actor,
            address=self.address,
            user_agent=self.request.headers.get("user-agent", "")[:200] or None,
            request_id=self.request_id,
        )
        with acting(act):
            try:
                return await self.ports.writer.commit(change)
            except Refused as refused:
                await self._note_refusal(target, refused)
                raise

    async def _note_refusal(self, target: str, refused: Refused) -> None:
        async def change(tx: Transaction) -> None:
            tx.audit(self.org_id, target=target, outcome=Outcome.REFUSED, reason=refused.code)

        await self.ports.writer.commit(change)


def etag(record: ScimRecord) -> str:
    """The version as a weak ETag: the same record may be written in several ways."""
    return f'W/"{record.version}"'


def _names(header: str, record: ScimRecord) -> bool:
    named = {part.strip().removeprefix("W/") for part in header.split(",")}
    return "*" in named or f'"{record.version}"' in named
