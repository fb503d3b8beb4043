"""What a principal holds in one organization."""

from collections.abc import Mapping
from dataclasses import dataclass

from auth.permission import PERMISSIONS_OF, Permission
from documents.user import Role


@dataclass(frozen=True, slots=True)
class Standing:
    """`msp_id` is set where one is not a member but works as the administrator of the provider of that id.

    `blocked` says in a sentence why nothing may be done here for now; the permissions are then empty.
    """

    role: Role
    permissions: frozenset[Permission]
    msp_id: str | None = None
    blocked: str | None = None


# Organization id (24 hex digits) to what is held there.
Standings = Mapping[str, Standing]


def standing_of(role: Role, *, msp_id: str | None = None) -> Standing:
    """The standing that a role gives."""
    return Standing(role=role, permissions=PERMISSIONS_OF[role], msp_id=msp_id)
