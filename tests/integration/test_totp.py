"""Authenticator apps and recovery codes: set up, used once, removed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from auth.step_up import FRESH_FOR
from auth.throttle import ACCOUNT
from documents import AuthMethod, Role, SessionEnd
from documents.base import utc_now
from documents.totp_factor import PENDING_FOR, find_confirmed, vault_key_of
from tests.factories.factor import CONFIRM_TOTP, START_TOTP, code, enrol_totp
from tests.factories.graph import Graph
from tests.factories.mailbox import newest_mail
from tests.factories.sign_in import COMPLETE, REAUTHENTICATE, challenged, completed, sign_in
from tests.factories.tenant import PASSWORD, Tenant, add_member, make_session, make_tenant
from tests.fakes.mail_server import text_of

FACTORS = "{ factors { totpSince recoveryCodesLeft passkeys { id } } }"
REGENERATE = """
mutation { regenerateRecoveryCodes {
  ... on RegenerateRecoveryCodesSuccess { recoveryCodes } ... on UserError { code message }
} }
"""
REMOVE = """
mutation { removeTotp {
  ... on RemoveTotpSuccess { factors { totpSince recoveryCodesLeft } } ... on UserError { code message }
} }
"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def stored(tenant: Tenant) -> documents.User:
    user = await documents.User.get(tenant.user.id)
    assert user is not None
    return user


async def code_of(graph: Graph, query: str, token: str, **variables: Any) -> str:
    return str((await graph.refused(query, token, **variables))[0]["extensions"]["code"])


async def age_sessions(tenant: Tenant) -> None:
    """Have ten minutes gone by since anything was shown."""
    change = {"$set": {"authenticated_at": utc_now() - FRESH_FOR, "factor_at": utc_now() - FRESH_FOR}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, change)


async def test_an_app_counts_once_a_code_of_it_was_seen(graph: Graph, tenant: Tenant) -> None:
    before = await sign_in(graph, tenant)
    started = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]["enrolment"]
    pending = await sign_in(graph, tenant)
    answer = await graph.ask(CONFIRM_TOTP, tenant.token, input={"code": code(started["secret"])})
    after = await sign_in(graph, tenant)

    assert [one["__typename"] for one in (before, pending)] == ["SignInSuccess", "SignInSuccess"]
    assert after["__typename"] == "SecondFactorRequired"
    assert after["methods"] == ["TOTP", "RECOVERY_CODE"]
    assert len(answer["confirmTotpEnrolment"]["recoveryCodes"]) == 10
    assert (await stored(tenant)).factors == [AuthMethod.TOTP]
    assert started["secret"] in started["uri"]


async def test_a_wrong_first_code_confirms_nothing(graph: Graph, tenant: Tenant) -> None:
    none = (await graph.ask(CONFIRM_TOTP, tenant.token, input={"code": "123456"}))["confirmTotpEnrolment"]
    started = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]["enrolment"]
    wrong = {"code": code(started["secret"], steps=3)}
    answer = (await graph.ask(CONFIRM_TOTP, tenant.token, input=wrong))["confirmTotpEnrolment"]

    assert (none["__typename"], answer["__typename"]) == ("ConflictError", "ValidationError")
    assert answer["path"] == ["input", "code"]
    assert (await stored(tenant)).factors == []


async def test_an_app_is_confirmed_once(graph: Graph, tenant: Tenant) -> None:
    secret = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]["enrolment"]["secret"]
    first = {"code": code(secret)}

    answers = await asyncio.gather(*(graph.ask(CONFIRM_TOTP, tenant.token, input=first) for _ in range(4)))

    kinds = sorted(answer["confirmTotpEnrolment"]["__typename"] for answer in answers)
    assert kinds == ["ConfirmTotpEnrolmentSuccess", *["ConflictError"] * 3]


async def test_an_app_that_is_never_confirmed_is_forgotten(graph: Graph, tenant: Tenant) -> None:
    started = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]["enrolment"]
    over = {"$set": {"pending_until": utc_now() - timedelta(seconds=1)}}
    rows = documents.TotpFactor.get_pymongo_collection()
    row = await rows.find_one_and_update({"user_id": tenant.user.id}, over)
    answer = await graph.ask(CONFIRM_TOTP, tenant.token, input={"code": code(started["secret"])})

    assert row is not None
    assert PENDING_FOR - timedelta(minutes=1) < row["pending_until"] - utc_now() <= PENDING_FOR
    assert answer["confirmTotpEnrolment"]["__typename"] == "ConflictError"
    indexes = await rows.index_information()
    assert indexes["pending"]["expireAfterSeconds"] == 0


