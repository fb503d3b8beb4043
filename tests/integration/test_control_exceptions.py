"""Exceptions of controls: asked for, approved by somebody else, judged, told of before they end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from jobs.tasks.check_deadlines import check_deadlines
from jobs.tasks.judge_controls import judge_controls
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.made_controls import OWNED, use_controls
from tests.factories.synthetic_account import a_vendor, connect, context_of, register, sync
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.synthetic import Synthetic

REQUEST = """mutation($input: RequestControlExceptionInput!) { requestControlException(input: $input) {
  ... on RequestControlExceptionSuccess { exception { id state version resources } } ... on UserError { message } } }"""
DECIDE = """mutation($input: DecideControlExceptionInput!) { decideControlException(input: $input) {
  ... on DecideControlExceptionSuccess { exception { state version decidedBy } } ... on UserError { message } } }"""
REVOKE = """mutation($input: RevokeControlExceptionInput!) { revokeControlException(input: $input) {
  ... on RevokeControlExceptionSuccess { exception { state revokedAt } } ... on UserError { message } } }"""
WHY = {"reason": "The vendor mends it in March.", "compensatingControl": "We look at it every day."}


@pytest.fixture(autouse=True)
def vendor_and_controls_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)
    use_controls(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def other(backend: Backend, tenant: Tenant) -> Tenant:
    """Another administrator of the same organization."""
    return await add_member(backend, tenant.organization, Role.ADMIN)


async def request(graph: Graph, tenant: Tenant, **changed: Any) -> dict[str, Any]:
    ends_at = (utc_now() + timedelta(days=90)).isoformat()
    input = {"controlId": OWNED.id, "endsAt": ends_at, **WHY, **changed}
    found: dict[str, Any] = (await graph.ask(REQUEST, tenant.token, input=input))["requestControlException"]
    return found


async def decide(graph: Graph, tenant: Tenant, id: str, *, is_approved: bool = True, **more: Any) -> dict[str, Any]:
    input = {"exceptionId": id, "isApproved": is_approved, **more}
    found: dict[str, Any] = (await graph.ask(DECIDE, tenant.token, input=input))["decideControlException"]
    return found


async def judge(backend: Backend, tenant: Tenant, days: int = 0) -> documents.Check:
    at = utc_now() + timedelta(days=days)
    await judge_controls({"context": context_of(backend, now=lambda: at)}, org_id=tenant.org_id)
    found = await documents.Check.find_in(tenant.scope, {"control_id": OWNED.id})
    assert found is not None
    return found


async def test_what_an_approved_exception_covers_is_exempt_until_it_ends(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, other: Tenant
) -> None:
    account = await connect(backend, vendor, tenant)
    await sync(backend, account)
    asked = (await request(graph, tenant, resources=["vol-0", "vol-1"]))["exception"]

    before = await judge(backend, tenant)
    await decide(graph, other, asked["id"])
    covered = await judge(backend, tenant)
    text = "query($ids: [String!]) { checks(filter: {controlIds: $ids}) { nodes { exceptionIds } } }"
    shown = (await graph.ask(text, tenant.token, ids=[OWNED.id]))["checks"]["nodes"]
    # By then the answers of the vendor are too old as well: an error, and nothing of it is exempt.
    over = await judge(backend, tenant, days=91)

    assert (before.status, before.counts) == ("FAIL", {"FAIL": 2})
    assert (covered.status, covered.counts) == ("EXEMPT", {"EXEMPT": 2})
    assert [global_id("ControlException", id) for id in covered.exceptions] == [asked["id"]]
    assert shown == [{"exceptionIds": [asked["id"]]}]
    assert (over.status, over.exceptions) == ("ERROR", [])


async def test_a_revoked_exception_exempts_nothing(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, other: Tenant
) -> None:
    account = await connect(backend, vendor, tenant)
    await sync(backend, account)
    asked = (await request(graph, tenant, accountId=global_id("Account", account.id)))["exception"]
    await decide(graph, other, asked["id"])
    everything = await judge(backend, tenant)

    answer = (await graph.ask(REVOKE, tenant.token, input={"exceptionId": asked["id"]}))["revokeControlException"]
    again = await judge(backend, tenant)
    twice = (await graph.ask(REVOKE, tenant.token, input={"exceptionId": asked["id"]}))["revokeControlException"]

    assert (everything.status, again.status) == ("EXEMPT", "FAIL")
    assert answer["exception"]["state"] == "REVOKED"
    assert "decided already" in twice["message"]


async def test_nobody_decides_on_their_own_request(graph: Graph, tenant: Tenant, other: Tenant) -> None:
    asked = (await request(graph, tenant, resources=["vol-0"]))["exception"]

    own = await decide(graph, tenant, asked["id"])
    first = await decide(graph, other, asked["id"], is_approved=False, expectedVersion=1)
    second = await decide(graph, other, asked["id"])

    assert own["message"] == "Somebody else must decide on it than who has asked for it."
    assert first["exception"] == {
        "state": "REJECTED",
        "version": 2,
        "decidedBy": global_id("User", other.user.id),
    }
    assert "decided already" in second["message"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "Name resources, or an account for everything in it."),
        ({"resources": ["r"], "controlId": "CW-NON-01"}, "There is no such control as CW-NON-01."),
        ({"resources": ["r"], "days": 367}, "It must end after it starts, in 366 days at the latest."),
        ({"resources": ["r"], "days": -1}, "It must end after it starts, in 366 days at the latest."),
        ({"accountId": global_id("Account", "0" * 24)}, "There is no such account, or it is not yours to see."),
    ],
)
async def test_a_request_without_bounds_is_refused(
    graph: Graph, tenant: Tenant, changed: dict[str, Any], message: str
) -> None:
    days = changed.get("days", 90)
    given = {name: value for name, value in changed.items() if name != "days"}

    answer = await request(graph, tenant, endsAt=(utc_now() + timedelta(days=days, hours=1)).isoformat(), **given)

    assert answer == {"message": message}


async def test_exceptions_are_listed_by_control_and_state(graph: Graph, tenant: Tenant, other: Tenant) -> None:
    asked = (await request(graph, tenant, resources=["vol-0"]))["exception"]
    await request(graph, tenant, resources=["vol-1"])
    await decide(graph, other, asked["id"])
    text = "query($filter: ControlExceptionFilter) { controlExceptions(filter: $filter) { nodes { resources } } }"

    approved = await graph.ask(text, other.token, filter={"states": ["APPROVED"], "controlIds": [OWNED.id]})
    every = await graph.ask(text, other.token)

    assert approved["controlExceptions"]["nodes"] == [{"resources": ["vol-0"]}]
    assert every["controlExceptions"]["nodes"] == [{"resources": ["vol-1"]}, {"resources": ["vol-0"]}]


async def test_people_hear_of_an_end_two_weeks_before_and_not_after_it(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    asked = (await request(graph, tenant, resources=["vol-0"]))["exception"]
    waiting = (await request(graph, tenant, resources=["vol-1"]))["exception"]
    await decide(graph, other, asked["id"])
    seen = []

    # It ends in 90 days: 14 days before that is day 76.
    for days in (75, 77, 78, 91):
        at = utc_now() + timedelta(days=days)
        await check_deadlines({"context": context_of(backend, now=lambda at=at: at)})
        rows = await documents.Alert.list_in(tenant.scope, {})
        seen.append([(alert.title, alert.state.value) for alert in rows])

    title = f"An exception of {OWNED.id} ends soon"
    assert seen == [[], [(title, "OPEN")], [(title, "OPEN")], [(title, "RESOLVED")]]
    assert waiting["state"] == "REQUESTED"
