"""Who is asking, with what they hold now, never with what a token says of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from auth.api_key import REFUSED, is_key
from auth.authentication import Authentication, Subject
from auth.machines import Machine, find_machine
from auth.permission import Permission
from auth.standing import Standings
from auth.standings import load_known, load_principals
from auth.token import Claims
from documents.service_account import ServiceAccount
from documents.user import User
from domain.errors import Forbidden, Unauthenticated
from domain.facts.scope import Scope

ENDED = "This session has ended. Sign in again."


class TokenReader(Protocol):
    def read(self, token: str) -> Claims: ...


class Denying(Protocol):
    async def denies(self, claims: Claims) -> bool: ...


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person or a machine. `actor` is user:<id> or service:<id>; `standings` maps each organization in reach to what
    is held there. A person has come through a sign-in, the `authentication`; a machine through the key of `key_id`.
    """

    actor: str
    standings: Standings
    expires_at: datetime
    person: User | None = None
    authentication: Authentication | None = None
    machine: ServiceAccount | None = None
    key_id: str = ""
    # Worked out once for all requests that share the viewer; `scopes` belongs to auth/scope.py.
    scopes: dict[Permission | None, Scope] = field(default_factory=dict, init=False, repr=False, compare=False)
    _held: dict[Permission, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def user(self) -> User:
        """The person. Raises Forbidden for a machine."""
        if self.person is None:
            raise Forbidden("Only a person can do this; a service account cannot.")
        return self.person

    @property
    def signed_in(self) -> Authentication:
        """The sign-in of the person. Raises Forbidden for a machine."""
        if self.authentication is None:
            raise Forbidden("Only a person can do this; a service account cannot.")
        return self.authentication

    @property
    def subject(self) -> Subject:
        """Under what the standings are looked up again."""
        return Subject(self.actor, self.authentication.session_id if self.authentication else self.key_id)

    def organizations_with(self, permission: Permission) -> frozenset[str]:
        """Where the viewer may do this."""
        held = self._held.get(permission)
        if held is None:
            held = self._held[permission] = frozenset(
                org_id for org_id, standing in self.standings.items() if permission in standing.permissions
            )
        return held

    def with_standings(self, standings: Standings) -> "Viewer":
        """The same viewer, who now holds these."""
        return replace(self, standings=standings)

    def why_blocked(self) -> str | None:
        """The first reason why an organization lets the viewer do nothing, if one does."""
        return next((standing.blocked for standing in self.standings.values() if standing.blocked), None)


async def load_viewer(token: str, tokens: TokenReader, denylist: Denying) -> Viewer:
    """The viewer an access token or an API key stands for.

    Raises Unauthenticated for a bad one, a session that has ended, or a person who is gone.
    """
    if is_key(token):
        return _as_viewer(await find_machine(token))
    claims = tokens.read(token)
    if await denylist.denies(claims):
        raise Unauthenticated(ENDED)
    subject = Subject(f"user:{claims.user_id}", claims.session_id)
    known = (await load_known([subject])).get(subject)
    if known is None or known.user.session_version != claims.session_version:
        raise Unauthenticated(ENDED)
    return Viewer(
        actor=subject.actor,
        standings=known.standings,
        expires_at=min(claims.expires_at, known.expires_at),
        person=known.user,
        authentication=Authentication(
            claims.session_id, claims.token_id, known.authenticated_at, known.methods, known.factor_at
        ),
    )


def _as_viewer(machine: Machine) -> Viewer:
    return Viewer(
        actor=machine.subject.actor,
        standings=machine.standings,
        expires_at=machine.expires_at,
        machine=machine.account,
        key_id=machine.key_id,
    )


async def renewed(viewer: Viewer) -> Viewer:
    """The viewer with what they hold now. Raises Unauthenticated when the session or the key has ended."""
    known = (await load_principals([viewer.subject])).get(viewer.subject)
    if known is None:
        raise Unauthenticated(ENDED if viewer.machine is None else REFUSED)
    return viewer.with_standings(known.standings)
