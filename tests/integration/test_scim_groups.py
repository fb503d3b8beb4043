"""Groups of a directory: who is in them, and what is said about them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import documents
from app.scim import groups
from app.wiring import Backend
from domain.errors import NotFound
from resolvers import provisioning
from tests.factories.directory import Directory, directory_of
from tests.factories.graph import Graph

SET = """
mutation($input: SetGroupRoleInput!) { setGroupRole(input: $input) {
  __typename
  ... on SetGroupRoleSuccess { groupRole { id group role customRoleId } }
  ... on UserError { message path }
} }
"""


@pytest.fixture
async def directory(backend: Backend, address: str) -> AsyncIterator[Directory]:
    async with directory_of(backend, address) as made:
        yield made


async def test_a_removed_person_leaves_their_groups_and_a_group_finds_its_members(directory: Directory) -> None:
    one, other = [await directory.add_user() for _ in range(2)]
    group = await directory.add_group("crew", one["id"], other["id"])
    asked = {"filter": f'id eq "{group["id"]}" and members eq "{one["id"]}"'}
    assert (await directory.http.get("/Groups", params=asked)).json()["totalResults"] == 1

    await directory.ask("DELETE", f"/Users/{one['id']}")

    assert (await directory.http.get("/Groups", params=asked)).json()["totalResults"] == 0
    left = (await directory.ask("GET", f"/Groups/{group['id']}")).json()
    assert [member["value"] for member in left["members"]] == [other["id"]]
    assert left["meta"]["version"] != group["meta"]["version"]


async def test_members_added_at_once_all_count(directory: Directory) -> None:
    people = [await directory.add_user() for _ in range(6)]
    group = await directory.add_group("crowd")

    adds = [{"op": "Add", "path": "members", "value": [{"value": one["id"]}]} for one in people]
    answers = await asyncio.gather(*(directory.patch(f"/Groups/{group['id']}", add) for add in adds))

    assert {answer.status_code for answer in answers} == {200}
    members = (await directory.ask("GET", f"/Groups/{group['id']}")).json()["members"]
    assert {member["value"] for member in members} == {one["id"] for one in people}


@pytest.mark.parametrize("member", ["garbage", "0" * 24])
async def test_a_group_takes_people_of_the_organization_only(directory: Directory, member: str) -> None:
    group = await directory.add_group("strict")
    add = {"op": "add", "path": "members", "value": [{"value": member}]}

    answer = await directory.patch(f"/Groups/{group['id']}", add)

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


async def test_the_end_of_a_group_takes_back_what_it_gave(directory: Directory, graph: Graph) -> None:
    await graph.ask(SET, directory.admin.token, input={"group": "brief", "role": "ADMIN"})
    person = await directory.add_user("brief@example.com")
    group = await directory.add_group("brief", person["id"])
    assert await directory.held("brief@example.com") == ("ADMIN", None)

    assert (await directory.ask("DELETE", f"/Groups/{group['id']}")).status_code == 204

    assert await directory.held("brief@example.com") == ("USER", None)


async def test_the_rules_of_an_organization_are_counted(
    directory: Directory, graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provisioning, "MOST_GROUP_ROLES", 1)
    await graph.ask(SET, directory.admin.token, input={"group": "one", "role": "USER"})

    answer = await graph.ask(SET, directory.admin.token, input={"group": "two", "role": "USER"})
    again = await graph.ask(SET, directory.admin.token, input={"group": "one", "role": "ADMIN"})

    assert answer["setGroupRole"]["__typename"] == "ConflictError"
    assert again["setGroupRole"]["__typename"] == "SetGroupRoleSuccess"


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('members[value eq "MEMBER"]', 1),
        ('members.value eq "MEMBER" and displayName eq "FILTERED"', 1),
        ('externalId eq "no such"', 0),
        ('members[type eq "User"]', None),
        ('members[value eq "MEMBER" and type eq "User"]', None),
    ],
)
async def test_groups_are_found_by_name_and_member(directory: Directory, filter: str, found: int | None) -> None:
    person = await directory.add_user()
    await directory.add_group("filtered", person["id"])

    answer = await directory.http.get("/Groups", params={"filter": filter.replace("MEMBER", person["id"])})

    assert answer.status_code == (400 if found is None else 200)
    assert answer.json().get("totalResults") == found


async def test_a_group_is_bounded(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "MOST_MEMBERS", 1)
    people = [(await directory.add_user())["id"] for _ in range(2)]
    group = await directory.add_group("bounded", people[0])
    add = {"op": "add", "path": "members", "value": [{"value": people[1]}]}

    answer = await directory.patch(f"/Groups/{group['id']}", add)

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


async def test_what_was_read_before_another_change_is_not_stored(directory: Directory, backend: Backend) -> None:
    await directory.add_group("stale")
    (read,) = await documents.ScimGroup.list_in(directory.admin.scope, {"display_name_key": "stale"})
    (other,) = await documents.ScimGroup.list_in(directory.admin.scope, {"display_name_key": "stale"})

    async with backend.client.start_session() as session:
        await other.save_next(session)
        with pytest.raises(NotFound):
            await read.save_next(session)
