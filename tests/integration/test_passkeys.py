"""Passkeys: registered, signed in with, shown again, removed; and everything a forger could try."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import OperationFailure
from redis.asyncio import Redis

import documents
from app.wiring import Backend
from auth.ceremony import VALID_FOR, Ceremonies, Purpose
from documents import AuthMethod
from documents.base import utc_now
from documents.enrolment import note_factors
from documents.passkey import MOST_PASSKEYS, remove_passkey
from domain.errors import Conflict, Invalid
from schema.node import global_id
from tests.factories.factor import FINISH_REGISTRATION, START_REGISTRATION, enrol_passkey, enrol_totp, make_passkey
from tests.factories.graph import Graph
from tests.factories.sign_in import COMPLETE, REAUTHENTICATE, challenged, sign_in
from tests.factories.tenant import Tenant, make_tenant, token_for
from tests.fakes.authenticator import Authenticator

START = """
mutation { startPasskeySignIn {
  ... on StartPasskeySignInSuccess { ceremony { ceremony options expiresAt } } ... on UserError { code message }
} }
"""
SIGN_IN = """
mutation($input: SignInWithPasskeyInput!) { signInWithPasskey(input: $input) {
  __typename
  ... on SignInWithPasskeySuccess { session { accessToken user { email } } }
  ... on UserError { message code path }
} }
"""
FACTORS = "{ factors { recoveryCodesLeft passkeys { id name usedAt } } sessions { methods } }"
RENAME = """
mutation($input: RenamePasskeyInput!) { renamePasskey(input: $input) {
  ... on RenamePasskeySuccess { passkey { name } } ... on UserError { code message }
} }
"""
REMOVE = """
mutation($input: RemovePasskeyInput!) { removePasskey(input: $input) {
  ... on RemovePasskeySuccess { factors { recoveryCodesLeft passkeys { id } } } ... on UserError { code message }
} }
"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
def phone(backend: Backend) -> Authenticator:
    return Authenticator(origin=backend.settings.public_url, rp_id="127.0.0.1")


async def asked(graph: Graph, token: str | None = None) -> dict[str, str]:
    ceremony: dict[str, str] = (await graph.ask(START, token))["startPasskeySignIn"]["ceremony"]
    return ceremony


async def shown(graph: Graph, phone: Authenticator, token: str | None = None) -> dict[str, str]:
    """The input of a passkey that was asked for and answers."""
    ceremony = await asked(graph, token)
    return {"ceremony": ceremony["ceremony"], "credential": phone.show(ceremony["options"])}


async def signed_in(graph: Graph, answer: dict[str, str]) -> dict[str, Any]:
    result: dict[str, Any] = (await graph.ask(SIGN_IN, input=answer))["signInWithPasskey"]
    return result


