"""A sign-in with a second factor goes through one door, and an organization may require it of everybody."""

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

import documents
from app.wiring import Backend
from auth.standings import NEEDS_FACTOR
from documents import AuthMethod, OrganizationKind, Role
from documents.audit import Act, acting
from documents.base import utc_now
from documents.enrolment import factors_of, sessions_without_factor
from documents.sign_in_challenge import MOST_TRIES, VALID_FOR
from resolvers.session import start_session
from schema.factor import SecondFactorRequired
from tests.factories.factor import code, enrol_totp
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.sign_in import COMPLETE, challenged, completed, sign_in
from tests.factories.tenant import Tenant, add_member, make_session, make_tenant

REQUIRE = """
mutation($input: RequireSecondFactorInput!) { requireSecondFactor(input: $input) {
  ... on RequireSecondFactorSuccess { organization { name } } ... on UserError { code message }
} }
"""
SESSIONS = "{ sessions { methods } viewer { user { email } } }"
ALERTS = "{ alerts { edges { node { id } } } }"
FEED = "subscription { alertRaised { __typename } }"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def complete(graph: Graph, challenge: str, **proof: str) -> dict[str, Any]:
    answer = await graph.ask(COMPLETE, input={"challenge": challenge, "proof": proof})
    result: dict[str, Any] = answer["completeSignIn"]
    return result


async def require(graph: Graph, tenant: Tenant, *, required: bool = True) -> dict[str, Any]:
    fields = {"organizationId": tenant.global_id, "required": required}
    result: dict[str, Any] = (await graph.ask(REQUIRE, tenant.token, input=fields))["requireSecondFactor"]
    return result


async def test_the_password_alone_opens_nothing(graph: Graph, tenant: Tenant) -> None:
    secret, _ = await enrol_totp(graph, tenant.token)
    before = await documents.Session.find({"user_id": tenant.user.id}).count()

    asked = await sign_in(graph, tenant)
    after = await documents.Session.find({"user_id": tenant.user.id}).count()
    answer = await complete(graph, asked["challenge"], totpCode=code(secret))

    assert "session" not in asked
    assert before == after
    told = await graph.ask(SESSIONS, answer["session"]["accessToken"])
    assert told["viewer"]["user"]["email"] == tenant.user.email
    assert told["sessions"][0]["methods"] == ["PASSWORD", "TOTP"]


async def test_a_challenge_opens_one_session(graph: Graph, tenant: Tenant) -> None:
    secret, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)

    first = await complete(graph, challenge, totpCode=code(secret))
    again = await complete(graph, challenge, recoveryCode=recovery[0])

    assert first["__typename"] == "CompleteSignInSuccess"
    assert again["path"] == ["input", "challenge"]


async def test_of_two_that_come_at_once_with_one_challenge_one_gets_in(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)

    answers = await asyncio.gather(*(complete(graph, challenge, recoveryCode=one) for one in recovery[:4]))

    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["CompleteSignInSuccess", *["ValidationError"] * 3]
    # Whoever did not get in has lost no recovery code.
    unused = {"user_id": tenant.user.id, "used_at": None}
    assert await documents.RecoveryCode.find(unused).count() == 9


async def test_five_wrong_codes_end_the_sign_in(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)

    wrong = [await complete(graph, challenge, recoveryCode="wrong") for _ in range(MOST_TRIES)]
    right = await complete(graph, challenge, recoveryCode=recovery[0])
    anew = await completed(graph, tenant, {"recoveryCode": recovery[0]})

    assert [one["path"] for one in wrong] == [["input", "proof", "recoveryCode"]] * 5
    assert right["path"] == ["input", "challenge"]
    assert anew["__typename"] == "CompleteSignInSuccess"


async def test_a_challenge_is_over_after_five_minutes(graph: Graph, tenant: Tenant) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)
    rows = documents.SignInChallenge.get_pymongo_collection()
    row = await rows.find_one_and_update({"user_id": tenant.user.id}, {"$set": {"expires_at": utc_now()}})

    answer = await complete(graph, challenge, recoveryCode=recovery[0])

    assert row is not None
    assert timedelta(minutes=4) < row["expires_at"] - utc_now() <= VALID_FOR == timedelta(minutes=5)
    assert challenge not in str(row)
    assert answer["path"] == ["input", "challenge"]


@pytest.mark.parametrize("change", [{"session_version": 1}, {"deactivated_at": utc_now()}])
async def test_a_challenge_is_over_when_the_persons_sessions_are(
    graph: Graph, tenant: Tenant, change: dict[str, Any]
) -> None:
    _, recovery = await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)
    await documents.User.get_pymongo_collection().update_one({"_id": tenant.user.id}, {"$set": change})

    assert (await complete(graph, challenge, recoveryCode=recovery[0]))["path"] == ["input", "challenge"]


async def test_an_invented_challenge_is_refused(graph: Graph) -> None:
    assert (await complete(graph, "invented", totpCode="123456"))["path"] == ["input", "challenge"]


