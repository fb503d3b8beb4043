"""The only place a Scope is made."""

from collections.abc import Iterable

from auth.permission import Permission
from auth.standing import Standing
from auth.viewer import Viewer
from domain.facts.scope import Scope


def scope_of(viewer: Viewer, permission: Permission | None) -> Scope:
    """What this viewer may touch under this permission; None stands for reading what one is a member of."""
    made = viewer.scopes.get(permission)
    if made is None:
        visible = frozenset(viewer.standings)
        made = viewer.scopes[permission] = Scope(
            org_ids=visible if permission is None else viewer.organizations_with(permission),
            visible=visible,
            actor=viewer.actor,
        )
    return made


def scope_of_all(viewer: Viewer, permissions: Iterable[Permission]) -> Scope:
    """What this viewer may touch under every one of these permissions at once."""
    visible = frozenset(viewer.standings)
    org_ids = visible.intersection(*(viewer.organizations_with(permission) for permission in permissions))
    return Scope(org_ids=org_ids, visible=visible, actor=viewer.actor)


def scope_of_person(user_id: object, org_id: str, standing: Standing, permission: Permission) -> Scope:
    """What a person who came without a session may touch under this permission: one organization, or nothing."""
    org_ids = frozenset({org_id} if permission in standing.permissions else ())
    return Scope(org_ids=org_ids, visible=frozenset({org_id}), actor=f"user:{user_id}")


def scope_of_job(job: str, org_id: str) -> Scope:
    """What a background job may touch: the one organization it was started for."""
    return Scope(org_ids=frozenset({org_id}), visible=frozenset({org_id}), actor=f"job:{job}")


def scope_of_operator(org_id: str) -> Scope:
    """What the person at the server's own command line may touch: the organization they named."""
    return Scope(org_ids=frozenset({org_id}), visible=frozenset({org_id}), actor="operator")
