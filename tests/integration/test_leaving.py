"""Leaving for a while, coming back, and leaving for good."""

import asyncio
from datetime import timedelta

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import Role
from documents.audit import AuditEntry
from documents.base import utc_now
from documents.erasure import personal_documents
from documents.one_time_token import OneTimeToken
from documents.user import find_user
from tests.factories.graph import Graph
from tests.factories.mailbox import newest_code, outcomes
from tests.factories.rights import act, member_id
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.person_mutations import NEW_PASSWORD, call, is_open, newcomer, refused, signs_in


async def make_member(backend: Backend) -> tuple[Tenant, Tenant]:
    """(administrator, member) of one organization."""
    admin = await make_tenant(backend)
    return admin, await add_member(backend, admin.organization, Role.USER)


async def test_who_leaves_is_signed_out_and_comes_back_by_mail(graph: Graph, backend: Backend) -> None:
    _, member = await make_member(backend)
    email = member.user.email

    left = await call(graph, "deactivateMyAccount", member.token)
    assert left == {"__typename": "DeactivateMyAccountSuccess", "sentTo": email}
    assert not await is_open(graph, member)
    assert "The mail about it has the way back" in (await signs_in(graph, email))["message"]

    back = await call(graph, "reactivateMyAccount", token=await newest_code(backend, email, "deactivated"))

    assert back == {"__typename": "ReactivateMyAccountSuccess", "email": email}
    assert (await signs_in(graph, email))["__typename"] == "SignInSuccess"


async def test_who_has_lost_that_mail_gets_it_again(graph: Graph, backend: Backend) -> None:
    _, member = await make_member(backend)
    await call(graph, "deactivateMyAccount", member.token)

    await call(graph, "requestPasswordReset", email=member.user.email)
    code = await newest_code(backend, member.user.email, "deactivated")

    assert (await call(graph, "reactivateMyAccount", token=code))["__typename"] == "ReactivateMyAccountSuccess"


async def test_the_way_back_ends_after_thirty_days(graph: Graph, backend: Backend) -> None:
    _, member = await make_member(backend)
    await call(graph, "deactivateMyAccount", member.token)
    query = {"subject": f"user:{member.user.id}", "purpose": "reactivate"}
    (token,) = await OneTimeToken.get_pymongo_collection().find(query).to_list()
    users = documents.User.get_pymongo_collection()
    long_ago = utc_now() - timedelta(days=30, minutes=1)
    await users.update_one({"_id": member.user.id}, {"$set": {"deactivated_at": long_ago}})

    await call(graph, "requestPasswordReset", email=member.user.email)

    assert token["expires_at"] - token["created_at"] == timedelta(days=30)
    assert await outcomes(backend, member.user.email) == [("deactivated", "SENT"), ("reset_password", "DROPPED")]
    assert await OneTimeToken.get_pymongo_collection().count_documents(query) == 1


async def test_whom_an_administrator_deactivated_does_not_come_back_alone(graph: Graph, backend: Backend) -> None:
    _, member = await make_member(backend)
    await call(graph, "deactivateMyAccount", member.token)
    code = await newest_code(backend, member.user.email, "deactivated")
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": member.user.id}, {"$set": {"has_left": False}})

    assert (await call(graph, "reactivateMyAccount", token=code))["__typename"] == "NotFoundError"


@pytest.mark.parametrize("verb", ["deactivateMyAccount", "deleteMyAccount"])
async def test_the_last_administrator_does_not_leave(graph: Graph, backend: Backend, verb: str) -> None:
    admin, _ = await make_member(backend)
    gone = await add_member(backend, admin.organization, Role.ADMIN)
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": gone.user.id}, {"$set": {"deactivated_at": utc_now()}})

    answer = await call(graph, verb, admin.token)

    assert answer["__typename"] == "ConflictError"
    assert admin.organization.name in answer["message"]
    assert await is_open(graph, admin)


async def test_of_two_administrators_who_leave_at_once_one_stays(graph: Graph, backend: Backend) -> None:
    one = await make_tenant(backend)
    other = await add_member(backend, one.organization, Role.ADMIN)

    answers = await asyncio.gather(*(call(graph, "deleteMyAccount", who.token) for who in (one, other)))

    assert sorted(answer["__typename"] for answer in answers) == ["ConflictError", "DeleteMyAccountSuccess"]