async def test_a_factor_that_the_person_does_not_have_is_wrong(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await enrol_totp(graph, tenant.token)
    challenge = await challenged(graph, tenant)
    await documents.TotpFactor.get_pymongo_collection().delete_many({"user_id": tenant.user.id})

    answer = await complete(graph, challenge, totpCode="123456")

    assert answer["message"] == "The code is wrong."


async def test_one_operation_tries_one_code(graph: Graph) -> None:
    attempt = 'completeSignIn(input: {challenge: "x", proof: {totpCode: "123456"}}) { __typename }'

    errors = await graph.refused(f"mutation {{ one: {attempt} two: {attempt} }}")

    assert errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_exactly_one_factor_is_shown(graph: Graph) -> None:
    both = {"challenge": "x", "proof": {"totpCode": "123456", "recoveryCode": "x"}}

    assert await graph.refused(COMPLETE, input=both)


async def test_nobody_is_known_by_the_factors_of_who_is_gone(tenant: Tenant) -> None:
    await documents.User.get_pymongo_collection().delete_one({"_id": tenant.user.id})

    assert await factors_of(tenant.user.id) == []


async def test_who_requires_a_second_factor_has_one(graph: Graph, tenant: Tenant) -> None:
    without = await require(graph, tenant)
    await enrol_totp(graph, tenant.token)
    with_one = await require(graph, tenant)

    assert without["code"] == "CONFLICT"
    assert with_one["organization"]["name"] == tenant.organization.name


async def test_where_it_is_required_members_do_nothing_until_they_have_enrolled(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await enrol_totp(graph, tenant.token)
    member = await add_member(backend, tenant.organization, Role.USER)
    before = await graph.ask(ALERTS, member.token)
    await require(graph, tenant)

    blocked = (await graph.refused(ALERTS, member.token))[0]
    await enrol_totp(graph, member.token)
    after = await graph.ask(ALERTS, member.token)

    assert (blocked["extensions"]["code"], blocked["message"]) == ("FORBIDDEN", NEEDS_FACTOR)
    assert before == after == {"alerts": {"edges": []}}


async def test_who_removes_the_factor_is_blocked_again(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await enrol_totp(graph, tenant.token)
    await require(graph, tenant)

    await graph.ask("mutation { removeTotp { __typename } }", tenant.token)

    assert (await graph.refused(ALERTS, tenant.token))[0]["message"] == NEEDS_FACTOR


async def test_no_longer_requiring_it_lets_members_work_again(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await enrol_totp(graph, tenant.token)
    member = await add_member(backend, tenant.organization, Role.USER)
    await require(graph, tenant)
    await graph.refused(ALERTS, member.token)

    await require(graph, tenant, required=False)

    await asyncio.sleep(1.05)  # what others have changed is seen a second later
    assert await graph.ask(ALERTS, member.token)


async def test_only_administrators_of_the_organization_switch_it(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    member = await add_member(backend, tenant.organization, Role.USER)
    fields = {"organizationId": tenant.global_id, "required": True}

    by_member = await graph.refused(REQUIRE, member.token, input=fields)
    by_stranger = await graph.ask(REQUIRE, (await make_tenant(backend)).token, input=fields)

    assert by_member[0]["extensions"]["code"] == "FORBIDDEN"
    assert by_stranger["requireSecondFactor"]["code"] == "NOT_FOUND"


async def test_feeds_of_members_without_a_factor_end_within_a_second_and_others_stay(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await enrol_totp(graph, tenant.token)
    member = await add_member(backend, tenant.organization, Role.USER)

    async with (
        socket(graph.address, tenant.token) as with_one,
        socket(graph.address, member.token) as without,
    ):
        for opened in (with_one, without):
            await subscribe(opened, FEED)
        await asyncio.sleep(0.1)
        switched = time.monotonic()
        await require(graph, tenant)
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(5):
                await anext(messages(without))
        took = time.monotonic() - switched
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(messages(with_one))

    assert took < 1


async def test_the_sessions_without_a_factor_are_found_those_of_the_provider_too(backend: Backend) -> None:
    provider = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    client = await make_tenant(backend, managed_by=provider)
    organization = await documents.Organization.get(client.organization.id)
    assert organization is not None
    await make_session(client.user, AuthMethod.PASSWORD, AuthMethod.TOTP)
    ended = await make_session(client.user)
    await documents.Session.get_pymongo_collection().update_one({"_id": ended.id}, {"$set": {"ended_at": utc_now()}})

    found = await sessions_without_factor(organization)

    # One open session of each, the one that the factory signs in with.
    assert {user_id: len(sessions) for user_id, sessions in found.items()} == {client.user.id: 1, provider.user.id: 1}


async def test_a_company_without_a_provider_counts_its_members_only(backend: Backend, tenant: Tenant) -> None:
    await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)

    assert set(await sessions_without_factor(tenant.organization)) == {tenant.user.id}


@pytest.mark.parametrize("method", [AuthMethod.PASSWORD, AuthMethod.OIDC])
async def test_whatever_the_first_factor_was_the_second_is_asked_for(
    graph: Graph, backend: Backend, tenant: Tenant, method: AuthMethod
) -> None:
    """`user` is as it was read before the factor was set up: what counts is what is stored."""
    await enrol_totp(graph, tenant.token)
    context: Any = SimpleNamespace(now=utc_now, caller=None, ports=SimpleNamespace(writer=backend.writer))

    with acting(Act(action="user.sign_in", actor="anonymous")):
        answer = await start_session(context, tenant.user, [method])

    assert tenant.user.factors == []
    assert isinstance(answer, SecondFactorRequired)
    rows = documents.SignInChallenge.find({"user_id": tenant.user.id})
    assert [row.methods async for row in rows] == [[method]]
