"""Nobody gives more than they hold, and roles fit the organization they are for."""

import pytest

from auth.delegation import check_role, checked_permissions, permissions_with, require_covers
from auth.permission import DESCRIPTIONS, PERMISSIONS_OF, Permission, known_permissions
from auth.standing import standing_of
from documents import OrganizationKind, Role
from domain.errors import Forbidden, Invalid

P = Permission
COMPANY, MSP = OrganizationKind.COMPANY, OrganizationKind.MSP


def test_what_is_held_may_be_given() -> None:
    require_covers(standing_of(Role.ADMIN), PERMISSIONS_OF[Role.USER])
    require_covers(standing_of(Role.USER), ())


def test_what_is_missing_is_named() -> None:
    with pytest.raises(Forbidden, match=r"budgets:write, syncs:run"):
        require_covers(standing_of(Role.USER), [P.SYNCS_RUN, P.BUDGETS_WRITE, P.COSTS_READ])


@pytest.mark.parametrize(
    ("role", "kind", "is_custom"),
    [(Role.MSP_ADMIN, COMPANY, False), (Role.MSP_ADMIN, MSP, True), (Role.ADMIN, COMPANY, True)],
)
def test_a_role_that_does_not_fit_is_refused(role: Role, kind: OrganizationKind, is_custom: bool) -> None:
    with pytest.raises(Invalid) as refused:
        check_role(role, kind, is_custom=is_custom)

    assert refused.value.path == ("input", "role")


@pytest.mark.parametrize(
    ("role", "kind", "is_custom"),
    [
        (Role.MSP_ADMIN, MSP, False),
        (Role.ADMIN, COMPANY, False),
        (Role.USER, COMPANY, True),
        (Role.CLIENT_VIEWER, MSP, True),
    ],
)
def test_a_role_that_fits_is_let_through(role: Role, kind: OrganizationKind, is_custom: bool) -> None:
    check_role(role, kind, is_custom=is_custom)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["costs:read", "was:once"], COMPANY),
        (["clients:enter"], MSP),
        (["clients:read"], COMPANY),
        (["organizations:create"], COMPANY),
    ],
)
def test_a_custom_role_holds_only_what_fits(names: list[str], kind: OrganizationKind) -> None:
    with pytest.raises(Invalid) as refused:
        checked_permissions(names, kind)

    assert refused.value.path == ("input", "permissions")


def test_the_permissions_of_a_custom_role_are_read_from_their_names() -> None:
    assert checked_permissions(["costs:read"], COMPANY) == {P.COSTS_READ}
    assert checked_permissions(["costs:read", "clients:read"], MSP) == {P.COSTS_READ, P.CLIENTS_READ}


def test_a_custom_role_replaces_the_permissions_of_the_role() -> None:
    assert permissions_with(Role.USER, None) == PERMISSIONS_OF[Role.USER]
    assert permissions_with(Role.USER, ["budgets:write"]) == {P.BUDGETS_WRITE}
    assert permissions_with(Role.USER, []) == frozenset()


def test_names_of_permissions_that_are_gone_give_nothing() -> None:
    assert known_permissions(["costs:read", "was:once", ""]) == {P.COSTS_READ}


def test_every_permission_is_described_in_a_sentence() -> None:
    assert set(DESCRIPTIONS) == set(Permission)
    assert all(text.endswith(".") and text[0].isupper() for text in DESCRIPTIONS.values())
