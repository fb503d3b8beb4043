"""Who is asking: the user of a token with the roles stored now, never those of the token."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from beanie import PydanticObjectId

from auth.permission import PERMISSIONS_OF, Permission
from auth.token import Claims
from documents.organization import clients_of
from documents.user import Role, User, memberships_of
from domain.errors import Unauthenticated
from domain.facts.scope import Scope


class TokenReader(Protocol):
    def read(self, token: str) -> Claims: ...


@dataclass(frozen=True, slots=True)
class Viewer:
    """`roles` maps each organization in reach (24 hex digits) to the role there; clients of an MSP are included."""

    user: User
    roles: dict[str, Role]
    expires_at: datetime
    user_id: str = field(init=False)
    # Worked out once for all requests that share the viewer; `scopes` belongs to auth/scope.py.
    scopes: dict[Permission | None, Scope] = field(default_factory=dict, init=False, repr=False, compare=False)
    _held: dict[Permission, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "user_id", str(self.user.id))

    def organizations_with(self, permission: Permission) -> frozenset[str]:
        """Where the viewer may do this."""
        held = self._held.get(permission)
        if held is None:
            held = self._held[permission] = frozenset(
                org_id for org_id, role in self.roles.items() if permission in PERMISSIONS_OF[role]
            )
        return held


async def load_viewer(token: str, tokens: TokenReader) -> Viewer:
    """The viewer a bearer token stands for. Raises Unauthenticated for a bad token or a user that is gone."""
    claims = tokens.read(token)
    raw = await User.get_pymongo_collection().find_one({"_id": PydanticObjectId(claims.user_id)})
    if raw is None:
        raise Unauthenticated("This account no longer exists.")
    user = User.model_validate(raw)
    return Viewer(user=user, roles=await load_roles(raw["_id"]), expires_at=claims.expires_at)


async def load_roles(user_id: PydanticObjectId) -> dict[str, Role]:
    """Organization id to role. An MSP's administrator has the administrator's rights in each client."""
    own = await memberships_of(user_id)
    managed = [org_id for org_id, role in own.items() if role is Role.MSP_ADMIN]
    roles = dict.fromkeys(await clients_of(managed), Role.ADMIN) if managed else {}
    return {str(org_id): role for org_id, role in {**roles, **own}.items()}
