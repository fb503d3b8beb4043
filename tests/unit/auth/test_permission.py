"""Who may do what: role by permission, written out."""

from datetime import UTC, datetime

import pytest

from auth.gate import Gate, Public, SignedIn, gate
from auth.permission import PERMISSIONS_OF, Permission
from auth.scope import scope_of, scope_of_all, scope_of_job, scope_of_operator, scope_of_person
from auth.standing import standing_of
from auth.viewer import Viewer
from documents import Role
from domain.errors import Forbidden, NotFound, Unauthenticated

P = Permission
# As agreed with those who use it: a letter for each role that may. V client viewer, R auditor, U user,
# A administrator, M the administrator of a provider.
TABLE = {
    P.ORGANIZATIONS_READ: "VRUAM",
    P.ORGANIZATIONS_CREATE: "M",
    P.ORGANIZATIONS_MANAGE: "AM",
    P.MEMBERS_READ: "UAM",
    P.MEMBERS_MANAGE: "AM",
    P.ROLES_MANAGE: "AM",
    P.IDENTITY_MANAGE: "AM",
    P.MACHINES_READ: "AM",
    P.MACHINES_MANAGE: "AM",
    P.SCIM_PROVISION: "AM",
    P.AUDIT_READ: "RAM",
    P.AUDIT_EXPORT: "AM",
    P.CLIENTS_READ: "M",
    P.CLIENTS_ENTER: "M",
    P.ACCOUNTS_READ: "VRUAM",
    P.ACCOUNTS_CONNECT: "AM",
    P.SYNCS_RUN: "AM",
    P.RESOURCES_READ: "VRUAM",
    P.COSTS_READ: "VUAM",
    P.COSTS_MANAGE: "AM",
    P.BUDGETS_WRITE: "AM",
    P.FINDINGS_READ: "VUAM",
    P.FINDINGS_MANAGE: "AM",
    P.REMEDIATIONS_READ: "VUAM",
    P.REMEDIATIONS_PLAN: "UAM",
    P.REMEDIATIONS_APPROVE: "AM",
    P.REMEDIATIONS_MANAGE: "AM",
    P.COMPLIANCE_READ: "VRUAM",
    P.COMPLIANCE_MANAGE: "AM",
    P.EVIDENCE_READ: "RAM",
    P.ALERTS_READ: "VUAM",
    P.ALERTS_ACKNOWLEDGE: "UAM",
    P.CHANNELS_READ: "UAM",
    P.CHANNELS_MANAGE: "AM",
    P.GRAPH_INTROSPECT: "AM",
}
LETTER = {Role.CLIENT_VIEWER: "V", Role.AUDITOR: "R", Role.USER: "U", Role.ADMIN: "A", Role.MSP_ADMIN: "M"}


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role) -> None:
    assert PERMISSIONS_OF[role] == {permission for permission, roles in TABLE.items() if LETTER[role] in roles}


def viewer(**roles: Role) -> Viewer:
    standings = {org_id: standing_of(role) for org_id, role in roles.items()}
    return Viewer(actor="user:u", standings=standings, expires_at=datetime.now(UTC))


class Info:
    """As much of a resolver's info as a gate looks at."""

    def __init__(self, found: Viewer | None) -> None:
        self.context = self
        self.viewer = found


def test_a_scope_holds_only_organizations_where_the_permission_is() -> None:
    scope = scope_of(viewer(a=Role.ADMIN, b=Role.USER), Permission.BUDGETS_WRITE)

    assert scope.org_ids == {"a"}
    assert scope.visible == {"a", "b"}
    assert scope.actor == "user:u"


def test_without_a_permission_a_scope_holds_every_membership() -> None:
    assert scope_of(viewer(a=Role.ADMIN, b=Role.USER), None).org_ids == {"a", "b"}


def test_narrowing_tells_a_missing_right_from_a_strangers_organization() -> None:
    scope = scope_of(viewer(a=Role.ADMIN, b=Role.USER), Permission.BUDGETS_WRITE)

    assert scope.narrowed("a").only() == "a"
    with pytest.raises(Forbidden):
        scope.narrowed("b")
    with pytest.raises(NotFound):
        scope.narrowed("c")


def test_a_scope_of_several_permissions_holds_only_organizations_with_all_of_them() -> None:
    scope = scope_of_all(viewer(a=Role.ADMIN, b=Role.USER), [Permission.COSTS_READ, Permission.BUDGETS_WRITE])

    assert scope.org_ids == {"a"}
    assert scope.visible == {"a", "b"}


def test_several_organizations_are_not_one() -> None:
    with pytest.raises(NotFound):
        scope_of(viewer(a=Role.ADMIN, b=Role.ADMIN), None).only()


def test_jobs_and_operators_reach_one_organization() -> None:
    assert scope_of_job("sync_account", "a").only() == "a"
    assert scope_of_job("sync_account", "a").actor == "job:sync_account"
    assert scope_of_operator("a").only() == "a"


def test_a_scope_is_made_once_for_a_viewer() -> None:
    asking = viewer(a=Role.ADMIN)

    assert scope_of(asking, Permission.COSTS_READ) is scope_of(asking, Permission.COSTS_READ)


def test_a_person_without_a_session_reaches_one_organization_and_only_with_the_right() -> None:
    user = standing_of(Role.USER)

    allowed = scope_of_person("u", "a", user, Permission.ALERTS_ACKNOWLEDGE)
    missing = scope_of_person("u", "a", user, Permission.BUDGETS_WRITE)

    assert (allowed.org_ids, allowed.visible, allowed.actor) == ({"a"}, {"a"}, "user:u")
    assert (missing.org_ids, missing.visible) == (frozenset(), {"a"})
    with pytest.raises(Forbidden):
        missing.narrowed("a")


def test_a_gate_lets_through_who_holds_the_permission_somewhere() -> None:
    writes = gate(Permission.BUDGETS_WRITE)()

    assert writes.has_permission(None, Info(viewer(a=Role.ADMIN))) is True  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        writes.has_permission(None, Info(viewer(a=Role.USER)))  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        writes.has_permission(None, Info(None))  # type: ignore[arg-type]


def test_there_is_one_gate_class_per_permission() -> None:
    assert gate(Permission.COSTS_READ) is gate(Permission.COSTS_READ)
    assert issubclass(gate(Permission.COSTS_READ), Gate)


def test_signed_in_asks_for_a_viewer_only_and_public_for_nothing() -> None:
    assert SignedIn().has_permission(None, Info(viewer())) is True  # type: ignore[arg-type]
    assert Public().has_permission(None, Info(None)) is True  # type: ignore[arg-type]
    with pytest.raises(Unauthenticated):
        SignedIn().has_permission(None, Info(None))  # type: ignore[arg-type]