async def test_a_passkey_signs_in_by_itself_as_two_factors(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    finished: Any = await enrol_passkey(graph, tenant.token, phone)

    answer = await signed_in(graph, await shown(graph, phone))
    told = await graph.ask(FACTORS, answer["session"]["accessToken"])

    assert finished["registered"]["passkey"]["name"] == "Phone"
    assert len(finished["registered"]["recoveryCodes"]) == 10
    assert answer["session"]["user"]["email"] == tenant.user.email
    assert told["sessions"][0]["methods"] == ["PASSKEY"]
    assert told["factors"]["passkeys"][0]["usedAt"] is not None
    user = await documents.User.get(tenant.user.id)
    assert user is not None
    assert user.factors == [AuthMethod.PASSKEY]


async def test_a_passkey_completes_a_sign_in_by_password(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    asked_for = await sign_in(graph, tenant)

    proof = {"challenge": asked_for["challenge"], "proof": {"passkey": await shown(graph, phone)}}
    answer = await graph.ask(COMPLETE, input=proof)

    assert asked_for["methods"] == ["PASSKEY", "RECOVERY_CODE"]
    assert answer["completeSignIn"]["__typename"] == "CompleteSignInSuccess"


async def test_a_passkey_shows_again_who_one_is(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    long_ago = {"$set": {"factor_at": None, "methods": ["PASSWORD"]}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, long_ago)

    refused = await graph.refused(START_REGISTRATION, tenant.token)
    proof = {"passkey": await shown(graph, phone, tenant.token)}
    answer = await graph.ask(REAUTHENTICATE, tenant.token, input=proof)

    assert refused[0]["extensions"]["code"] == "STEP_UP_REQUIRED"
    assert answer["reauthenticate"]["session"]["methods"] == ["PASSWORD", "PASSKEY"]
    assert (await graph.ask(START_REGISTRATION, tenant.token))["startPasskeyRegistration"]["ceremony"]


async def test_another_persons_passkey_shows_nothing(
    graph: Graph, backend: Backend, tenant: Tenant, phone: Authenticator
) -> None:
    other, theirs = await make_tenant(backend), replace(phone, credential_id=b"theirs-and-not-ours" * 2)
    await enrol_passkey(graph, other.token, theirs)
    await enrol_passkey(graph, tenant.token, phone)

    proof = {"challenge": await challenged(graph, tenant), "proof": {"passkey": await shown(graph, theirs)}}
    completing = await graph.ask(COMPLETE, input=proof)
    again = await graph.ask(REAUTHENTICATE, tenant.token, input={"passkey": await shown(graph, theirs, tenant.token)})

    assert completing["completeSignIn"]["message"] == "This passkey is another person's."
    assert again["reauthenticate"]["message"] == "This passkey is another person's."


async def test_an_answer_works_once(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    answer = await shown(graph, phone)

    results = await asyncio.gather(*(signed_in(graph, answer) for _ in range(4)))
    later = await signed_in(graph, answer)

    kinds = sorted(result["__typename"] for result in results)
    assert kinds == ["SignInWithPasskeySuccess", *["ValidationError"] * 3]
    assert later["__typename"] == "ValidationError"


async def test_a_challenge_is_used_up_by_a_wrong_answer(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    ceremony = await asked(graph)
    wrong = replace(phone, origin="https://evil.example.com").show(ceremony["options"])
    right = phone.show(ceremony["options"])

    first = await signed_in(graph, {"ceremony": ceremony["ceremony"], "credential": wrong})
    second = await signed_in(graph, {"ceremony": ceremony["ceremony"], "credential": right})

    assert first["message"] == "This passkey was not accepted. Start again."
    assert second["message"] == "This has expired or was used before. Start again."


@pytest.mark.parametrize(
    "change",
    [{"origin": "https://evil.example.com"}, {"rp_id": "evil.example.com"}, {"is_verifying": False}],
    ids=["wrong origin", "wrong site", "user not verified"],
)
async def test_an_untrue_answer_signs_nobody_in_and_registers_nothing(
    graph: Graph, tenant: Tenant, phone: Authenticator, change: dict[str, Any]
) -> None:
    untrue = replace(phone, **change)
    refused: Any = await enrol_passkey(graph, tenant.token, untrue)
    await enrol_passkey(graph, tenant.token, phone)
    untrue.user_handle = phone.user_handle

    answer = await signed_in(graph, await shown(graph, untrue))

    assert (refused["__typename"], answer["__typename"]) == ("ValidationError", "ValidationError")
    assert (await signed_in(graph, await shown(graph, phone)))["__typename"] == "SignInWithPasskeySuccess"


async def test_an_answer_to_another_challenge_is_refused(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    one, other = await asked(graph), await asked(graph)

    answer = await signed_in(graph, {"ceremony": one["ceremony"], "credential": phone.show(other["options"])})

    assert answer["__typename"] == "ValidationError"


async def test_a_challenge_counts_only_where_and_for_what_it_was_asked(
    graph: Graph, backend: Backend, tenant: Tenant, phone: Authenticator
) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    theirs, fresh = await make_tenant(backend), replace(phone, credential_id=b"a fresh one of another phone")
    started = (await graph.ask(START_REGISTRATION, tenant.token))["startPasskeyRegistration"]["ceremony"]
    made = {"ceremony": started["ceremony"], "credential": fresh.make(started["options"]), "name": "x"}
    wrong_purpose = await asked(graph, tenant.token)
    for_sign_in = {
        "ceremony": wrong_purpose["ceremony"],
        "credential": fresh.make(started["options"]),
        "name": "x",
    }

    elsewhere = await graph.ask(FINISH_REGISTRATION, theirs.token, input=made)
    in_session = await signed_in(graph, await shown(graph, phone, tenant.token))
    mixed_up = await graph.ask(FINISH_REGISTRATION, tenant.token, input=for_sign_in)

    expected = "This has expired or was used before. Start again."
    assert elsewhere["finishPasskeyRegistration"]["message"] == expected
    assert in_session["message"] == expected
    assert mixed_up["finishPasskeyRegistration"]["message"] == expected


async def test_a_copy_of_the_key_is_noticed_when_its_count_goes_back(
    graph: Graph, tenant: Tenant, phone: Authenticator
) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    copy = replace(phone)
    await signed_in(graph, await shown(graph, phone))
    await signed_in(graph, await shown(graph, phone))

    cloned = await signed_in(graph, await shown(graph, copy))
    standing_still = await signed_in(graph, await shown(graph, replace(phone, step=0)))
    owner = await signed_in(graph, await shown(graph, phone))

    assert "there seems to be a copy" in cloned["message"]
    assert "there seems to be a copy" in standing_still["message"]
    assert owner["__typename"] == "SignInWithPasskeySuccess"


async def test_an_authenticator_that_keeps_no_count_signs_in_again_and_again(
    graph: Graph, tenant: Tenant, phone: Authenticator
) -> None:
    phone.step = 0
    await enrol_passkey(graph, tenant.token, phone)

    kinds = [(await signed_in(graph, await shown(graph, phone)))["__typename"] for _ in range(2)]

    assert kinds == ["SignInWithPasskeySuccess"] * 2


async def test_an_answer_that_names_another_owner_is_refused(
    graph: Graph, tenant: Tenant, phone: Authenticator
) -> None:
    await enrol_passkey(graph, tenant.token, phone)

    answer = await signed_in(graph, await shown(graph, replace(phone, user_handle=b"f" * 24)))

    assert answer["message"] == "This passkey is not known here."


async def test_a_deactivated_person_does_not_sign_in(graph: Graph, tenant: Tenant, phone: Authenticator) -> None:
    await enrol_passkey(graph, tenant.token, phone)
    over = {"$set": {"deactivated_at": utc_now()}}
    await documents.User.get_pymongo_collection().update_one({"_id": tenant.user.id}, over)

    assert (await signed_in(graph, await shown(graph, phone)))["message"] == "This passkey is not known here."


async def test_a_passkey_is_registered_once(
    graph: Graph, backend: Backend, tenant: Tenant, phone: Authenticator
) -> None:
    other = await make_tenant(backend)
    await enrol_passkey(graph, tenant.token, phone)

    again = await enrol_passkey(graph, tenant.token, phone)
    elsewhere = await enrol_passkey(graph, other.token, phone)

    assert (again["__typename"], elsewhere["__typename"]) == ("ConflictError", "ConflictError")
    user = await documents.User.get(other.user.id)
    assert user is not None
    assert user.factors == []


async def test_there_is_an_end_to_how_many(graph: Graph, tenant: Tenant) -> None:
    for _ in range(MOST_PASSKEYS):
        await make_passkey(tenant.user)

    assert (await graph.ask(START_REGISTRATION, tenant.token))["startPasskeyRegistration"]["code"] == "CONFLICT"


async def test_passkeys_are_renamed_and_removed_by_their_owner_only(
    graph: Graph, backend: Backend, tenant: Tenant, phone: Authenticator
) -> None:
    finished: Any = await enrol_passkey(graph, tenant.token, phone)
    id, other = finished["registered"]["passkey"]["id"], await make_tenant(backend)

    renamed = await graph.ask(RENAME, tenant.token, input={"passkeyId": id, "name": "Key ring"})
    by_stranger = [
        (await graph.ask(RENAME, other.token, input={"passkeyId": id, "name": "x"}))["renamePasskey"],
        (await graph.ask(REMOVE, other.token, input={"passkeyId": id}))["removePasskey"],
        (await graph.ask(REMOVE, tenant.token, input={"passkeyId": global_id("Passkey", "no id")}))["removePasskey"],
    ]
    left = (await graph.ask(REMOVE, tenant.token, input={"passkeyId": id}))["removePasskey"]["factors"]

    assert renamed["renamePasskey"]["passkey"]["name"] == "Key ring"
    assert [one["code"] for one in by_stranger] == ["NOT_FOUND"] * 3
    assert left == {"recoveryCodesLeft": 0, "passkeys": []}
    assert (await sign_in(graph, tenant))["__typename"] == "SignInSuccess"


async def test_a_second_factor_that_is_added_keeps_the_recovery_codes(
    graph: Graph, tenant: Tenant, phone: Authenticator
) -> None:
    _, codes = await enrol_totp(graph, tenant.token)

    finished: Any = await enrol_passkey(graph, tenant.token, phone)
    removed = await graph.ask(REMOVE, tenant.token, input={"passkeyId": finished["registered"]["passkey"]["id"]})

    assert len(codes) == 10
    assert finished["registered"]["recoveryCodes"] == []
    assert removed["removePasskey"]["factors"]["recoveryCodesLeft"] == 10


async def test_two_passkeys_that_are_removed_at_once_leave_no_factor_behind(
    graph: Graph, backend: Backend, tenant: Tenant, phone: Authenticator
) -> None:
    second = replace(phone, credential_id=b"that of the second phone")
    ids = []
    for authenticator in (phone, second):
        finished: Any = await enrol_passkey(graph, tenant.token, authenticator)
        ids.append(finished["registered"]["passkey"]["id"])

    await asyncio.gather(*(graph.ask(REMOVE, tenant.token, input={"passkeyId": id}) for id in ids))

    user = await documents.User.get(tenant.user.id)
    assert user is not None
    assert user.factors == []
    assert (await graph.ask(FACTORS, await token_for(backend, tenant.user)))["factors"]["recoveryCodesLeft"] == 0


async def test_two_changes_of_one_persons_factors_never_look_past_each_other(backend: Backend, tenant: Tenant) -> None:
    """Each alone leaves a passkey, both together none; neither would write anything else that both do."""
    first, second = await make_passkey(tenant.user), await make_passkey(tenant.user)
    await documents.User.get_pymongo_collection().update_one(
        {"_id": tenant.user.id}, {"$set": {"factors": ["PASSKEY"]}}
    )

    async with (
        backend.client.start_session() as one,
        backend.client.start_session() as other,
        await one.start_transaction(),
    ):
        await other.start_transaction()
        await remove_passkey(str(first.id), tenant.user.id, one)
        await remove_passkey(str(second.id), tenant.user.id, other)
        assert await note_factors(tenant.user.id, one) == [AuthMethod.PASSKEY]
        with pytest.raises(OperationFailure) as conflict:
            await note_factors(tenant.user.id, other)

    assert conflict.value.has_error_label("TransientTransactionError")  # it is tried again, and finds none left


@pytest.fixture
async def unreachable() -> AsyncIterator[Ceremonies]:
    async with Redis(port=1) as redis:
        yield Ceremonies(redis)


async def test_without_redis_passkeys_wait_and_nothing_is_believed(unreachable: Ceremonies) -> None:
    with pytest.raises(Conflict, match="at the moment"):
        await unreachable.begin(Purpose.SHOW, "", utc_now())
    with pytest.raises(Invalid, match="Start again"):
        await unreachable.end("ticket", Purpose.SHOW, "")


async def test_a_challenge_is_kept_for_five_minutes(backend: Backend) -> None:
    ceremonies = Ceremonies(backend.redis)
    begun = await ceremonies.begin(Purpose.SHOW, "", utc_now())

    kept = [key async for key in backend.redis.scan_iter("ceremony:*")]
    lifetimes = [await backend.redis.pttl(key) for key in kept]
    challenge = await ceremonies.end(begun.ticket, Purpose.SHOW, "")

    assert challenge == begun.challenge
    assert max(lifetimes) <= VALID_FOR.total_seconds() * 1000 == 300_000
    assert begun.ticket.encode() not in b"".join(kept)