async def test_starting_again_replaces_what_waits_and_never_what_counts(graph: Graph, tenant: Tenant) -> None:
    first = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]["enrolment"]["secret"]
    secret, _ = await enrol_totp(graph, tenant.token)

    again = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]

    assert first != secret
    assert again["__typename"] == "ConflictError"
    assert (await completed(graph, tenant, {"totpCode": code(secret)}))["__typename"] == "CompleteSignInSuccess"


async def test_the_seed_is_sealed_with_a_key_of_the_persons_own(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    secret, _ = await enrol_totp(graph, tenant.token)
    factor = await find_confirmed(tenant.user.id)
    assert factor is not None

    own_key = {"keyAltNames": vault_key_of(tenant.user.id)}
    keys = backend.database["key_vault"]
    opened, had_key = await backend.vault.open(factor.seed), await keys.count_documents(own_key)
    await backend.vault.shred(vault_key_of(tenant.user.id))

    assert opened == secret
    assert (had_key, await keys.count_documents(own_key)) == (1, 0)
    assert secret.encode() not in factor.seed
    assert secret not in repr(factor)


async def test_one_code_opens_one_session_however_many_come_at_once(graph: Graph, tenant: Tenant) -> None:
    secret, _ = await enrol_totp(graph, tenant.token)
    challenges = [await challenged(graph, tenant) for _ in range(3)]
    shown = code(secret)

    answers = await asyncio.gather(
        *(graph.ask(COMPLETE, input={"challenge": one, "proof": {"totpCode": shown}}) for one in challenges)
    )

    kinds = sorted(answer["completeSignIn"]["__typename"] for answer in answers)
    assert kinds == ["CompleteSignInSuccess", *["ValidationError"] * 2]


async def test_a_code_of_an_older_step_is_refused_once_a_newer_one_was_used(graph: Graph, tenant: Tenant) -> None:
    secret, _ = await enrol_totp(graph, tenant.token)

    newer = await completed(graph, tenant, {"totpCode": code(secret, steps=1)})
    older = await completed(graph, tenant, {"totpCode": code(secret)})
    same = await completed(graph, tenant, {"totpCode": code(secret, steps=1)})

    assert newer["__typename"] == "CompleteSignInSuccess"
    assert "used before" in older["message"]
    assert "used before" in same["message"]
    assert older["path"] == ["input", "proof", "totpCode"]


async def test_a_wrong_code_opens_nothing_and_can_be_mended(graph: Graph, tenant: Tenant) -> None:
    secret, _ = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)

    wrong = await graph.ask(COMPLETE, input={"challenge": challenge, "proof": {"totpCode": code(secret, steps=5)}})
    right = await graph.ask(COMPLETE, input={"challenge": challenge, "proof": {"totpCode": code(secret)}})

    assert wrong["completeSignIn"] == {
        "__typename": "ValidationError",
        "message": "The code is wrong.",
        "code": "BAD_USER_INPUT",
        "path": ["input", "proof", "totpCode"],
    }
    assert right["completeSignIn"]["__typename"] == "CompleteSignInSuccess"


async def test_the_code_that_confirmed_the_app_does_not_sign_in(graph: Graph, tenant: Tenant) -> None:
    secret = (await graph.ask(START_TOTP, tenant.token))["startTotpEnrolment"]["enrolment"]["secret"]
    first = code(secret)
    await graph.ask(CONFIRM_TOTP, tenant.token, input={"code": first})

    assert "used before" in (await completed(graph, tenant, {"totpCode": first}))["message"]


async def test_after_three_wrong_codes_even_the_right_one_waits_and_a_recovery_code_does_not(
    graph: Graph, tenant: Tenant
) -> None:
    secret, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)
    right = {"challenge": challenge, "proof": {"totpCode": code(secret)}}
    for _ in range(ACCOUNT.free):
        await graph.ask(COMPLETE, input={"challenge": challenge, "proof": {"totpCode": code(secret, steps=5)}})

    refused = (await graph.refused(COMPLETE, input=right))[0]
    recovered = await graph.ask(COMPLETE, input={"challenge": challenge, "proof": {"recoveryCode": recovery[0]}})
    await asyncio.sleep(1.05)  # the first pause is one second
    later = await completed(graph, tenant, {"totpCode": code(secret)})

    assert refused["extensions"]["code"] == "RATE_LIMITED"
    assert recovered["completeSignIn"]["__typename"] == "CompleteSignInSuccess"
    assert later["__typename"] == "CompleteSignInSuccess"


