"""Invitations: mailed, accepted once by whose address it is, and never worth more than their sender."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import OrganizationKind, Role
from documents.base import utc_now
from documents.invitation import take_invitation
from documents.mail import OutgoingMail
from documents.member import find_membership
from documents.one_time_token import OneTimeToken, Purpose, spend_token
from documents.transaction import Transaction
from documents.user import find_user
from domain.errors import Invalid
from schema.node import global_id, local_id
from tests.factories.directory import directory_of
from tests.factories.graph import Graph
from tests.factories.rights import act, entries, invitation_code, member_id
from tests.factories.sign_in import enforced_domain
from tests.factories.tenant import Tenant, add_member, make_tenant

PASSWORD = "seven violet teapots drift"
LIST = "query($open: Boolean!) { invitations(isOpen: $open) { totalCount nodes { id email state } } }"


@pytest.fixture
async def admin(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
def email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


async def invited(graph: Graph, backend: Backend, admin: Tenant, email: str, role: str = "USER") -> tuple[str, str]:
    """(global id, code of the mail)."""
    id = (await act(graph, admin.token, "invite", email=email, role=role))["invitation"]["id"]
    code = await invitation_code(backend, local_id("Invitation", id))
    assert code is not None
    return id, code


async def change(id: str, **fields: Any) -> None:
    await documents.Invitation.rows().update_one({"_id": ObjectId(local_id("Invitation", id))}, {"$set": fields})


async def test_somebody_new_registers_with_an_invitation_and_is_verified_thereby(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    _, code = await invited(graph, backend, admin, email.upper())

    joined = (await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD))["joined"]
    reach = await graph.ask("{ viewer { user { name email } reach { role } } }", joined["session"]["accessToken"])

    assert joined["organization"]["id"] == admin.global_id
    assert reach["viewer"] == {"user": {"name": "Ada", "email": email}, "reach": [{"role": "USER"}]}
    stored = await documents.User.get_pymongo_collection().find_one({"email": email})
    assert stored is not None
    assert stored["email_verified_at"] is not None
    assert [one["target"].split(":")[0] for one in await entries(admin, "invitation.accept")] == [
        "invitation",
        "session",
    ]


async def test_the_mail_names_who_invites_and_stores_no_code(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    _, code = await invited(graph, backend, admin, email)

    (mail,) = await OutgoingMail.get_pymongo_collection().find({"to": email}).to_list()

    assert mail["template"] == "invitation"
    assert mail["values"]["inviter"] == admin.user.name
    assert mail["values"]["organization"] == admin.organization.name
    assert code not in str(mail)


async def test_who_has_an_account_signs_in_and_accepts(graph: Graph, backend: Backend, admin: Tenant) -> None:
    other = await make_tenant(backend)
    await documents.User.get_pymongo_collection().update_one(
        {"_id": other.user.id}, {"$set": {"email_verified_at": None}}
    )
    _, code = await invited(graph, backend, admin, other.user.email, role="ADMIN")

    outside = await act(graph, None, "acceptInvitation", token=code, name="Thief", password=PASSWORD)
    inside = await act(graph, other.token, "acceptInvitation", token=code)
    again = await act(graph, other.token, "acceptInvitation", token=code)
    reach = (await graph.ask("{ viewer { reach { organization { id } role } } }", other.token))["viewer"]["reach"]

    assert outside["code"] == "UNAUTHENTICATED"
    assert inside["joined"] == {
        "organization": {"id": admin.global_id, "name": admin.organization.name},
        "session": None,
        "providerSignIn": None,
    }
    assert again["code"] == "BAD_USER_INPUT"
    assert {one["organization"]["id"]: one["role"] for one in reach}[admin.global_id] == "ADMIN"
    stored = await documents.User.get_pymongo_collection().find_one({"_id": other.user.id})
    assert stored is not None
    assert stored["email_verified_at"] is not None


async def test_who_accepts_in_a_domain_with_an_enforced_provider_belongs_here_and_signs_in_through_it(
    graph: Graph, backend: Backend, admin: Tenant
) -> None:
    owner = await make_tenant(backend)
    email = f"new@{await enforced_domain(owner)}"
    _, code = await invited(graph, backend, admin, email)

    joined = (await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD))["joined"]

    assert joined == {
        "organization": {"id": admin.global_id, "name": admin.organization.name},
        "session": None,
        "providerSignIn": {"providerName": "Their provider"},
    }
    user = await find_user(email)
    assert user is not None
    member = await find_membership(PydanticObjectId(admin.org_id), user.own_id)
    assert member is not None
    assert member.role is Role.USER
    assert await documents.Session.get_pymongo_collection().find_one({"user_id": user.id}) is None


async def test_who_proves_the_address_by_an_invitation_is_let_in_where_a_directory_waits_for_that(
    graph: Graph, backend: Backend, admin: Tenant, address: str
) -> None:
    waiting = await make_tenant(backend)
    people = documents.User.get_pymongo_collection()
    await people.update_one({"_id": waiting.user.id}, {"$set": {"email_verified_at": None}})
    async with directory_of(backend, address) as directory:
        await directory.add_user(waiting.user.email)
        _, code = await invited(graph, backend, admin, waiting.user.email)
        before = await directory.held(waiting.user.email)

        await act(graph, waiting.token, "acceptInvitation", token=code)

        assert (before, await directory.held(waiting.user.email)) == (None, ("USER", None))


async def test_somebody_else_cannot_accept(graph: Graph, backend: Backend, admin: Tenant, email: str) -> None:
    other = await make_tenant(backend)
    _, code = await invited(graph, backend, admin, email)

    answer = await act(graph, other.token, "acceptInvitation", token=code)

    assert answer["code"] == "BAD_USER_INPUT"
    assert "another address" in answer["message"]


@pytest.mark.parametrize("missing", ["name", "password", "strength", "code"])
async def test_what_is_missing_is_said_and_the_invitation_stays(
    graph: Graph, backend: Backend, admin: Tenant, email: str, missing: str
) -> None:
    _, code = await invited(graph, backend, admin, email)
    fields = {"token": code, "name": "Ada", "password": PASSWORD}
    wrong = {"name": {"name": None}, "password": {"password": None}, "strength": {"password": "passwordpassword"}}
    changed = {**fields, **wrong.get(missing, {"token": "nonsense"})}

    refused = await act(graph, None, "acceptInvitation", **changed)
    then = await act(graph, None, "acceptInvitation", **fields)

    assert refused["code"] == "BAD_USER_INPUT"
    assert then["joined"]["session"] is not None


async def test_an_invitation_can_be_taken_back(graph: Graph, backend: Backend, admin: Tenant, email: str) -> None:
    id, code = await invited(graph, backend, admin, email)

    revoked = await act(graph, admin.token, "revokeInvitation", invitationId=id)
    again = await act(graph, admin.token, "revokeInvitation", invitationId=id)
    accepted = await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD)

    assert revoked["invitation"]["state"] == "REVOKED"
    assert (again["code"], accepted["code"]) == ("CONFLICT", "BAD_USER_INPUT")
    assert len(await entries(admin, "invitation.revoke")) == 2  # the second one was refused


async def test_nobody_floods_an_address_with_invitations(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    """From organizations of one's own, or by taking each back before the next."""
    answers = []
    for sender in (admin, await make_tenant(backend), *[await make_tenant(backend)] * 4):
        answers.append(await act(graph, sender.token, "invite", email=email, role="USER"))
        if "invitation" in answers[-1]:
            await act(graph, sender.token, "revokeInvitation", invitationId=answers[-1]["invitation"]["id"])
    others = [await act(graph, admin.token, "invite", email=f"{one}{email}", role="USER") for one in range(5)]

    codes = [one.get("code") for one in answers]
    assert codes[:4] == [None, None, None, "RATE_LIMITED"]
    # On a slow machine a pause may be over before the next is tried.
    assert codes.count(None) <= 4
    assert all("invitation" in one for one in others)


