"""Registering, confirming the address, and signing in."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

import documents
from app.web import Web, serving
from app.wiring import Backend
from auth.throttle import ACCOUNT
from documents.audit import AuditEntry
from documents.base import utc_now
from documents.mail import OutgoingMail
from documents.one_time_token import OneTimeToken
from documents.registration import Registration
from documents.user import find_user, memberships_of_many
from tests.factories.graph import Graph
from tests.factories.mailbox import newest_code, newest_mail, outcomes
from tests.factories.sign_in import enforced_domain
from tests.factories.tenant import PASSWORD, make_tenant
from tests.fakes.mail_server import text_of
from tests.integration.person_mutations import NEW_PASSWORD, VIEWER, call, newcomer, refused, signs_in


async def test_a_newcomer_confirms_the_address_and_reaches_the_organization_they_opened(
    graph: Graph, backend: Backend
) -> None:
    fields = newcomer()
    assert await call(graph, "register", **{**fields, "email": fields["email"].upper()}) == {
        "__typename": "RegisterSuccess",
        "sentTo": fields["email"],
    }
    code = await newest_code(backend, fields["email"], "verify_email")

    answer = await call(graph, "verifyEmail", token=code, password=PASSWORD)

    viewer = (await graph.ask(VIEWER, answer["session"]["accessToken"]))["viewer"]
    assert viewer["user"]["email"] == fields["email"]
    assert viewer["reach"] == [{"role": "ADMIN", "organization": {"name": "Fresh", "kind": "COMPANY"}}]
    assert (await signs_in(graph, fields["email"]))["__typename"] == "SignInSuccess"


async def test_who_opens_a_provider_is_its_administrator(graph: Graph, backend: Backend) -> None:
    fields = newcomer(organizationKind="MSP")
    await call(graph, "register", **fields)
    code = await newest_code(backend, fields["email"], "verify_email")

    answer = await call(graph, "verifyEmail", token=code, password=PASSWORD)

    viewer = (await graph.ask(VIEWER, answer["session"]["accessToken"]))["viewer"]
    assert viewer["reach"] == [{"role": "MSP_ADMIN", "organization": {"name": "Fresh", "kind": "MSP"}}]


async def test_an_account_in_a_domain_with_an_enforced_provider_opens_without_a_session(
    graph: Graph, backend: Backend
) -> None:
    fields = newcomer(email=f"new@{await enforced_domain(await make_tenant(backend))}")
    await call(graph, "register", **fields)
    code = await newest_code(backend, fields["email"], "verify_email")

    answer = await call(graph, "verifyEmail", token=code, password=PASSWORD)

    assert answer == {"__typename": "ProviderSignInRequired", "providerName": "Their provider"}
    user = await find_user(fields["email"])
    assert user is not None
    assert user.email_verified_at is not None
    assert [one["role"] for one in await memberships_of_many([user.own_id])] == ["ADMIN"]
    assert await documents.Session.get_pymongo_collection().find_one({"user_id": user.id}) is None
    assert "Their provider" in (await signs_in(graph, fields["email"]))["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-at-sign"),
        ("password", "short"),
        ("password", "password1234"),
        ("organizationName", ""),
        ("name", "n" * 101),
    ],
)
async def test_a_bad_registration_names_the_field(graph: Graph, field: str, value: str) -> None:
    answer = await call(graph, "register", **newcomer(**{field: value}))

    assert answer["__typename"] == "ValidationError"
    assert answer["code"] == "BAD_USER_INPUT"
    assert answer["path"] == ["input", field]
    assert value == "" or value not in answer["message"]


async def test_a_known_address_is_answered_alike_and_its_owner_is_told_by_mail(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    email = tenant.user.email

    answer = await call(graph, "register", **newcomer(email=email))

    assert answer == {"__typename": "RegisterSuccess", "sentTo": email}
    assert await outcomes(backend, email) == [("already_registered", "SENT")]
    assert (await signs_in(graph, email))["__typename"] == "SignInSuccess"


async def test_a_mail_to_an_address_that_is_not_confirmed_holds_nothing_its_sender_chose(
    graph: Graph, backend: Backend
) -> None:
    fields = newcomer(name="Win at http://evil.example", organizationName="http://evil.example")

    await call(graph, "register", **fields)

    assert "evil" not in text_of(await newest_mail(backend, fields["email"], "verify_email"))


async def test_before_the_address_is_confirmed_only_the_right_password_hears_of_it(
    graph: Graph, backend: Backend
) -> None:
    fields = newcomer()
    await call(graph, "register", **fields)

    right = await signs_in(graph, fields["email"])
    wrong = await signs_in(graph, fields["email"], NEW_PASSWORD)
    unknown = await signs_in(graph, newcomer()["email"])

    assert "Confirm your address first" in right["message"]
    assert wrong == unknown
    assert "Confirm" not in wrong["message"]


async def test_nobody_opens_an_account_that_somebody_else_has_prepared_for_them(graph: Graph, backend: Backend) -> None:
    owner = newcomer()
    await call(graph, "register", **owner)
    own_code = await newest_code(backend, owner["email"], "verify_email")
    await call(graph, "register", **{**owner, "password": NEW_PASSWORD, "organizationName": "Trap"})
    trap_code = await newest_code(backend, owner["email"], "verify_email")

    trapped = await call(graph, "verifyEmail", token=trap_code, password=PASSWORD)
    opened = await call(graph, "verifyEmail", token=own_code, password=PASSWORD)

    assert trapped["path"] == ["input", "password"]
    assert opened["__typename"] == "VerifyEmailSuccess"
    assert (await signs_in(graph, owner["email"], NEW_PASSWORD))["__typename"] == "ValidationError"
    late = await call(graph, "verifyEmail", token=trap_code, password=NEW_PASSWORD)
    assert late["__typename"] == "ValidationError"


async def test_two_who_confirm_one_address_at_once_open_one_account(graph: Graph, backend: Backend) -> None:
    fields = newcomer()
    codes = []
    for _ in range(2):
        await call(graph, "register", **fields)
        codes.append(await newest_code(backend, fields["email"], "verify_email"))

    answers = await asyncio.gather(*(call(graph, "verifyEmail", token=code, password=PASSWORD) for code in codes))

    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds[1] == "VerifyEmailSuccess"
    assert kinds[0] in {"ConflictError", "ValidationError"}
    assert await documents.User.get_pymongo_collection().count_documents({"email": fields["email"]}) == 1


async def test_a_link_works_once(graph: Graph, backend: Backend) -> None:
    fields = newcomer()
    await call(graph, "register", **fields)
    code = await newest_code(backend, fields["email"], "verify_email")
    await call(graph, "verifyEmail", token=code, password=PASSWORD)

    again = await call(graph, "verifyEmail", token=code, password=PASSWORD)

    assert again["path"] == ["input", "token"]


async def test_a_registration_that_has_been_waiting_for_too_long_is_not_opened(graph: Graph, backend: Backend) -> None:
    fields = newcomer()
    await call(graph, "register", **fields)
    code = await newest_code(backend, fields["email"], "verify_email")
    await Registration.get_pymongo_collection().delete_many({"email": fields["email"]})

    answer = await call(graph, "verifyEmail", token=code, password=PASSWORD)

    assert answer["__typename"] == "ValidationError"


async def test_a_mail_sent_again_replaces_the_link_before(graph: Graph, backend: Backend) -> None:
    fields = newcomer()
    await call(graph, "register", **fields)
    first = await newest_code(backend, fields["email"], "verify_email")

    answer = await call(graph, "resendVerification", email=fields["email"])
    second = await newest_code(backend, fields["email"], "verify_email")

    assert answer == {"__typename": "ResendVerificationSuccess", "sentTo": fields["email"]}
    assert (await call(graph, "verifyEmail", token=first, password=PASSWORD))["path"] == ["input", "token"]
    assert (await call(graph, "verifyEmail", token=second, password=PASSWORD))["__typename"] == "VerifyEmailSuccess"


@pytest.mark.parametrize("is_known", [True, False])
async def test_who_does_not_wait_for_a_mail_gets_none_and_the_same_answer(
    graph: Graph, backend: Backend, is_known: bool
) -> None:
    email = (await make_tenant(backend)).user.email if is_known else newcomer()["email"]

    answer = await call(graph, "resendVerification", email=email)

    assert answer == {"__typename": "ResendVerificationSuccess", "sentTo": email}
    assert await outcomes(backend, email) == [("verify_email", "DROPPED")]


async def test_a_repeated_request_sends_one_mail(graph: Graph, backend: Backend) -> None:
    fields = newcomer(idempotencyKey="once-and-once-only-" + newcomer()["email"])

    first = await call(graph, "register", **fields)
    again = await call(graph, "register", **fields)

    assert first == again
    assert len(await outcomes(backend, fields["email"])) == 1


async def test_a_key_that_comes_again_with_another_password_is_the_same_request(graph: Graph, backend: Backend) -> None:
    """So nothing of the password is in what is kept of the request for a day."""
    fields = newcomer(idempotencyKey="again-and-again-" + newcomer()["email"])
    await call(graph, "register", **fields)

    again = await call(graph, "register", **{**fields, "password": NEW_PASSWORD})
    other = await call(graph, "register", **{**fields, "name": "Another"})

    assert again == {"__typename": "RegisterSuccess", "sentTo": fields["email"]}
    assert other["__typename"] == "ConflictError"
    assert len(await outcomes(backend, fields["email"])) == 1


async def test_mails_to_one_address_are_slowed_down_alike_for_known_and_unknown(graph: Graph, backend: Backend) -> None:
    known, unknown = (await make_tenant(backend)).user.email, newcomer()["email"]
    limits = []
    for email in (known, unknown):
        for _ in range(ACCOUNT.free):
            await call(graph, "requestPasswordReset", email=email)
        extensions = await refused(graph, "requestPasswordReset", email=email)
        limits.append((extensions["code"], extensions["retryAfter"]))

    assert limits == [("RATE_LIMITED", 1)] * 2


async def test_guesses_are_slowed_down_alike_for_known_and_unknown_and_the_owner_gets_in_after_the_pause(
    graph: Graph, backend: Backend
) -> None:
    known, unknown = (await make_tenant(backend)).user.email, newcomer()["email"]
    for email in (known, unknown):
        for _ in range(ACCOUNT.free):
            assert (await signs_in(graph, email, "wrong"))["__typename"] == "ValidationError"
        extensions = await refused(graph, "signIn", email=email, password=PASSWORD)
        assert (extensions["code"], extensions["retryAfter"]) == ("RATE_LIMITED", 1)

    await asyncio.sleep(1.1)

    assert (await signs_in(graph, known))["__typename"] == "SignInSuccess"
    assert (await signs_in(graph, known, "wrong"))["__typename"] == "ValidationError"


async def test_guesses_at_many_accounts_from_one_address_are_slowed_down(backend: Backend) -> None:
    await backend.redis.delete(*([key async for key in backend.redis.scan_iter("throttle:*")] or ["none"]))
    settings = backend.settings.model_copy(update={"free_attempts": 2})
    tenant = await make_tenant(backend)

    async with serving(Web(replace(backend, settings=settings))) as address, Graph.connected(address) as client:
        for _ in range(2):
            await signs_in(client, newcomer()["email"], "wrong")
        extensions = await refused(client, "signIn", email=tenant.user.email, password=PASSWORD)
    await backend.redis.delete(*[key async for key in backend.redis.scan_iter("throttle:*")])

    assert extensions["code"] == "RATE_LIMITED"


async def test_who_was_deactivated_hears_of_it_after_the_right_password_only(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": tenant.user.id}, {"$set": {"deactivated_at": utc_now()}})

    right = await signs_in(graph, tenant.user.email)
    wrong = await signs_in(graph, tenant.user.email, "wrong")

    assert "deactivated" in right["message"]
    assert "administrator" in right["message"]
    assert wrong["message"] == "The address or the password is wrong."


async def test_who_comes_in_through_a_provider_only_has_no_password(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    users = documents.User.get_pymongo_collection()
    await users.update_one({"_id": tenant.user.id}, {"$set": {"password_hash": None}})

    assert (await signs_in(graph, tenant.user.email))["message"] == "The address or the password is wrong."


async def test_opening_an_account_is_audited_in_its_organization(graph: Graph, backend: Backend) -> None:
    fields = newcomer()
    await call(graph, "register", **fields)
    code = await newest_code(backend, fields["email"], "verify_email")
    await call(graph, "verifyEmail", token=code, password=PASSWORD)

    user = await find_user(fields["email"])
    assert user is not None
    membership = await documents.Membership.get_pymongo_collection().find_one({"user_id": user.id})
    assert membership is not None
    query = {"org_id": membership["org_id"], "target": f"user:{user.id}"}
    (entry,) = await AuditEntry.rows().find(query).to_list()

    assert (entry["action"], entry["outcome"]) == ("user.verify_email", "DONE")


async def test_no_password_and_no_code_is_kept(graph: Graph, backend: Backend) -> None:
    fields = newcomer(idempotencyKey="kept-for-a-day-" + newcomer()["email"])
    await call(graph, "register", **fields)
    code = await newest_code(backend, fields["email"], "verify_email")

    for document in (Registration, OneTimeToken, OutgoingMail):
        rows = await document.get_pymongo_collection().find({}).to_list()
        assert not [row for row in rows if code in str(row) or PASSWORD in str(row)]


async def test_a_link_ends_after_half_an_hour(graph: Graph, backend: Backend) -> None:
    fields = newcomer()
    await call(graph, "register", **fields)

    token = await OneTimeToken.get_pymongo_collection().find_one({}, sort=[("_id", -1)])

    assert token is not None
    assert token["expires_at"] - token["created_at"] == timedelta(minutes=30)
