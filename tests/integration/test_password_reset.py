"""Passwords that are forgotten, reset or changed."""

import pytest

import documents
from app.wiring import Backend
from documents import SessionEnd
from documents.base import utc_now
from documents.session import sessions_of
from documents.user import find_user
from tests.factories.graph import Graph
from tests.factories.mailbox import newest_code, newest_mail, outcomes
from tests.factories.tenant import PASSWORD, make_tenant, token_for
from tests.fakes.mail_server import text_of
from tests.integration.person_mutations import NEW_PASSWORD, call, is_open, newcomer, refused, signs_in


async def test_a_forgotten_password_is_replaced_and_every_session_ends(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    email = tenant.user.email
    await call(graph, "requestPasswordReset", email=email)
    code = await newest_code(backend, email, "reset_password")

    answer = await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert answer == {"__typename": "ResetPasswordSuccess", "email": email}
    assert not await is_open(graph, tenant)
    assert (await signs_in(graph, email, NEW_PASSWORD))["__typename"] == "SignInSuccess"
    assert (await signs_in(graph, email, PASSWORD))["__typename"] == "ValidationError"
    assert ("password_changed", "SENT") in await outcomes(backend, email)
    assert {one.end_reason for one in await sessions_of(tenant.user.own_id) if one.ended_at} == {
        SessionEnd.PASSWORD_CHANGED
    }


async def test_a_reset_signs_nobody_in(graph: Graph, backend: Backend) -> None:
    """So a second factor is asked for at the next sign-in as always."""
    tenant = await make_tenant(backend)
    before = len(await sessions_of(tenant.user.own_id))
    await call(graph, "requestPasswordReset", email=tenant.user.email)
    code = await newest_code(backend, tenant.user.email, "reset_password")

    await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert len(await sessions_of(tenant.user.own_id)) == before


async def test_a_code_works_once_and_a_newer_one_replaces_it(graph: Graph, backend: Backend) -> None:
    email = (await make_tenant(backend)).user.email
    codes = []
    for _ in range(2):
        await call(graph, "requestPasswordReset", email=email)
        codes.append(await newest_code(backend, email, "reset_password"))

    answers = [await call(graph, "resetPassword", token=code, password=NEW_PASSWORD) for code in (*codes, codes[1])]

    assert [answer["__typename"] for answer in answers] == [
        "ValidationError",
        "ResetPasswordSuccess",
        "ValidationError",
    ]


async def test_a_code_that_was_used_before_a_weak_password_was_refused_still_works(
    graph: Graph, backend: Backend
) -> None:
    email = (await make_tenant(backend)).user.email
    await call(graph, "requestPasswordReset", email=email)
    code = await newest_code(backend, email, "reset_password")

    weak = await call(graph, "resetPassword", token=code, password="password1234")
    strong = await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert weak["path"] == ["input", "password"]
    assert strong["__typename"] == "ResetPasswordSuccess"


@pytest.mark.parametrize("who", ["unknown", "deactivated", "through a provider"])
async def test_who_has_no_password_to_reset_gets_no_mail_and_the_same_answer(
    graph: Graph, backend: Backend, who: str
) -> None:
    tenant = await make_tenant(backend)
    email = newcomer()["email"] if who == "unknown" else tenant.user.email
    changes = {"deactivated": {"deactivated_at": utc_now()}, "through a provider": {"password_hash": None}}
    if who == "through a provider":
        identity = {"provider": "google", "issuer": "https://accounts.google.com", "subject": email}
        await documents.ExternalIdentity(user_id=tenant.user.own_id, **identity).insert()
    if who in changes:
        await documents.User.get_pymongo_collection().update_one({"email": email}, {"$set": changes[who]})

    answer = await call(graph, "requestPasswordReset", email=email)

    assert answer == {"__typename": "RequestPasswordResetSuccess", "sentTo": email}
    assert await outcomes(backend, email) == [("reset_password", "DROPPED")]


async def test_a_person_who_is_gone_by_then_cannot_reset(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await call(graph, "requestPasswordReset", email=tenant.user.email)
    code = await newest_code(backend, tenant.user.email, "reset_password")
    await documents.User.get_pymongo_collection().delete_one({"_id": tenant.user.id})

    answer = await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert answer["__typename"] == "NotFoundError"


async def test_a_reset_confirms_the_address(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": tenant.user.id}, {"$set": {"email_verified_at": None}})
    assert "Confirm your address" in (await signs_in(graph, tenant.user.email))["message"]
    await call(graph, "requestPasswordReset", email=tenant.user.email)
    code = await newest_code(backend, tenant.user.email, "reset_password")

    await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert (await signs_in(graph, tenant.user.email, NEW_PASSWORD))["__typename"] == "SignInSuccess"


async def test_changing_the_password_takes_the_present_one_and_ends_the_other_sessions(
    graph: Graph, backend: Backend
) -> None:
    tenant = await make_tenant(backend)
    elsewhere = await token_for(backend, tenant.user)

    wrong = await call(graph, "changePassword", tenant.token, currentPassword="wrong", newPassword=NEW_PASSWORD)
    right = await call(graph, "changePassword", tenant.token, currentPassword=PASSWORD, newPassword=NEW_PASSWORD)

    assert wrong["path"] == ["input", "currentPassword"]
    assert right == {"__typename": "ChangePasswordSuccess", "ended": 1}
    assert await is_open(graph, tenant)
    assert not await is_open(graph, elsewhere)
    assert (await signs_in(graph, tenant.user.email, NEW_PASSWORD))["__typename"] == "SignInSuccess"
    told = text_of(await newest_mail(backend, tenant.user.email, "password_changed"))
    assert f"{utc_now():%d %B %Y}" in told


async def test_a_new_password_is_judged_too(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    own = f"{tenant.user.email.partition('@')[0]}-k3v9xq72"

    answer = await call(graph, "changePassword", tenant.token, currentPassword=PASSWORD, newPassword=own)

    assert answer["path"] == ["input", "newPassword"]


async def test_guesses_at_the_present_password_are_slowed_down(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    guess = {"currentPassword": "wrong", "newPassword": NEW_PASSWORD}
    for _ in range(3):
        await call(graph, "changePassword", tenant.token, **guess)

    assert (await refused(graph, "changePassword", tenant.token, **guess))["code"] == "RATE_LIMITED"


async def test_a_changed_password_ends_the_codes_that_were_sent_before(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await call(graph, "requestPasswordReset", email=tenant.user.email)
    code = await newest_code(backend, tenant.user.email, "reset_password")
    await call(graph, "changePassword", tenant.token, currentPassword=PASSWORD, newPassword=NEW_PASSWORD)

    answer = await call(graph, "resetPassword", token=code, password="another violin under a bridge")

    assert answer["path"] == ["input", "token"]
    assert await find_user(tenant.user.email) is not None