async def test_sending_again_ends_the_link_of_before(graph: Graph, backend: Backend, admin: Tenant, email: str) -> None:
    id, first = await invited(graph, backend, admin, email)

    too_soon = await act(graph, admin.token, "resendInvitation", invitationId=id)
    await change(id, sent_at=utc_now() - timedelta(minutes=2))
    sent = await act(graph, admin.token, "resendInvitation", invitationId=id)
    second = await invitation_code(backend, local_id("Invitation", id))
    old = await act(graph, None, "acceptInvitation", token=first, name="Ada", password=PASSWORD)
    new = await act(graph, None, "acceptInvitation", token=second, name="Ada", password=PASSWORD)

    assert (too_soon["code"], sent["invitation"]["state"], old["code"]) == ("CONFLICT", "OPEN", "BAD_USER_INPUT")
    assert new["joined"]["organization"]["id"] == admin.global_id
    await change(id, sent_at=utc_now() - timedelta(minutes=2))
    assert (await act(graph, admin.token, "resendInvitation", invitationId=id))["code"] == "CONFLICT"


async def test_an_invitation_that_has_expired_is_worth_nothing_and_in_nobodys_way(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    id, code = await invited(graph, backend, admin, email)
    twice = await act(graph, admin.token, "invite", email=email, role="USER")
    past = utc_now() - timedelta(seconds=1)
    await change(id, expires_at=past)
    subject = f"invitation:{local_id('Invitation', id)}"
    await OneTimeToken.get_pymongo_collection().update_one({"subject": subject}, {"$set": {"expires_at": past}})

    late = await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD)
    states = {one["state"] for one in (await graph.ask(LIST, admin.token, open=True))["invitations"]["nodes"]}
    fresh = await act(graph, admin.token, "invite", email=email, role="USER")
    listed = (await graph.ask(LIST, admin.token, open=False))["invitations"]

    assert (twice["code"], late["code"], states) == ("CONFLICT", "BAD_USER_INPUT", {"EXPIRED"})
    assert fresh["invitation"]["state"] == "OPEN"
    assert [one["state"] for one in listed["nodes"]] == ["OPEN", "EXPIRED"]


