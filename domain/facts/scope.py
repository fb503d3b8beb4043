"""Which tenants a caller may touch right now. Made only in `auth/scope.py`; a contract test holds that."""

from dataclasses import dataclass

from domain.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Scope:
    """`org_ids`: organizations (24 hex digits) in which the actor may do what is being done.

    `visible`: those the actor is a member of at all; it holds `org_ids`. `actor`: e.g. user:<id>, job:sync_account.
    """

    org_ids: frozenset[str]
    visible: frozenset[str]
    actor: str

    def narrowed(self, org_id: str) -> "Scope":
        """The same actor in one organization. Raises NotFound for a stranger's, Forbidden without the right."""
        if org_id not in self.visible:
            raise NotFound.of("organization")
        if org_id not in self.org_ids:
            raise Forbidden("Your role in this organization does not allow this.")
        return Scope(org_ids=frozenset({org_id}), visible=self.visible, actor=self.actor)

    def only(self) -> str:
        """The single organization of this scope. Raises NotFound when there is none or more than one."""
        if len(self.org_ids) != 1:
            raise NotFound("Several organizations are in reach: name one with organizationId.")
        return next(iter(self.org_ids))
