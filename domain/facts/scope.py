"""Which tenants a caller may touch right now. Made only in `auth/scope.py`; a contract test holds that."""

from dataclasses import dataclass

from domain.errors import NotFound


@dataclass(frozen=True, slots=True)
class Scope:
    """`org_ids` are organization ids as 24 hex digits; `actor` names who acts, e.g. user:<id>, job:sync_account."""

    org_ids: frozenset[str]
    actor: str

    def narrowed(self, org_id: str) -> "Scope":
        """The same actor in one organization. Raises NotFound when it is not in this scope."""
        if org_id not in self.org_ids:
            raise NotFound.of("organization")
        return Scope(org_ids=frozenset({org_id}), actor=self.actor)