async def test_nobody_invites_to_more_than_they_hold(graph: Graph, backend: Backend, admin: Tenant, email: str) -> None:
    manager = await add_member(backend, admin.organization, Role.USER)
    role = documents.CustomRole(org_id=admin.organization.id, name="HR", permissions=["members:manage", "costs:read"])
    await role.insert()
    await documents.Membership.rows().update_one({"user_id": manager.user.id}, {"$set": {"custom_role_id": role.id}})

    as_admin = await act(graph, manager.token, "invite", email=email, role="ADMIN")
    as_provider = await act(graph, admin.token, "invite", email=email, role="MSP_ADMIN")
    user = await add_member(backend, admin.organization, Role.USER)
    by_user = await act(graph, user.token, "invite", email=email, role="USER")

    assert [one["code"] for one in (as_admin, as_provider, by_user)] == ["FORBIDDEN", "BAD_USER_INPUT", "FORBIDDEN"]


async def test_inviting_a_member_says_so_only_to_who_sees_members(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    member = await add_member(backend, admin.organization, Role.CLIENT_VIEWER)
    manager = await add_member(backend, admin.organization, Role.USER)
    watch = [
        "accounts:read",
        "alerts:read",
        "compliance:read",
        "costs:read",
        "findings:read",
        "organizations:read",
        "remediations:read",
        "resources:read",
    ]
    role = documents.CustomRole(org_id=admin.organization.id, name="HR", permissions=["members:manage", *watch])
    await role.insert()
    await documents.Membership.rows().update_one({"user_id": manager.user.id}, {"$set": {"custom_role_id": role.id}})

    told = await act(graph, admin.token, "invite", email=member.user.email, role="CLIENT_VIEWER")
    of_member = await act(graph, manager.token, "invite", email=member.user.email, role="CLIENT_VIEWER")
    of_stranger = await act(graph, manager.token, "invite", email=email, role="CLIENT_VIEWER")
    code = await invitation_code(backend, local_id("Invitation", of_member["invitation"]["id"]))
    await act(graph, member.token, "acceptInvitation", token=code)

    assert told["code"] == "CONFLICT"
    assert of_member["invitation"].keys() == of_stranger["invitation"].keys()
    assert await documents.Membership.rows().count_documents({"user_id": member.user.id}) == 1


@pytest.mark.parametrize("how", ["changeRole", "removeMember", "deactivateMember"])
async def test_who_loses_rights_takes_their_invitations_along(
    graph: Graph, backend: Backend, admin: Tenant, email: str, how: str
) -> None:
    leaving = await add_member(backend, admin.organization, Role.ADMIN)
    _, code = await invited(graph, backend, leaving, email, role="ADMIN")
    fields = {"role": "USER"} if how == "changeRole" else {}

    await act(graph, admin.token, how, memberId=await member_id(leaving), **fields)
    accepted = await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD)

    assert accepted["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "lost", [{"role": "USER"}, {"custom_role_id": ObjectId()}, {"deactivated_at": utc_now()}, None, "account"]
)
async def test_an_invitation_is_worth_what_its_sender_could_give_now(
    graph: Graph, backend: Backend, admin: Tenant, email: str, lost: Any
) -> None:
    """A directory or an identity provider takes rights without looking at invitations; so does leaving."""
    leaving = await add_member(backend, admin.organization, Role.ADMIN)
    id, code = await invited(graph, backend, leaving, email, role="ADMIN")
    memberships, own = documents.Membership.rows(), {"user_id": leaving.user.id}
    if lost is None:
        await memberships.delete_one(own)
    elif lost == "account":
        people = documents.User.get_pymongo_collection()
        await people.update_one({"_id": leaving.user.id}, {"$set": {"deactivated_at": utc_now()}})
    else:
        await memberships.update_one(own, {"$set": lost})

    fields = {"name": "Ada", "password": PASSWORD}
    accepted = await act(graph, None, "acceptInvitation", token=code, **fields)
    await change(id, sent_at=utc_now() - timedelta(minutes=2))
    await act(graph, admin.token, "resendInvitation", invitationId=id)
    fresh = await invitation_code(backend, local_id("Invitation", id))
    by_another = await act(graph, None, "acceptInvitation", token=fresh, **fields)

    assert accepted["code"] == "BAD_USER_INPUT"
    assert by_another["joined"]["organization"]["id"] == admin.global_id


