"""Roles of an organization's own: made of what their maker holds, changed for everybody who has them."""

import asyncio
from typing import Any

import pytest

import documents
from app.wiring import Backend
from auth.permission import PERMISSIONS_OF, Permission
from documents import OrganizationKind, Role
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.rights import act, entries, member_id
from tests.factories.tenant import Tenant, add_member, make_tenant

ROLES = "{ customRoles { totalCount nodes { id name description permissions version organizationId } } }"
TABLE = "{ permissionTable { permission description roles isProviderOnly isCustomAllowed } }"


@pytest.fixture
async def admin(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def user(backend: Backend, admin: Tenant) -> Tenant:
    return await add_member(backend, admin.organization, Role.USER)


async def make_role(graph: Graph, admin: Tenant, name: str = "Buyer", *permissions: str) -> str:
    wanted = list(permissions) or ["costs:read", "budgets:write"]
    id: str = (await act(graph, admin.token, "createCustomRole", name=name, permissions=wanted))["role"]["id"]
    return id


async def give(graph: Graph, admin: Tenant, member: Tenant, role_id: str | None) -> dict[str, Any]:
    fields = {"memberId": await member_id(member), "role": "USER", "customRoleId": role_id}
    return await act(graph, admin.token, "changeRole", **fields)


async def may(graph: Graph, member: Tenant, query: str) -> bool:
    await asyncio.sleep(1)  # what one gains may take a second to be seen
    return not (await graph.send(query, member.token)).get("errors")


async def test_a_custom_role_replaces_what_its_holder_may_do(graph: Graph, admin: Tenant, user: Tenant) -> None:
    role = await make_role(graph, admin)

    given = await give(graph, admin, user, role)

    assert given["member"]["customRole"]["name"] == "Buyer"
    assert await may(graph, user, "{ budgets { totalCount } }")
    assert not await may(graph, user, "{ alerts { totalCount } }")


async def test_roles_are_listed_to_those_who_see_members(graph: Graph, admin: Tenant, user: Tenant) -> None:
    id = await make_role(graph, admin, "Zebra", "costs:read", "alerts:read")
    await make_role(graph, admin, "Ant")

    listed = (await graph.ask(ROLES, user.token))["customRoles"]

    assert [one["name"] for one in listed["nodes"]] == ["Ant", "Zebra"]
    assert listed["nodes"][1] == {
        "id": id,
        "name": "Zebra",
        "description": "",
        "permissions": ["alerts:read", "costs:read"],
        "version": 1,
        "organizationId": admin.global_id,
    }


async def test_the_table_of_permissions_is_the_one_that_is_enforced(graph: Graph, user: Tenant) -> None:
    table = (await graph.ask(TABLE, user.token))["permissionTable"]

    held = {role: {row["permission"] for row in table if role in row["roles"]} for role in Role}
    assert held == {role: {one.value for one in PERMISSIONS_OF[role]} for role in Role}
    assert all(row["description"] for row in table)
    assert {row["permission"] for row in table if row["isProviderOnly"]} == {
        "organizations:create",
        "clients:read",
        "clients:enter",
    }
    assert [row["permission"] for row in table if not row["isCustomAllowed"]] == ["clients:enter"]


@pytest.mark.parametrize(
    ("kind", "permission", "code"),
    [
        (OrganizationKind.COMPANY, "no:such", "BAD_USER_INPUT"),
        (OrganizationKind.COMPANY, "clients:read", "BAD_USER_INPUT"),
        (OrganizationKind.COMPANY, "organizations:create", "BAD_USER_INPUT"),
        (OrganizationKind.MSP, "clients:enter", "BAD_USER_INPUT"),
        (OrganizationKind.MSP, "clients:read", None),
    ],
)
async def test_only_permissions_that_fit_go_into_a_role(
    graph: Graph, backend: Backend, kind: OrganizationKind, permission: str, code: str | None
) -> None:
    tenant = await make_tenant(backend, kind=kind, role=Role.MSP_ADMIN if kind == "MSP" else Role.ADMIN)

    answer = await act(graph, tenant.token, "createCustomRole", name="x", permissions=[permission])

    assert answer.get("code") == code


async def test_nobody_makes_a_role_of_more_than_they_hold(graph: Graph, admin: Tenant, user: Tenant) -> None:
    editors = await make_role(graph, admin, "Editor", "roles:manage", "costs:read")
    buyers = await make_role(graph, admin, "Buyer", "costs:read", "budgets:write")
    await give(graph, admin, user, editors)
    await asyncio.sleep(1)

    more = await act(graph, user.token, "createCustomRole", name="a", permissions=["members:manage"])
    same = await act(graph, user.token, "createCustomRole", name="b", permissions=["costs:read"])
    own = await act(graph, user.token, "updateCustomRole", roleId=editors, name="E", permissions=["audit:read"])
    others = await act(graph, user.token, "updateCustomRole", roleId=buyers, name="B", permissions=["costs:read"])
    deleted = await act(graph, user.token, "deleteCustomRole", roleId=buyers)

    assert [one.get("code") for one in (more, same, own, others, deleted)] == [
        "FORBIDDEN",
        None,
        "FORBIDDEN",
        "FORBIDDEN",
        "FORBIDDEN",
    ]


async def test_a_change_holds_for_everybody_who_has_the_role(graph: Graph, admin: Tenant, user: Tenant) -> None:
    role = await make_role(graph, admin)
    await give(graph, admin, user, role)
    assert await may(graph, user, "{ budgets { totalCount } }")

    answer = await act(
        graph,
        admin.token,
        "updateCustomRole",
        roleId=role,
        expectedVersion=1,
        name="Seller",
        permissions=["alerts:read"],
    )
    errors = (await graph.send("{ budgets { totalCount } }", user.token)).get("errors")

    assert answer["role"] == {"id": role, "name": "Seller", "permissions": ["alerts:read"], "version": 2}
    assert errors is not None  # at once, not a second later
    (entry,) = await entries(admin, "role.update")
    assert entry["changed"] == ["name", "permissions", "version"]


async def test_who_worked_from_an_older_version_gets_the_present_one(graph: Graph, admin: Tenant) -> None:
    role = await make_role(graph, admin)
    fields = {"roleId": role, "name": "B", "permissions": ["costs:read"]}
    await act(graph, admin.token, "updateCustomRole", **fields, expectedVersion=1)

    answer = await act(graph, admin.token, "updateCustomRole", **fields, expectedVersion=1)

    assert (answer["code"], answer["current"]["id"]) == ("CONFLICT", role)


async def test_two_roles_of_one_name_are_refused(graph: Graph, admin: Tenant) -> None:
    await make_role(graph, admin, "Buyer")
    other = await make_role(graph, admin, "Other")

    made = await act(graph, admin.token, "createCustomRole", name="Buyer", permissions=["costs:read"])
    renamed = await act(graph, admin.token, "updateCustomRole", roleId=other, name="Buyer", permissions=["costs:read"])

    assert (made["code"], renamed["code"]) == ("CONFLICT", "CONFLICT")


async def test_a_role_that_is_held_is_deleted_with_a_replacement_only(
    graph: Graph, admin: Tenant, user: Tenant
) -> None:
    role, other = await make_role(graph, admin), await make_role(graph, admin, "Reader", "alerts:read")
    await give(graph, admin, user, role)

    held = await act(graph, admin.token, "deleteCustomRole", roleId=role)
    itself = await act(graph, admin.token, "deleteCustomRole", roleId=role, replacementId=role)
    gone = await act(
        graph, admin.token, "deleteCustomRole", roleId=role, replacementId=global_id("CustomRole", "0" * 24)
    )
    done = await act(graph, admin.token, "deleteCustomRole", roleId=role, replacementId=other)

    assert [one.get("code") for one in (held, itself, gone, done)] == ["CONFLICT", "BAD_USER_INPUT", "NOT_FOUND", None]
    assert not await may(graph, user, "{ budgets { totalCount } }")
    assert await may(graph, user, "{ alerts { totalCount } }")


async def test_a_role_that_an_invitation_gives_is_in_use(graph: Graph, admin: Tenant) -> None:
    role, other = await make_role(graph, admin), await make_role(graph, admin, "Reader", "alerts:read")
    await act(graph, admin.token, "invite", email="new@example.com", role="USER", customRoleId=role)

    held = await act(graph, admin.token, "deleteCustomRole", roleId=role)
    done = await act(graph, admin.token, "deleteCustomRole", roleId=role, replacementId=other)

    assert (held["code"], done.get("code")) == ("CONFLICT", None)
    invitation = await documents.Invitation.rows().find_one({"org_id": admin.organization.id})
    assert invitation is not None
    assert global_id("CustomRole", invitation["custom_role_id"]) == other


async def test_a_permission_that_no_longer_exists_gives_nothing_and_breaks_nothing(
    graph: Graph, admin: Tenant, user: Tenant
) -> None:
    role = documents.CustomRole(org_id=admin.organization.id, name="Old", permissions=["costs:read", "was:once"])
    await role.insert()
    await give(graph, admin, user, global_id("CustomRole", role.id))

    assert await may(graph, user, "{ budgets { totalCount } }")
    assert (await graph.ask(ROLES, admin.token))["customRoles"]["nodes"][0]["permissions"] == ["costs:read"]


async def test_administrators_have_no_custom_role(graph: Graph, admin: Tenant, user: Tenant) -> None:
    role = await make_role(graph, admin)
    fields = {"memberId": await member_id(user), "role": "ADMIN", "customRoleId": role}

    assert (await act(graph, admin.token, "changeRole", **fields))["code"] == "BAD_USER_INPUT"


async def test_what_manages_roles_is_refused_to_users_and_strangers(
    graph: Graph, backend: Backend, admin: Tenant, user: Tenant
) -> None:
    role, stranger = await make_role(graph, admin), await make_tenant(backend)
    fields = {"name": "n", "permissions": [Permission.COSTS_READ.value]}

    users = [
        await act(graph, user.token, "createCustomRole", **fields),
        await act(graph, user.token, "updateCustomRole", roleId=role, **fields),
        await act(graph, user.token, "deleteCustomRole", roleId=role),
    ]
    strangers = [
        await act(graph, stranger.token, "updateCustomRole", roleId=role, **fields),
        await act(graph, stranger.token, "deleteCustomRole", roleId=role),
    ]

    assert {one["code"] for one in users} == {"FORBIDDEN"}
    assert {one["code"] for one in strangers} == {"NOT_FOUND"}
