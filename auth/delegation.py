"""Nobody gives more than they hold, and nobody takes away from those who hold more."""

from collections.abc import Collection

from auth.permission import (
    NOT_IN_CUSTOM_ROLES,
    PERMISSIONS_OF,
    PROVIDER_ONLY,
    Permission,
    known_permissions,
)
from auth.standing import Standing
from documents.organization import OrganizationKind
from documents.user import Role
from domain.errors import Forbidden, Invalid

ADMINISTRATORS = frozenset({Role.ADMIN, Role.MSP_ADMIN})


def require_covers(standing: Standing, permissions: Collection[Permission]) -> None:
    """Raises Forbidden when the permissions are more than what is held."""
    if missing := frozenset(permissions) - standing.permissions:
        names = ", ".join(sorted(missing))
        raise Forbidden(f"This takes somebody who holds at least as much; you do not hold {names}.")


def check_role(role: Role, kind: OrganizationKind, *, is_custom: bool) -> None:
    """Raises Invalid for a role that members of such an organization cannot have, alone or with a custom role."""
    refuse_auditor(role, "role")
    if role is Role.MSP_ADMIN and kind is not OrganizationKind.MSP:
        raise Invalid("Only a provider has provider administrators.", path=("input", "role"))
    if is_custom and role in ADMINISTRATORS:
        raise Invalid(
            "A role of your own goes with USER or CLIENT_VIEWER: administrators hold everything anyway.",
            path=("input", "role"),
        )


def refuse_auditor(role: Role, name: str) -> None:
    """Raises Invalid, naming the input, for the role that is given for a time only."""
    if role is Role.AUDITOR:
        raise Invalid("Auditors come for a time: invite them with inviteAuditor.", path=("input", name))


def checked_permissions(names: Collection[str], kind: OrganizationKind) -> frozenset[Permission]:
    """The permissions of a custom role to be. Raises Invalid for what there is not, or not for such a role."""
    permissions = known_permissions(names)
    if unknown := set(names) - permissions:
        raise Invalid(f"There is no such permission as {', '.join(sorted(unknown))}.", path=("input", "permissions"))
    if refused := permissions & NOT_IN_CUSTOM_ROLES:
        raise Invalid(f"{', '.join(refused)} comes with the role MSP_ADMIN only.", path=("input", "permissions"))
    if kind is not OrganizationKind.MSP and (refused := permissions & PROVIDER_ONLY):
        raise Invalid(f"Only a provider's roles hold {', '.join(sorted(refused))}.", path=("input", "permissions"))
    return permissions


def permissions_with(role: Role, custom: Collection[str] | None) -> frozenset[Permission]:
    """What a member holds with this role, and the stored permissions of their custom role if they have one."""
    return PERMISSIONS_OF[role] if custom is None else known_permissions(custom)