async def test_what_somebody_of_the_provider_has_sent_counts_as_long_as_they_work_there(
    graph: Graph, backend: Backend
) -> None:
    msp = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    client = await make_tenant(backend, managed_by=msp)
    emails = [f"{secrets.token_hex(6)}@example.com" for _ in range(2)]
    codes = []
    for email in emails:
        fields = {"email": email, "role": "ADMIN", "organizationId": client.global_id}
        made = (await act(graph, msp.token, "invite", **fields))["invitation"]["id"]
        codes.append(await invitation_code(backend, local_id("Invitation", made)))
    stays = documents.ClientAccess.get_pymongo_collection()
    await stays.update_many({"user_id": msp.user.id}, {"$set": {"ended_at": utc_now()}})

    working = await act(graph, None, "acceptInvitation", token=codes[0], name="Ada", password=PASSWORD)
    await documents.Membership.rows().delete_one({"user_id": msp.user.id})
    gone = await act(graph, None, "acceptInvitation", token=codes[1], name="Bea", password=PASSWORD)

    assert working["joined"]["organization"]["id"] == client.global_id
    assert gone["code"] == "BAD_USER_INPUT"


async def test_of_two_who_accept_at_once_one_comes_in(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    _, code = await invited(graph, backend, admin, email)

    answers = await asyncio.gather(
        *(act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD) for _ in range(4))
    )

    assert sum("joined" in answer for answer in answers) == 1
    assert await documents.User.get_pymongo_collection().count_documents({"email": email}) == 1