async def test_an_administrator_whose_membership_is_deactivated_does_not_count(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    idle = await add_member(backend, admin.organization, Role.ADMIN)
    memberships = documents.Membership.get_pymongo_collection()
    await memberships.update_one({"user_id": idle.user.id}, {"$set": {"deactivated_at": utc_now()}})

    kept, gone = [await call(graph, "deleteMyAccount", who.token) for who in (admin, idle)]

    assert (kept["__typename"], gone["__typename"]) == ("ConflictError", "DeleteMyAccountSuccess")


async def test_a_deleted_organization_needs_no_administrator(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    gone = {"$set": {"deleted_at": utc_now()}}
    await documents.Organization.get_pymongo_collection().update_one({"_id": admin.organization.id}, gone)

    assert (await call(graph, "deleteMyAccount", admin.token))["__typename"] == "DeleteMyAccountSuccess"


async def test_one_who_leaves_and_one_who_is_demoted_at_once_leave_an_administrator(
    graph: Graph, backend: Backend
) -> None:
    one = await make_tenant(backend)
    other = await add_member(backend, one.organization, Role.ADMIN)

    left, changed = await asyncio.gather(
        call(graph, "deleteMyAccount", one.token),
        act(graph, other.token, "changeRole", memberId=await member_id(other), role="USER"),
    )

    outcome = (left["__typename"], changed["__typename"])
    assert outcome in {("ConflictError", "ChangeRoleSuccess"), ("DeleteMyAccountSuccess", "ConflictError")}


@pytest.mark.parametrize("verb", ["deactivateMyAccount", "deleteMyAccount"])
async def test_an_old_sign_in_does_not_leave(graph: Graph, backend: Backend, verb: str) -> None:
    _, member = await make_member(backend)
    long_ago = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=11)}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": member.user.id}, long_ago)

    assert (await refused(graph, verb, member.token))["code"] == "STEP_UP_REQUIRED"


async def test_of_who_is_deleted_nothing_remains_but_a_number_in_the_audit_log(graph: Graph, backend: Backend) -> None:
    admin, member = await make_member(backend)
    email, user_id = member.user.email, member.user.own_id
    await call(graph, "requestPasswordReset", email=email)
    code = await newest_code(backend, email, "reset_password")
    await call(graph, "updateProfile", member.token, name="Somebody with a name")

    answer = await call(graph, "deleteMyAccount", member.token)

    assert answer == {"__typename": "DeleteMyAccountSuccess", "remains": f"user:{user_id}"}
    assert not await is_open(graph, member)
    assert await find_user(email) is None
    assert await outcomes(backend, email) == [("deleted", "SENT")]
    assert (await call(graph, "resetPassword", token=code, password=NEW_PASSWORD))["path"] == ["input", "token"]
    assert (await signs_in(graph, email)) == (await signs_in(graph, newcomer()["email"]))
    entries = await AuditEntry.rows().find({"org_id": admin.organization.id, "actor": f"user:{user_id}"}).to_list()
    assert {"user.update_profile", "user.delete"} <= {entry["action"] for entry in entries}
    assert email not in str(entries)
    assert "Somebody with a name" not in str(entries)


async def test_every_row_that_belongs_to_one_person_goes(graph: Graph, backend: Backend) -> None:
    _, member = await make_member(backend)
    for document in personal_documents():
        rows = document.get_pymongo_collection()
        if not await rows.count_documents({"user_id": member.user.id}):
            await rows.insert_one({"_id": ObjectId(), "user_id": member.user.id, "org_id": ObjectId()})
    invitations, tokens = documents.Invitation.rows(), OneTimeToken.get_pymongo_collection()
    await invitations.insert_one({"_id": ObjectId(), "org_id": ObjectId(), "email": member.user.email})
    await tokens.insert_one({"_id": ObjectId(), "subject": f"user:{member.user.id}", "purpose": "verify"})

    await call(graph, "deleteMyAccount", member.token)

    left = {
        document.__name__: await document.get_pymongo_collection().count_documents({"user_id": member.user.id})
        for document in personal_documents()
    }
    factors = {"Passkey", "TotpFactor", "RecoveryCode", "ExternalIdentity", "SignInChallenge"}
    assert {"Membership", "Session", "RefreshToken", "ClientAccess", *factors} <= set(left)
    assert set(left.values()) == {0}
    assert await invitations.count_documents({"email": member.user.email}) == 0
    assert await tokens.count_documents({"subject": f"user:{member.user.id}"}) == 0


async def test_the_address_is_free_again_after_that(graph: Graph, backend: Backend) -> None:
    _, member = await make_member(backend)
    await call(graph, "deleteMyAccount", member.token)

    await call(graph, "register", **newcomer(email=member.user.email))

    assert (await outcomes(backend, member.user.email))[-1] == ("verify_email", "SENT")
