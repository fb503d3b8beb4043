"""Checks in the graph: lists with their filters, the history, runs on demand, and changes on an open socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

import documents
from app.wiring import Backend
from jobs.tasks.judge_controls import judge_controls
from schema.node import global_id
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.made_controls import BILLED, FILED, GROUPED, OWNED, PRIVATE, use_controls
from tests.factories.synthetic_account import a_vendor, connect, context_of, register, sync
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.synthetic import Synthetic

CHECKS = """query ($filter: CheckFilter) { checks(filter: $filter) { totalCount nodes {
  id controlId integration status problem evidence syncIds isFlapping version
  account { name } counts { passed warned failed exempt } items { resource verdict observed expected } } } }"""
RUN = """mutation ($input: RunChecksInput!) { runChecks(input: $input) { __typename
  ... on RunChecksSuccess { jobId } ... on ValidationError { message path } ... on ConflictError { message } } }"""
CHANGES = """subscription ($after: Cursor, $account: ID) { controlStatusChanged(after: $after, accountId: $account) {
  ... on ControlStatusChanged { change { controlId before after controlStatus account { name } } } } }"""


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
async def account(backend: Backend, vendor: Synthetic, tenant: Tenant) -> documents.Account:
    """One whose controls were judged."""
    made = await connect(backend, vendor, tenant)
    await sync(backend, made)
    await judge(backend, tenant)
    return made


async def cursor(graph: Graph, tenant: Tenant) -> str:
    """The end of what has happened so far."""
    return str((await graph.ask("{ liveCursor }", tenant.token))["liveCursor"])


def data(frame: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = frame["payload"]["data"]
    return found


async def judge(backend: Backend, tenant: Tenant) -> int:
    return await judge_controls({"context": context_of(backend)}, org_id=tenant.org_id)


async def test_a_check_shows_what_was_looked_at_and_by_which_evidence(
    graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    found = (await graph.ask(CHECKS, tenant.token, filter={"controlIds": [OWNED.id]}))["checks"]

    (check,) = found["nodes"]
    assert (check["status"], check["integration"], check["account"]) == ("FAIL", "DIGITALOCEAN", {"name": "Synthetic"})
    assert check["counts"] == {"passed": 0, "warned": 0, "failed": 2, "exempt": 0}
    assert check["items"][0] == {
        "resource": "vol-0",
        "verdict": "FAIL",
        "observed": "no owner",
        "expected": "a tag that names its owner",
    }
    assert (check["problem"], check["isFlapping"], check["version"]) == (None, False, 1)
    assert (len(check["evidence"]), len(check["syncIds"])) == (1, 1)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"statuses": ["FAIL"]}, [OWNED.id, PRIVATE.id]),
        ({"integrations": ["MANUAL"]}, [FILED.id]),
        ({"account": True}, [OWNED.id, PRIVATE.id, GROUPED.id, BILLED.id]),
        ({"account": True, "statuses": ["PASS"], "controlIds": [OWNED.id, GROUPED.id]}, [GROUPED.id]),
    ],
)
async def test_checks_are_chosen_by_what_they_say_and_where(
    graph: Graph, tenant: Tenant, account: documents.Account, where: dict[str, Any], expected: list[str]
) -> None:
    chosen = {name: value for name, value in where.items() if name != "account"}
    if "account" in where:
        chosen["accountId"] = global_id("Account", account.id)

    found = (await graph.ask(CHECKS, tenant.token, filter=chosen))["checks"]

    assert [check["controlId"] for check in found["nodes"]] == expected


async def test_controls_and_the_history_of_a_check_are_listed(
    graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    states = "{ controlStates(filter: {statuses: [FAIL]}) { nodes { controlId status checks assessed } } }"
    (check,) = (await graph.ask(CHECKS, tenant.token, filter={"controlIds": [OWNED.id]}))["checks"]["nodes"]
    history = "query ($id: ID!) { checkHistory(checkId: $id) { nodes { checkId before after controlStatus } } }"

    said = (await graph.ask(states, tenant.token))["controlStates"]["nodes"]
    (change,) = (await graph.ask(history, tenant.token, id=check["id"]))["checkHistory"]["nodes"]

    assert said == [{"controlId": id, "status": "FAIL", "checks": 1, "assessed": 1} for id in (OWNED.id, PRIVATE.id)]
    assert change == {"checkId": check["id"], "before": None, "after": "FAIL", "controlStatus": "FAIL"}


@pytest.mark.usefixtures("worker")
async def test_a_run_on_demand_is_a_job_that_can_be_followed(
    address: str, graph: Graph, tenant: Tenant, account: documents.Account
) -> None:
    progress = """subscription ($after: Cursor) { jobProgressed(after: $after, kinds: [CHECKS]) {
      ... on JobProgressed { job { id kind state done total } } } }"""
    now = await cursor(graph, tenant)
    async with socket(address, tenant.token) as opened:
        await subscribe(opened, progress, after=now)
        asked = {"controlIds": [OWNED.id, FILED.id], "idempotencyKey": "judge-them-once"}
        first = (await graph.ask(RUN, tenant.token, input=asked))["runChecks"]
        again = (await graph.ask(RUN, tenant.token, input=asked))["runChecks"]
        assert first["__typename"] == "RunChecksSuccess"
        following = messages(opened)
        async with asyncio.timeout(60):
            told = [data(await anext(following))["jobProgressed"]["job"] for _ in range(3)]

    assert first == again
    assert {one["id"] for one in told} == {first["jobId"]}
    assert [(one["state"], one["done"], one["total"]) for one in told] == [
        ("QUEUED", 0, 0),
        ("RUNNING", 0, 2),
        ("SUCCEEDED", 2, 2),
    ]


async def test_a_run_of_what_there_is_not_is_refused(graph: Graph, tenant: Tenant, account: documents.Account) -> None:
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"state": "BILLING_ONLY"}})

    unknown = await graph.ask(RUN, tenant.token, input={"controlIds": ["CW-ZZZ-99"]})
    bills = await graph.ask(RUN, tenant.token, input={"accountId": global_id("Account", account.id)})

    assert unknown["runChecks"] == {
        "__typename": "ValidationError",
        "message": "There is no such control as CW-ZZZ-99.",
        "path": ["input", "controlIds"],
    }
    assert bills["runChecks"]["__typename"] == "ConflictError"


async def test_a_change_in_an_account_reaches_an_open_socket(
    address: str, graph: Graph, backend: Backend, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    stranger = await make_tenant(backend)
    ours, strangers = await cursor(graph, tenant), await cursor(graph, stranger)
    async with socket(address, tenant.token) as opened, socket(address, stranger.token) as strange:
        await subscribe(opened, CHANGES, after=ours, account=global_id("Account", account.id))
        await subscribe(strange, CHANGES, after=strangers)
        vendor.grants = {}
        await sync(backend, account)
        await judge(backend, tenant)
        own = data(await anext(messages(opened)))
        await sync(backend, await connect(backend, vendor, stranger))
        await judge(backend, stranger)
        theirs = data(await anext(messages(strange)))

    assert own["controlStatusChanged"]["change"] == {
        "controlId": PRIVATE.id,
        "before": "FAIL",
        "after": "PASS",
        "controlStatus": "PASS",
        "account": {"name": "Synthetic"},
    }
    # The first thing a stranger hears of is their own.
    assert theirs["controlStatusChanged"]["change"]["before"] is None