async def test_a_deactivated_member_does_not_come_back_by_an_old_invitation(
    graph: Graph, backend: Backend, admin: Tenant
) -> None:
    other = await make_tenant(backend)
    _, code = await invited(graph, backend, admin, other.user.email)
    aside = {"deactivated_at": utc_now(), "role": Role.USER}
    await documents.Membership(user_id=other.user.id, org_id=admin.organization.id, **aside).insert()

    await act(graph, other.token, "acceptInvitation", token=code)
    reach = (await graph.ask("{ viewer { reach { organization { id } } } }", other.token))["viewer"]["reach"]

    assert [one["organization"]["id"] for one in reach] == [other.global_id]


async def test_an_invitation_with_a_role_of_ones_own_is_sent_again_by_who_holds_as_much(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    manager = await add_member(backend, admin.organization, Role.USER)
    less = documents.CustomRole(org_id=admin.organization.id, name="HR", permissions=["members:manage", "costs:read"])
    more = documents.CustomRole(org_id=admin.organization.id, name="Buyer", permissions=["budgets:write"])
    for role in (less, more):
        await role.insert()
    await documents.Membership.rows().update_one({"user_id": manager.user.id}, {"$set": {"custom_role_id": less.id}})
    fields = {"email": email, "role": "USER", "customRoleId": global_id("CustomRole", more.id)}
    id = (await act(graph, admin.token, "invite", **fields))["invitation"]["id"]
    await change(id, sent_at=utc_now() - timedelta(minutes=2))

    by_less = await act(graph, manager.token, "resendInvitation", invitationId=id)
    by_more = await act(graph, admin.token, "resendInvitation", invitationId=id)

    assert (by_less["code"], by_more["invitation"]["state"]) == ("FORBIDDEN", "OPEN")


async def test_a_link_whose_invitation_is_closed_in_between_lets_nobody_in(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    id, code = await invited(graph, backend, admin, email)
    await change(id, is_open=False)
    at = utc_now()

    answer = await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD)

    async def take(tx: Transaction) -> None:
        token = await spend_token(code, Purpose.INVITATION, at=at, session=tx.session)
        await take_invitation(token, at, tx.session)

    assert answer["code"] == "BAD_USER_INPUT"
    with pytest.raises(Invalid, match="taken back"):
        await backend.writer.commit(take)


async def test_an_invitation_into_a_deleted_organization_is_worth_nothing(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    _, code = await invited(graph, backend, admin, email)
    fields = {"organizationId": admin.global_id, "name": admin.organization.name}
    await act(graph, admin.token, "deleteOrganization", **fields)

    answer = await act(graph, None, "acceptInvitation", token=code, name="Ada", password=PASSWORD)

    assert answer["code"] == "NOT_FOUND"
    assert await documents.User.get_pymongo_collection().find_one({"email": email}) is None


async def test_an_invitation_of_a_stranger_cannot_be_touched(
    graph: Graph, backend: Backend, admin: Tenant, email: str
) -> None:
    stranger = await make_tenant(backend)
    id, _ = await invited(graph, backend, admin, email)

    answers = [
        await act(graph, stranger.token, name, invitationId=id) for name in ("revokeInvitation", "resendInvitation")
    ]

    assert {one["code"] for one in answers} == {"NOT_FOUND"}