async def test_a_right_code_ends_the_count(graph: Graph, tenant: Tenant) -> None:
    secret, _ = await enrol_totp(graph, tenant.token)
    wrong = {"totpCode": code(secret, steps=5)}

    before = [(await completed(graph, tenant, wrong))["__typename"] for _ in range(ACCOUNT.free - 1)]
    right = (await completed(graph, tenant, {"totpCode": code(secret)}))["__typename"]
    after = [(await completed(graph, tenant, wrong))["__typename"] for _ in range(ACCOUNT.free)]

    assert (before, right, after) == (
        ["ValidationError"] * (ACCOUNT.free - 1),
        "CompleteSignInSuccess",
        ["ValidationError"] * ACCOUNT.free,
    )


async def test_a_code_that_was_used_before_does_not_end_the_count(graph: Graph, tenant: Tenant) -> None:
    """Else whoever has seen one code could guess as often as they like."""
    secret, _ = await enrol_totp(graph, tenant.token)
    # The same in every round: half a minute may pass in between.
    used = code(secret)
    await completed(graph, tenant, {"totpCode": used})

    for _ in range(ACCOUNT.free):
        await completed(graph, tenant, {"totpCode": used})
    challenge = await challenged(graph, tenant)
    refused = (await graph.refused(COMPLETE, input={"challenge": challenge, "proof": {"totpCode": "123456"}}))[0]

    assert refused["extensions"]["code"] == "RATE_LIMITED"


