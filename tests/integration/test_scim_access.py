"""What a directory says has consequences: who comes in, who is out at once, and whom it may not touch."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import documents
from app.wiring import Backend
from auth.standings import load_standings_of, still_open
from documents import Role
from documents.base import utc_now
from documents.member import LAST_ADMINISTRATOR
from schema.node import global_id
from tests.factories.directory import Directory, directory_of
from tests.factories.graph import Graph, seconds_until_closed, socket, subscribe
from tests.factories.mailbox import newest_code
from tests.factories.tenant import Tenant, add_member, make_subject, make_tenant, token_for
from tests.integration.person_mutations import NEW_PASSWORD, call, signs_in

LIVE = "subscription { alertRaised { __typename } }"
REACH = "{ viewer { reach { role organization { id } } } }"
OFF = {"op": "Replace", "path": "active", "value": "False"}
ON = {"op": "Replace", "path": "active", "value": "True"}
SET = """
mutation($input: SetGroupRoleInput!) { setGroupRole(input: $input) {
  __typename
  ... on SetGroupRoleSuccess { groupRole { id group role customRoleId } }
  ... on UserError { message path }
} }
"""
LISTED = "{ groupRoles { nodes { group role customRoleId organizationId createdAt } } }"
REMOVE = """
mutation($input: RemoveGroupRoleInput!) { removeGroupRole(input: $input) {
  ... on RemoveGroupRoleSuccess { groupRole { group } }
} }
"""


@pytest.fixture
async def directory(backend: Backend, address: str) -> AsyncIterator[Directory]:
    async with directory_of(backend, address) as made:
        yield made


async def join(tenant: Tenant, directory: Directory, role: Role = Role.USER) -> None:
    """Make the tenant's member one of the directory's organization too."""
    await documents.Membership(user_id=tenant.user.id, org_id=directory.admin.organization.id, role=role).insert()


async def reach(graph: Graph, token: str) -> dict[str, str]:
    return {one["organization"]["id"]: one["role"] for one in (await graph.ask(REACH, token))["viewer"]["reach"]}


@pytest.mark.parametrize("way", ["patch", "delete"])
async def test_who_leaves_is_out_within_a_second(
    directory: Directory, graph: Graph, backend: Backend, way: str
) -> None:
    leaver = await add_member(backend, directory.admin.organization, Role.USER)
    made = await directory.add_user(leaver.user.email)
    subject = await make_subject(leaver)
    assert len(await reach(graph, leaver.token)) == 1

    async with socket(graph.address, leaver.token) as opened:
        await subscribe(opened, LIVE)
        if way == "patch":
            await directory.patch(f"/Users/{made['id']}", OFF)
        else:
            await directory.ask("DELETE", f"/Users/{made['id']}")
        assert await seconds_until_closed(opened) < 1

    assert (await graph.refused(REACH, leaver.token))[0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await still_open([subject]) == set()


async def test_who_leaves_keeps_what_they_have_elsewhere(directory: Directory, graph: Graph, backend: Backend) -> None:
    elsewhere = await make_tenant(backend)
    await join(elsewhere, directory)
    made = await directory.add_user(elsewhere.user.email)
    assert len(await reach(graph, elsewhere.token)) == 2

    await directory.ask("DELETE", f"/Users/{made['id']}")

    assert await reach(graph, elsewhere.token) == {elsewhere.global_id: "ADMIN"}


async def test_who_comes_back_is_let_in_again(directory: Directory, graph: Graph, backend: Backend) -> None:
    member = await add_member(backend, directory.admin.organization, Role.USER)
    made = await directory.add_user(member.user.email)
    await directory.patch(f"/Users/{made['id']}", OFF)

    await directory.patch(f"/Users/{made['id']}", ON)

    assert await directory.held(member.user.email) == ("USER", None)
    assert len(await reach(graph, await token_for(backend, member.user))) == 1


async def test_somebody_who_belongs_to_others_is_never_changed(directory: Directory, backend: Backend) -> None:
    other = await make_tenant(backend)
    await join(other, directory)
    made = await directory.add_user(other.user.email, displayName="Renamed")

    moved = {"op": "replace", "path": "emails", "value": [{"value": "moved@example.com", "primary": True}]}
    answer = await directory.patch(
        f"/Users/{made['id']}", moved, {"op": "replace", "path": "displayName", "value": "Again"}
    )

    person = await documents.User.get_pymongo_collection().find_one({"_id": other.user.id})
    assert person is not None
    assert answer.status_code == 200
    assert (person["email"], person["name"]) == (other.user.email, other.user.name)
    assert await directory.held(other.user.email) == ("USER", None)


async def test_a_stranger_is_not_taken_in_by_naming_their_address(
    directory: Directory, backend: Backend, graph: Graph
) -> None:
    stranger = await make_tenant(backend)

    made = await directory.add_user(stranger.user.email)
    alone = (await directory.held(stranger.user.email), await reach(graph, stranger.token))
    await join(stranger, directory)  # as by an invitation that they accept
    await directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "displayName", "value": "Known"})
    await directory.patch(f"/Users/{made['id']}", OFF)

    assert alone == (None, {stranger.global_id: "ADMIN"})
    assert await directory.held(stranger.user.email) is None


async def test_a_person_made_here_follows_until_they_belong_elsewhere_too(
    directory: Directory, backend: Backend
) -> None:
    made = await directory.add_user("follow@example.com", displayName="Before")
    people = documents.User.get_pymongo_collection()
    await people.update_one({"email": "follow@example.com"}, {"$set": {"email_verified_at": utc_now()}})
    path = f"/Users/{made['id']}"
    moved = {"op": "replace", "path": "emails", "value": [{"value": "Followed@example.com", "primary": True}]}

    await directory.patch(path, moved, {"op": "replace", "path": "displayName", "value": "After"})
    person = await people.find_one({"email": "followed@example.com"})
    assert person is not None
    assert (person["name"], person["email_verified_at"]) == ("After", None)

    other = await make_tenant(backend)
    await documents.Membership(user_id=person["_id"], org_id=other.organization.id, role=Role.USER).insert()
    await directory.patch(path, {"op": "replace", "path": "displayName", "value": "Too late"})
    person = await people.find_one({"_id": person["_id"]})
    assert person is not None
    assert person["name"] == "After"


async def test_a_link_to_the_address_of_before_proves_nothing_of_the_one_a_person_is_moved_to(
    directory: Directory, graph: Graph, backend: Backend
) -> None:
    made = await directory.add_user("before@example.com")
    await call(graph, "requestPasswordReset", email="before@example.com")
    code = await newest_code(backend, "before@example.com", "reset_password")
    moved = {"op": "replace", "path": "emails", "value": [{"value": "chief@example.com", "primary": True}]}
    await directory.patch(f"/Users/{made['id']}", moved)

    answer = await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert answer["code"] == "BAD_USER_INPUT"
    person = await documents.User.get_pymongo_collection().find_one({"email": "chief@example.com"})
    assert person is not None
    assert person["email_verified_at"] is None


async def test_a_person_cannot_be_moved_to_somebody_elses_address(directory: Directory, backend: Backend) -> None:
    other = await make_tenant(backend)
    made = await directory.add_user()

    taken = {"op": "replace", "path": "emails", "value": [{"value": other.user.email, "primary": True}]}
    answer = await directory.patch(f"/Users/{made['id']}", taken)

    assert answer.status_code == 409
    refused = await documents.AuditEntry.list_in(directory.admin.scope, {"outcome": "REFUSED"})
    assert [(entry.action, entry.reason) for entry in refused] == [("scim_user.patch", "CONFLICT")]


async def test_whoever_has_not_proven_the_address_waits_until_they_do(
    directory: Directory, backend: Backend, graph: Graph
) -> None:
    waiting = await make_tenant(backend)
    people = documents.User.get_pymongo_collection()
    await people.update_one({"_id": waiting.user.id}, {"$set": {"email_verified_at": None}})

    await directory.add_user(waiting.user.email)
    assert await directory.held(waiting.user.email) is None
    assert directory.admin.global_id not in await reach(graph, waiting.token)

    await choose_password(graph, backend, waiting.user.email)
    assert await directory.held(waiting.user.email) == ("USER", None)


async def test_a_person_whom_two_directories_make_comes_in_by_their_first_password(
    directory: Directory, backend: Backend, graph: Graph, address: str
) -> None:
    email = "two-employers@example.com"
    await directory.add_user(email)
    async with directory_of(backend, address) as other:
        await other.add_user(email)
        assert (await directory.held(email), await other.held(email)) == (("USER", None), None)

        await choose_password(graph, backend, email)

        assert (await directory.held(email), await other.held(email)) == (("USER", None), ("USER", None))
    signed_in = await signs_in(graph, email, NEW_PASSWORD)
    assert len(await reach(graph, signed_in["session"]["accessToken"])) == 2


async def choose_password(graph: Graph, backend: Backend, email: str) -> None:
    await call(graph, "requestPasswordReset", email=email)
    code = await newest_code(backend, email, "reset_password")
    answer = await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)
    assert answer["__typename"] == "ResetPasswordSuccess"


async def test_somebody_who_has_deleted_their_account_is_nobody_here(directory: Directory, backend: Backend) -> None:
    made = await directory.add_user("erased@example.com")
    group = await directory.add_group("erased", made["id"])
    person = await documents.User.get_pymongo_collection().find_one_and_delete({"email": "erased@example.com"})
    assert person is not None

    await directory.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})

    memberships = documents.Membership.get_pymongo_collection()
    assert await memberships.find_one({"user_id": person["_id"]}) is None


async def test_the_last_administrator_is_never_removed_nor_demoted(
    directory: Directory, graph: Graph, backend: Backend
) -> None:
    admin = directory.admin
    made = await directory.add_user(admin.user.email)
    await graph.ask(SET, admin.token, input={"group": "staff", "role": "USER"})
    body = {"displayName": "staff", "members": [{"value": made["id"]}], "schemas": [made["schemas"][0]]}

    answers = [
        await directory.patch(f"/Users/{made['id']}", OFF),
        await directory.ask("DELETE", f"/Users/{made['id']}"),
        await directory.ask("POST", "/Groups", {**body, "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}),
    ]

    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(409, LAST_ADMINISTRATOR)}
    assert await directory.held(admin.user.email) == ("ADMIN", None)

    gone = await add_member(backend, admin.organization, Role.ADMIN)
    people = documents.User.get_pymongo_collection()
    await people.update_one({"_id": gone.user.id}, {"$set": {"deactivated_at": utc_now()}})
    aside = await add_member(backend, admin.organization, Role.ADMIN)
    set_aside = {"$set": {"deactivated_at": utc_now()}}
    await documents.Membership.rows().update_one({"user_id": aside.user.id}, set_aside)
    assert (await directory.patch(f"/Users/{made['id']}", OFF)).status_code == 409
    await add_member(backend, admin.organization, Role.ADMIN)
    assert (await directory.patch(f"/Users/{made['id']}", OFF)).status_code == 200


async def test_of_two_last_administrators_who_leave_at_once_one_stays(directory: Directory, backend: Backend) -> None:
    other = await add_member(backend, directory.admin.organization, Role.ADMIN)
    made = [await directory.add_user(email) for email in (directory.admin.user.email, other.user.email)]

    answers = await asyncio.gather(*(directory.ask("DELETE", f"/Users/{one['id']}") for one in made))

    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_of_two_last_administrators_one_removed_here_and_one_who_leaves_one_stays(
    directory: Directory, graph: Graph, backend: Backend
) -> None:
    other = await add_member(backend, directory.admin.organization, Role.ADMIN)
    made = await directory.add_user(directory.admin.user.email)

    removed, left = await asyncio.gather(
        directory.ask("DELETE", f"/Users/{made['id']}"), call(graph, "deleteMyAccount", other.token)
    )

    outcome = (removed.status_code, left["__typename"])
    assert outcome in {(204, "ConflictError"), (409, "DeleteMyAccountSuccess")}


async def test_an_administrator_who_is_deactivated_is_neither_the_last_nor_another(
    directory: Directory, backend: Backend
) -> None:
    admin = directory.admin
    idle = await add_member(backend, admin.organization, Role.ADMIN)
    memberships = documents.Membership.get_pymongo_collection()
    await memberships.update_one({"user_id": idle.user.id}, {"$set": {"deactivated_at": utc_now()}})
    made = [await directory.add_user(one.user.email) for one in (admin, idle)]

    answers = [await directory.ask("DELETE", f"/Users/{one['id']}") for one in made]

    assert [answer.status_code for answer in answers] == [409, 204]


async def test_a_directory_of_a_deleted_organization_keeps_nobody_out_of_the_others(
    directory: Directory, backend: Backend, graph: Graph
) -> None:
    waiting = await make_tenant(backend)
    people, organizations = documents.User.get_pymongo_collection(), documents.Organization.get_pymongo_collection()
    await people.update_one({"_id": waiting.user.id}, {"$set": {"email_verified_at": None}})
    await directory.add_user(waiting.user.email)
    await organizations.update_one({"_id": directory.admin.organization.id}, {"$set": {"deleted_at": utc_now()}})

    await choose_password(graph, backend, waiting.user.email)

    assert await directory.held(waiting.user.email) is None


async def test_groups_give_roles_and_take_them_back(directory: Directory, graph: Graph) -> None:
    admin = directory.admin
    person = await directory.add_user("grouped@example.com")
    for group, role in (("Cloud Admins", "ADMIN"), ("ext-viewers", "CLIENT_VIEWER")):
        answer = await graph.ask(SET, admin.token, input={"group": group, "role": role})
        assert answer["setGroupRole"]["__typename"] == "SetGroupRoleSuccess"

    async def role() -> str:
        held = await directory.held("grouped@example.com")
        assert held is not None
        return held[0]

    viewers = await directory.add_group("anything", person["id"], externalId="ext-viewers")
    assert await role() == "CLIENT_VIEWER"
    admins = await directory.add_group("CLOUD ADMINS")
    member = [{"value": person["id"]}]
    await directory.patch(f"/Groups/{admins['id']}", {"op": "Add", "path": "members", "value": member})
    assert await role() == "ADMIN"
    await directory.patch(f"/Groups/{admins['id']}", {"op": "Remove", "path": "members", "value": member})
    assert await role() == "CLIENT_VIEWER"
    await directory.patch(f"/Groups/{admins['id']}", {"op": "replace", "value": {"id": "x", "members": member}})
    assert await role() == "ADMIN"
    await directory.patch(f"/Groups/{admins['id']}", {"op": "Replace", "path": "displayName", "value": "Others"})
    assert await role() == "CLIENT_VIEWER"
    await directory.patch(f"/Groups/{viewers['id']}", {"op": "remove", "path": f'members[value eq "{person["id"]}"]'})
    assert await role() == "USER"


async def test_a_rule_counts_at_once_for_those_who_are_in_the_group(directory: Directory, graph: Graph) -> None:
    admin = directory.admin
    person = await directory.add_user("ruled@example.com")
    await directory.add_group("Ops", person["id"])

    rule = (await graph.ask(SET, admin.token, input={"group": "ops", "role": "ADMIN"}))["setGroupRole"]["groupRole"]
    assert await directory.held("ruled@example.com") == ("ADMIN", None)
    again = (await graph.ask(SET, admin.token, input={"group": "OPS", "role": "CLIENT_VIEWER"}))["setGroupRole"]
    assert (again["groupRole"]["id"], again["groupRole"]["group"]) == (rule["id"], "OPS")
    assert await directory.held("ruled@example.com") == ("CLIENT_VIEWER", None)
    await graph.ask(REMOVE, admin.token, input={"id": rule["id"]})
    assert await directory.held("ruled@example.com") == ("USER", None)


async def test_a_group_can_give_a_role_of_the_organizations_own(directory: Directory, graph: Graph) -> None:
    admin = directory.admin
    role = documents.CustomRole(org_id=admin.organization.id, name="analyst", permissions=["costs:read"])
    await role.insert()
    person = await directory.add_user("analyst@example.com")
    await directory.add_group("Analysts", person["id"])
    custom = global_id("CustomRole", role.id)

    fields = {"group": "Analysts", "role": "USER", "customRoleId": custom}
    answer = (await graph.ask(SET, admin.token, input=fields))["setGroupRole"]
    wrong = (await graph.ask(SET, admin.token, input={**fields, "role": "ADMIN"}))["setGroupRole"]

    listed = (await graph.ask(LISTED, admin.token))["groupRoles"]["nodes"]
    assert [(one["group"], one["customRoleId"]) for one in listed] == [("Analysts", custom)]
    assert answer["groupRole"]["customRoleId"] == custom
    assert await directory.held("analyst@example.com") == ("USER", role.id)
    assert wrong["__typename"] == "ValidationError"


async def test_nobody_gives_a_group_more_than_they_hold(directory: Directory, graph: Graph) -> None:
    errors = await graph.refused(SET, directory.admin.token, input={"group": "g", "role": "MSP_ADMIN"})

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"


async def test_who_may_manage_identity_alone_takes_no_role_away_by_a_group(
    directory: Directory, graph: Graph, backend: Backend
) -> None:
    admin = directory.admin
    role = documents.CustomRole(org_id=admin.organization.id, name="keeper", permissions=["identity:manage"])
    await role.insert()
    keeper = await add_member(backend, admin.organization, Role.USER)
    await documents.Membership.rows().update_one({"user_id": keeper.user.id}, {"$set": {"custom_role_id": role.id}})
    other = await add_member(backend, admin.organization, Role.ADMIN)
    person = await directory.add_user(other.user.email)
    await directory.add_group("staff", person["id"])

    rule = (await graph.ask(SET, admin.token, input={"group": "staff", "role": "ADMIN"}))["setGroupRole"]["groupRole"]
    by_another = await graph.refused(SET, keeper.token, input={"group": "staff", "role": "CLIENT_VIEWER"})
    by_none = await graph.refused(REMOVE, keeper.token, input={"id": rule["id"]})

    assert [errors[0]["extensions"]["code"] for errors in (by_another, by_none)] == ["FORBIDDEN", "FORBIDDEN"]
    assert await directory.held(other.user.email) == ("ADMIN", None)


async def test_a_role_that_no_group_gave_is_left_alone(directory: Directory, backend: Backend) -> None:
    admin = await add_member(backend, directory.admin.organization, Role.ADMIN)
    person = await directory.add_user(admin.user.email)

    await directory.add_group("No rule for this", person["id"])

    assert await directory.held(admin.user.email) == ("ADMIN", None)


async def test_a_demotion_closes_what_is_open(directory: Directory, graph: Graph, backend: Backend) -> None:
    member = await add_member(backend, directory.admin.organization, Role.USER)
    person = await directory.add_user(member.user.email)
    await graph.ask(SET, directory.admin.token, input={"group": "viewers", "role": "CLIENT_VIEWER"})

    async with socket(graph.address, member.token) as opened:
        await subscribe(opened, LIVE)
        await directory.add_group("viewers", person["id"])
        assert await seconds_until_closed(opened) < 1

    assert await reach(graph, member.token) == {directory.admin.global_id: "CLIENT_VIEWER"}
    subject = await make_subject(member)
    assert len((await load_standings_of([subject]))[subject]) == 1
