"""The name and the address of a person."""

from datetime import timedelta

import documents
from app.wiring import Backend
from documents.base import utc_now
from documents.user import find_user
from tests.factories.directory import directory_of
from tests.factories.graph import Graph
from tests.factories.mailbox import newest_code, outcomes
from tests.factories.tenant import PASSWORD, Tenant, make_tenant
from tests.integration.person_mutations import NEW_PASSWORD, VIEWER, call, is_open, newcomer, refused, signs_in


async def change_address(graph: Graph, backend: Backend, tenant: Tenant, new: str) -> str:
    """Move to a new address; the code that undoes it, as sent to the old one."""
    user = await documents.User.get(tenant.user.own_id)
    assert user is not None
    await call(graph, "requestEmailChange", tenant.token, email=new)
    await call(graph, "confirmEmailChange", token=await newest_code(backend, new, "change_email"))
    return await newest_code(backend, user.email, "email_changed")


async def test_people_change_their_name(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    answer = await call(graph, "updateProfile", tenant.token, name="Kim")
    nothing = await call(graph, "updateProfile", tenant.token, name=None)

    assert answer["user"]["name"] == nothing["user"]["name"] == "Kim"
    assert (await graph.ask(VIEWER, tenant.token))["viewer"]["user"]["name"] == "Kim"


async def test_the_address_changes_once_the_new_one_is_confirmed(graph: Graph, backend: Backend) -> None:
    tenant, new = await make_tenant(backend), newcomer()["email"]
    asked = await call(graph, "requestEmailChange", tenant.token, email=new)
    assert await find_user(new) is None
    code = await newest_code(backend, new, "change_email")

    answer = await call(graph, "confirmEmailChange", token=code)

    assert asked == {"__typename": "RequestEmailChangeSuccess", "sentTo": new}
    assert answer == {"__typename": "ConfirmEmailChangeSuccess", "email": new}
    assert (await signs_in(graph, new))["__typename"] == "SignInSuccess"
    assert (await signs_in(graph, tenant.user.email))["__typename"] == "ValidationError"
    assert await outcomes(backend, tenant.user.email) == [("email_changed", "SENT")]


async def test_who_confirms_a_new_address_is_let_in_where_a_directory_waits_for_that(
    graph: Graph, backend: Backend, address: str
) -> None:
    waiting = await make_tenant(backend)
    people = documents.User.get_pymongo_collection()
    await people.update_one({"_id": waiting.user.id}, {"$set": {"email_verified_at": None}})
    new = newcomer()["email"]
    async with directory_of(backend, address) as directory:
        await directory.add_user(waiting.user.email)
        before = await directory.held(waiting.user.email)
        await call(graph, "requestEmailChange", waiting.token, email=new)

        await call(graph, "confirmEmailChange", token=await newest_code(backend, new, "change_email"))

        assert (before, await directory.held(new)) == (None, ("USER", None))


async def test_an_address_somebody_has_is_answered_alike_and_gets_no_mail(graph: Graph, backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)

    answer = await call(graph, "requestEmailChange", tenant.token, email=other.user.email)

    assert answer == {"__typename": "RequestEmailChangeSuccess", "sentTo": other.user.email}
    assert await outcomes(backend, other.user.email) == [("change_email", "DROPPED")]


async def test_an_address_that_is_taken_by_then_is_a_conflict(graph: Graph, backend: Backend) -> None:
    tenant, other, new = await make_tenant(backend), await make_tenant(backend), newcomer()["email"]
    await call(graph, "requestEmailChange", tenant.token, email=new)
    code = await newest_code(backend, new, "change_email")
    await documents.User.get_pymongo_collection().update_one({"_id": other.user.id}, {"$set": {"email": new}})

    answer = await call(graph, "confirmEmailChange", token=code)

    assert answer["__typename"] == "ConflictError"
    assert await find_user(tenant.user.email) is not None


async def test_an_old_sign_in_does_not_change_the_address(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    long_ago = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=11)}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, long_ago)

    extensions = await refused(graph, "requestEmailChange", tenant.token, email=newcomer()["email"])

    assert extensions["code"] == "STEP_UP_REQUIRED"


async def test_the_owner_takes_an_account_back_from_whoever_changed_its_address(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    undo = await change_address(graph, backend, tenant, newcomer()["email"])
    thief = newcomer()["email"]
    thiefs_undo = await change_address(graph, backend, tenant, thief)
    await call(graph, "changePassword", tenant.token, currentPassword=PASSWORD, newPassword=NEW_PASSWORD)

    answer = await call(graph, "undoEmailChange", token=undo)

    assert answer == {"__typename": "UndoEmailChangeSuccess", "email": tenant.user.email}
    assert not await is_open(graph, tenant)
    assert (await signs_in(graph, thief, NEW_PASSWORD))["__typename"] == "ValidationError"
    assert (await signs_in(graph, tenant.user.email, NEW_PASSWORD))["__typename"] == "ValidationError"
    assert (await call(graph, "undoEmailChange", token=thiefs_undo))["path"] == ["input", "token"]
    code = await newest_code(backend, tenant.user.email, "reset_password")
    await call(graph, "resetPassword", token=code, password="another violin under a bridge")
    back = await signs_in(graph, tenant.user.email, "another violin under a bridge")
    assert back["__typename"] == "SignInSuccess"


async def test_a_thief_who_undoes_their_own_change_does_not_take_the_owners_way_back(
    graph: Graph, backend: Backend
) -> None:
    tenant = await make_tenant(backend)
    undo = await change_address(graph, backend, tenant, newcomer()["email"])
    thiefs_undo = await change_address(graph, backend, tenant, newcomer()["email"])
    await call(graph, "undoEmailChange", token=thiefs_undo)

    assert (await call(graph, "undoEmailChange", token=undo))["email"] == tenant.user.email


async def test_the_owner_takes_back_an_account_that_the_thief_has_left_with(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await make_second_administrator(backend, tenant)
    undo = await change_address(graph, backend, tenant, newcomer()["email"])
    assert (await call(graph, "deactivateMyAccount", tenant.token))["__typename"] == "DeactivateMyAccountSuccess"

    await call(graph, "undoEmailChange", token=undo)

    user = await find_user(tenant.user.email)
    assert user is not None
    assert (user.deactivated_at, user.has_left) == (None, False)


async def test_an_old_address_that_somebody_has_taken_meanwhile_does_not_come_back(
    graph: Graph, backend: Backend
) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)
    undo = await change_address(graph, backend, tenant, newcomer()["email"])
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": other.user.id}, {"$set": {"email": tenant.user.email}})

    assert (await call(graph, "undoEmailChange", token=undo))["__typename"] == "ConflictError"


async def make_second_administrator(backend: Backend, tenant: Tenant) -> None:
    other = await make_tenant(backend)
    membership = documents.Membership(
        user_id=other.user.own_id, org_id=tenant.organization.id, role=documents.Role.ADMIN
    )
    await membership.insert()