async def test_a_recovery_code_works_once_in_whatever_way_it_is_written(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    written = recovery[0].upper().replace("-", " ")

    first = await completed(graph, tenant, {"recoveryCode": written})
    again = await completed(graph, tenant, {"recoveryCode": recovery[0]})
    left = (await graph.ask(FACTORS, first["session"]["accessToken"]))["factors"]

    assert first["__typename"] == "CompleteSignInSuccess"
    assert again["message"] == "The code is wrong."
    assert left["recoveryCodesLeft"] == 9


async def test_one_recovery_code_opens_one_session_however_many_come_at_once(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    challenges = [await challenged(graph, tenant) for _ in range(4)]
    proof = {"recoveryCode": recovery[0]}

    answers = await asyncio.gather(
        *(graph.ask(COMPLETE, input={"challenge": one, "proof": proof}) for one in challenges)
    )

    kinds = sorted(answer["completeSignIn"]["__typename"] for answer in answers)
    assert kinds == ["CompleteSignInSuccess", *["ValidationError"] * 3]


async def test_a_recovery_code_of_somebody_else_is_wrong(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    other = await make_tenant(backend)
    _, theirs = await enrol_totp(graph, other.token)
    await enrol_totp(graph, tenant.token)

    assert (await completed(graph, tenant, {"recoveryCode": theirs[0]}))["message"] == "The code is wrong."


async def test_no_recovery_code_is_stored(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)

    rows = await documents.RecoveryCode.get_pymongo_collection().find({"user_id": tenant.user.id}).to_list()

    assert len(rows) == 10
    assert not [one for one in recovery if one in str(rows) or one.replace("-", "") in str(rows)]
    # 24 letters of base32 are 120 bit.
    assert {len(one.replace("-", "")) for one in recovery} == {24}


async def test_new_recovery_codes_end_the_old_ones(graph: Graph, tenant: Tenant) -> None:
    none = (await graph.ask(REGENERATE, tenant.token))["regenerateRecoveryCodes"]
    _, old = await enrol_totp(graph, tenant.token)

    new = (await graph.ask(REGENERATE, tenant.token))["regenerateRecoveryCodes"]["recoveryCodes"]

    assert none["code"] == "CONFLICT"
    assert len({*old, *new}) == 20
    assert (await completed(graph, tenant, {"recoveryCode": old[0]}))["__typename"] == "ValidationError"
    assert (await completed(graph, tenant, {"recoveryCode": new[0]}))["__typename"] == "CompleteSignInSuccess"


async def test_changing_factors_ends_the_other_sessions_and_keeps_this_one(graph: Graph, tenant: Tenant) -> None:
    other = (await sign_in(graph, tenant))["session"]["accessToken"]

    await enrol_totp(graph, tenant.token)

    assert await graph.ask(FACTORS, tenant.token)
    assert await code_of(graph, FACTORS, other) == "UNAUTHENTICATED"
    ended = await documents.Session.find({"user_id": tenant.user.id, "ended_at": {"$ne": None}}).to_list()
    assert [one.end_reason for one in ended] == [SessionEnd.FACTORS_CHANGED]


async def test_removing_the_app_leaves_nothing_behind(graph: Graph, tenant: Tenant) -> None:
    await enrol_totp(graph, tenant.token)
    await make_session(tenant.user, AuthMethod.PASSWORD)

    left = (await graph.ask(REMOVE, tenant.token))["removeTotp"]["factors"]
    again = (await graph.ask(REMOVE, tenant.token))["removeTotp"]

    assert left == {"totpSince": None, "recoveryCodesLeft": 0}
    assert again["code"] == "CONFLICT"
    assert (await stored(tenant)).factors == []
    assert (await sign_in(graph, tenant))["__typename"] == "SignInSuccess"
    open_ones = await documents.Session.find({"user_id": tenant.user.id, "end_reason": None}).to_list()
    assert [one.factor_at for one in open_ones] == [None, None]
    assert [set(one.methods) for one in open_ones] == [{AuthMethod.PASSWORD}] * 2


async def test_changing_factors_takes_a_fresh_sign_in_and_the_factor_there_is(graph: Graph, tenant: Tenant) -> None:
    await age_sessions(tenant)
    stale = await code_of(graph, START_TOTP, tenant.token)
    await graph.ask(REAUTHENTICATE, tenant.token, input={"password": "wrong"})
    still_stale = await code_of(graph, START_TOTP, tenant.token)
    await graph.ask(REAUTHENTICATE, tenant.token, input={"password": "correct horse battery staple"})
    secret, _ = await enrol_totp(graph, tenant.token)
    await age_sessions(tenant)
    await graph.ask(REAUTHENTICATE, tenant.token, input={"password": "correct horse battery staple"})
    without_factor = await code_of(graph, REMOVE, tenant.token)
    shown = await graph.ask(REAUTHENTICATE, tenant.token, input={"totpCode": code(secret)})
    await graph.ask(REGENERATE, tenant.token)
    await age_sessions(tenant)
    replayed = await graph.ask(REAUTHENTICATE, tenant.token, input={"totpCode": code(secret)})

    assert (stale, still_stale, without_factor) == ("STEP_UP_REQUIRED",) * 3
    assert set(shown["reauthenticate"]["session"]["methods"]) == {"PASSWORD", "TOTP"}
    assert replayed["reauthenticate"]["path"] == ["input", "totpCode"]
    assert await code_of(graph, REMOVE, tenant.token) == "STEP_UP_REQUIRED"


async def test_a_recovery_code_steps_up_too(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    await age_sessions(tenant)

    await graph.ask(REAUTHENTICATE, tenant.token, input={"recoveryCode": recovery[0]})

    assert (await graph.ask(REMOVE, tenant.token))["removeTotp"]["factors"]["totpSince"] is None


async def test_every_change_of_a_factor_is_in_the_audit_log(graph: Graph, tenant: Tenant) -> None:
    await enrol_totp(graph, tenant.token)
    await graph.ask(REGENERATE, tenant.token)
    await graph.ask(REMOVE, tenant.token)

    rows = await documents.AuditEntry.rows().find({"org_id": tenant.organization.id}, sort=[("seq", 1)]).to_list()

    assert [(row["action"], row["changed"]) for row in rows] == [
        ("factor.start_totp", ["pending"]),
        ("factor.confirm_totp", ["ended", "factors"]),
        ("factor.regenerate_recovery_codes", ["ended"]),
        ("factor.remove_totp", ["ended", "factors"]),
    ]


async def test_every_change_of_a_factor_is_told_by_mail(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    secret, codes = await enrol_totp(graph, tenant.token)

    told = text_of(await newest_mail(backend, tenant.user.email, "factors_changed"))

    assert f"{utc_now():%d %B %Y}" in told
    assert not [one for one in (secret, *codes) if one in told]


async def test_deleting_a_person_shreds_the_key_and_leaves_no_factor(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await add_member(backend, tenant.organization, Role.ADMIN)
    await enrol_totp(graph, tenant.token)
    await challenged(graph, tenant)
    key = {"keyAltNames": vault_key_of(tenant.user.own_id)}
    had_key = await backend.database["key_vault"].count_documents(key)

    await graph.ask("mutation { deleteMyAccount { __typename } }", tenant.token)

    assert (had_key, await backend.database["key_vault"].count_documents(key)) == (1, 0)
    for document in (documents.TotpFactor, documents.RecoveryCode, documents.SignInChallenge):
        assert await document.get_pymongo_collection().count_documents({"user_id": tenant.user.id}) == 0


async def test_a_new_password_ends_sign_ins_that_wait_for_the_factor(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)
    change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }"
    passwords = {"currentPassword": PASSWORD, "newPassword": "quite another horse, wrong battery"}

    changed = await graph.ask(change, tenant.token, input=passwords)
    answer = await graph.ask(COMPLETE, input={"challenge": challenge, "proof": {"recoveryCode": recovery[0]}})

    assert changed["changePassword"]["__typename"] == "ChangePasswordSuccess"
    assert answer["completeSignIn"]["path"] == ["input", "challenge"]
