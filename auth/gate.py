"""The permission classes of root fields: one class per permission, and one for public fields."""

from functools import cache
from typing import Any, ClassVar

import strawberry
from strawberry.permission import BasePermission

from auth.permission import Permission
from domain.errors import Forbidden, Unauthenticated


class Gate(BasePermission):
    """Lets a viewer through who holds the permission in at least one organization; the scope does the rest."""

    permission: ClassVar[Permission | None] = None

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        """Synchronous on purpose: the viewer was loaded once, with the context."""
        viewer = info.context.viewer
        if viewer is None:
            raise Unauthenticated("Sign in first: send your access token as a bearer token.")
        if self.permission is not None and not viewer.organizations_with(self.permission):
            raise Forbidden(viewer.why_blocked() or f"Your role does not have the permission {self.permission.value}.")
        return True


class SignedIn(Gate):
    """For fields about the viewer: any signed-in person, or machine with a key."""


class Public(BasePermission):
    """For fields open to everybody, such as signing in. The field says why."""

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return True


@cache
def gate(permission: Permission) -> type[Gate]:
    """The permission class for a permission."""
    return type(f"May{permission.name.title().replace('_', '')}", (Gate,), {"permission": permission})
