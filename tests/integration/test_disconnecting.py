"""An account is taken away whole, whatever was going on in it; and those of an organization come and go."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from arq import Retry
from bson import Binary, ObjectId

import documents
from app.onboarding import checking
from app.wiring import Backend
from app.worker import options
from documents.base import utc_now
from documents.sync_run import open_run, take_lease, update_run
from documents.tally import recount
from documents.transaction import Transaction
from domain.errors import PlanMissing
from jobs.tasks import disconnect_account as disconnecting
from jobs.tasks import discover_members as discovering
from jobs.tasks import keep_house
from schema.node import global_id
from tests.factories.backlog import forget_job, is_asked
from tests.factories.graph import Graph
from tests.factories.holdings import make_holdings
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes import vendor
from tests.fakes.scripted import Answered, Scripted, scripted
from tests.integration.test_connecting import CONNECT, access, stored

DISCONNECT = """
mutation($input: DisconnectAccountInput!) {
  disconnectAccount(input: $input) {
    __typename ... on DisconnectAccountSuccess { account { state } } ... on UserError { message }
  }
}
"""
STANDING = """{
  dashboard { openFindings openAlerts }
  findings(first: 10) { nodes { state resolution } }
  alerts(first: 10) { nodes { state } }
  resources(first: 10) { nodes { id } }
}"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
def job(backend: Backend) -> dict[str, Any]:
    return {**options(backend)["ctx"], "job_try": 1}


@pytest.fixture
def account() -> vendor.Account:
    return vendor.Account({"good-token": "team-1", "token-of-team-2": "team-2", "token-of-team-3": "team-3"})


@pytest.fixture
def server(account: vendor.Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(checking, "registration_of", lambda _: vendor.REGISTRATION)
    monkeypatch.setattr(discovering, "registration_of", lambda _: vendor.REGISTRATION)
    with scripted(account.answer) as made:
        yield made


async def disconnect(graph: Graph, tenant: Tenant, account_id: object) -> dict[str, Any]:
    fields = {"accountId": global_id("Account", account_id)}
    answer: dict[str, Any] = (await graph.ask(DISCONNECT, tenant.token, input=fields))["disconnectAccount"]
    return answer


async def finish(job: dict[str, Any], tenant: Tenant, account_id: object) -> str:
    return await disconnecting.disconnect_account(job, org_id=tenant.org_id, account_id=str(account_id))


async def holdings(tenant: Tenant) -> documents.Account:
    held = await make_holdings(tenant)
    made = held["Account"]
    assert isinstance(made, documents.Account)
    await documents.SyncRun.rows().update_many({"account_id": made.id}, {"$set": {"active_key": None}})
    return made


async def test_nothing_of_it_is_left_but_what_was_found(
    graph: Graph, backend: Backend, tenant: Tenant, job: dict[str, Any]
) -> None:
    held = await holdings(tenant)
    await documents.CostDay.rows().delete_many({"org_id": tenant.organization.id})
    await recount(tenant.organization.id)
    before = (await graph.ask(STANDING, tenant.token))["dashboard"]

    answer = await disconnect(graph, tenant, held.id)
    during = await stored(backend, tenant)
    ended = await finish(job, tenant, held.id)

    assert answer["account"] == {"state": "DISCONNECTING"}
    assert [(one["credentials"], one["next_sync_at"]) for one in during] == [(None, None)]
    assert ended == "removed"
    assert await stored(backend, tenant) == []
    standing = await graph.ask(STANDING, tenant.token)
    assert before == {"openFindings": 1, "openAlerts": 1}
    assert standing["dashboard"] == {"openFindings": 0, "openAlerts": 0}
    assert standing["resources"]["nodes"] == []
    assert standing["findings"]["nodes"] == [{"state": "RESOLVED", "resolution": "The account was disconnected."}]
    assert [one["state"] for one in standing["alerts"]["nodes"]] == ["RESOLVED"]
    assert await finish(job, tenant, held.id) == "left alone"


async def told(backend: Backend, tenant: Tenant) -> list[tuple[str, str, int, int, str | None]]:
    """Kind, state, done, total and problem of each step of a job that was told."""
    jobs = {"org_id": tenant.organization.id, "type": "JobProgressed"}
    steps = [row["payload"] async for row in backend.database["events"].find(jobs, sort=[("seq", 1)])]
    return [(one["kind"], one["state"], one["done"], one["total"], one["problem"]) for one in steps]


async def test_how_far_a_disconnection_is_can_be_followed(
    graph: Graph, backend: Backend, tenant: Tenant, job: dict[str, Any]
) -> None:
    held = await holdings(tenant)
    kept = await backend.database["resources"].count_documents({"account_id": held.id})

    await disconnect(graph, tenant, held.id)
    await finish(job, tenant, held.id)

    steps = await told(backend, tenant)
    assert kept == 1
    assert {(kind, problem) for kind, _, _, _, problem in steps} == {("DISCONNECTION", None)}
    assert [state for _, state, *_ in steps] == ["RUNNING"] * (len(steps) - 1) + ["SUCCEEDED"]
    done = [one for _, _, one, _, _ in steps]
    assert done == sorted(done)
    assert done[0] == 2  # one finding and one alert
    assert done[-1] > 2 + kept - 1


async def test_what_bills_say_of_it_stays(graph: Graph, backend: Backend, tenant: Tenant, job: dict[str, Any]) -> None:
    held = await holdings(tenant)
    billed = {"org_id": tenant.organization.id, "sub_account_id": held.native_id, "edition_id": ObjectId()}
    await documents.CostDay.rows().insert_one(billed)

    await disconnect(graph, tenant, held.id)

    assert await finish(job, tenant, held.id) == "BILLING_ONLY"
    (row,) = await stored(backend, tenant)
    assert (row["state"], row["native_id"], row["role_arn"]) == ("BILLING_ONLY", held.native_id, None)
    assert (await disconnect(graph, tenant, held.id))["message"].startswith("This account is only known from bills")
    await documents.CostDay.rows().delete_one({"_id": billed["_id"]})


async def test_a_sync_that_waits_is_ended_and_one_that_runs_is_waited_for(
    graph: Graph, backend: Backend, tenant: Tenant, job: dict[str, Any]
) -> None:
    held = await holdings(tenant)

    async def begin(tx: Transaction) -> documents.SyncRun:
        run, _ = await open_run(held, tx.session)
        return await update_run(run, tx.session, state="RUNNING")

    run = await backend.writer.commit(begin)
    await take_lease(run, "a worker", utc_now())
    await disconnect(graph, tenant, held.id)
    with pytest.raises(Retry):
        await finish(job, tenant, held.id)

    async def end(tx: Transaction) -> documents.SyncRun:
        return await update_run(run, tx.session, state="FAILED")

    await backend.writer.commit(end)
    assert await finish(job, tenant, held.id) == "removed"


async def test_a_sync_that_no_worker_has_begun_ends_at_once(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    held = await holdings(tenant)

    async def ask(tx: Transaction) -> documents.SyncRun:
        return (await open_run(held, tx.session))[0]

    run = await backend.writer.commit(ask)
    await disconnect(graph, tenant, held.id)

    raw = await documents.SyncRun.rows().find_one({"_id": run.id})
    assert raw is not None
    assert raw["active_key"] is None
    assert raw["problem"] == "The account was disconnected."


async def test_a_lost_job_is_asked_for_again(
    graph: Graph, backend: Backend, tenant: Tenant, job: dict[str, Any]
) -> None:
    held = await holdings(tenant)
    await disconnect(graph, tenant, held.id)
    asked = f"disconnect_account:{held.id}"
    await forget_job(backend, asked)

    assert await keep_house.disconnect_again(job) >= 1
    assert await is_asked(backend, asked)


async def connect_all(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted, account: vendor.Account, *members: str
) -> dict[str, Any]:
    """The parent, connected for the whole organization."""
    account.members = [{"uuid": one, "name": f"Team {one}"} for one in members]
    fields = {"name": "Parent", "access": access(server)}
    assert (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]["__typename"].endswith("Success")
    (row,) = await stored(backend, tenant)
    await backend.database["accounts"].update_one({"_id": row["_id"]}, {"$set": {"all_accounts": True}})
    return row


async def discover(job: dict[str, Any], tenant: Tenant, parent: dict[str, Any]) -> int:
    return await discovering.discover_members(job, org_id=tenant.org_id, account_id=str(parent["_id"]))


async def members(backend: Backend, tenant: Tenant) -> dict[str, dict[str, Any]]:
    return {one["native_id"]: one for one in await stored(backend, tenant) if one.get("parent_id")}


async def test_the_accounts_of_an_organization_are_connected_and_twice_changes_nothing(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-1", "team-2", "team-3")

    assert await discover(job, tenant, parent) == 2
    first = await members(backend, tenant)
    assert await discover(job, tenant, parent) == 2
    second = await members(backend, tenant)

    assert {one: (row["name"], row["state"], row["parent_id"]) for one, row in first.items()} == {
        "team-2": ("Team team-2", "CONNECTING", parent["_id"]),
        "team-3": ("Team team-3", "CONNECTING", parent["_id"]),
    }
    assert {one: row["_id"] for one, row in second.items()} == {one: row["_id"] for one, row in first.items()}
    assert "token-of-team-2" in await backend.vault.open(bytes(first["team-2"]["credentials"]))
    steps = [("RUNNING", 1), ("RUNNING", 2), ("SUCCEEDED", 2)]
    assert await told(backend, tenant) == [("MEMBER_DISCOVERY", state, done, 2, None) for state, done in steps] * 2
    runs = await documents.SyncRun.rows().count_documents({"account_id": {"$in": [r["_id"] for r in first.values()]}})
    assert runs == 2


async def test_one_that_leaves_says_so_and_one_that_comes_back_is_connected_again(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-2", "team-3")
    await discover(job, tenant, parent)
    account.members = [{"uuid": "team-3", "name": "Team team-3"}]

    await discover(job, tenant, parent)
    left = (await members(backend, tenant))["team-2"]
    await documents.SyncRun.rows().update_many({"account_id": left["_id"]}, {"$set": {"active_key": None}})
    ended = await finish(job, tenant, left["_id"])
    gone = (await members(backend, tenant))["team-2"]
    account.members.append({"uuid": "team-2", "name": "Team team-2"})
    await discover(job, tenant, parent)
    back = (await members(backend, tenant))["team-2"]

    assert (left["state"], left["credentials"]) == ("DISCONNECTING", None)
    assert ended == gone["state"] == "DISCONNECTED"
    assert gone["problem"] == "It is no longer in the organization of Parent."
    assert (back["state"], back["problem"]) == ("CONNECTING", None)


async def test_one_that_was_connected_by_itself_is_left_as_it_is(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-2")
    fields = {"name": "By itself", "access": access(server, "token-of-team-2")}
    await graph.ask(CONNECT, tenant.token, input=fields)

    await discover(job, tenant, parent)

    assert await members(backend, tenant) == {}
    assert {one["name"] for one in await stored(backend, tenant)} == {"Parent", "By itself"}


async def test_the_whole_organization_goes_with_the_account_that_leads_into_it(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-2")
    await discover(job, tenant, parent)
    child = (await members(backend, tenant))["team-2"]

    refused = await disconnect(graph, tenant, child["_id"])
    await disconnect(graph, tenant, parent["_id"])
    ended = [await finish(job, tenant, one["_id"]) for one in (parent, child)]

    assert "disconnect that one" in refused["message"]
    assert ended == ["removed", "removed"]
    assert await stored(backend, tenant) == []


@pytest.mark.parametrize("tried", [1, discovering.MAX_TRIES])
async def test_an_organization_that_cannot_be_listed_loses_no_account(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
    tried: int,
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-2")
    await discover(job, tenant, parent)
    account.odd["/v2/members"] = Answered({}, status=403)

    if tried < discovering.MAX_TRIES:
        with pytest.raises(Retry):
            await discover({**job, "job_try": tried}, tenant, parent)
    else:
        assert await discover({**job, "job_try": tried}, tenant, parent) == 0

    assert (await members(backend, tenant))["team-2"]["state"] == "CONNECTING"


async def test_an_organization_that_this_account_may_not_list_loses_no_account(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-2")
    await discover(job, tenant, parent)

    async def no_members(source: Any, credentials: Any) -> Any:
        raise PlanMissing("No management account.", service="organizations", plan="the management account")

    no_delegate = replace(vendor.REGISTRATION, members=no_members)
    monkeypatch.setattr(discovering, "registration_of", lambda _: no_delegate)

    assert await discover(job, tenant, parent) == 0
    assert (await members(backend, tenant))["team-2"]["state"] == "CONNECTING"
    assert (await told(backend, tenant))[-1] == ("MEMBER_DISCOVERY", "FAILED", 0, 0, "No management account.")


@pytest.mark.parametrize("tried", [1, discovering.MAX_TRIES])
@pytest.mark.parametrize(
    "change",
    [{"state": "DISCONNECTING", "credentials": None}, {"credentials": Binary(b"of a rotation", 6)}],
    ids=["disconnected", "rotated"],
)
async def test_nothing_is_connected_through_an_account_that_changed_meanwhile(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    tried: int,
) -> None:
    parent = await connect_all(graph, backend, tenant, server, account, "team-2")
    listed = vendor.REGISTRATION.members
    assert listed is not None

    async def slowly(source: Any, credentials: Any) -> Any:
        found = await listed(source, credentials)
        await backend.database["accounts"].update_one({"_id": parent["_id"]}, {"$set": change})
        return found

    monkeypatch.setattr(discovering, "registration_of", lambda _: replace(vendor.REGISTRATION, members=slowly))

    if tried < discovering.MAX_TRIES:
        with pytest.raises(Retry):
            await discover({**job, "job_try": tried}, tenant, parent)
    else:
        assert await discover({**job, "job_try": tried}, tenant, parent) == 0

    assert await members(backend, tenant) == {}


async def test_an_account_connected_alone_leads_nowhere(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted, job: dict[str, Any]
) -> None:
    await graph.ask(CONNECT, tenant.token, input={"name": "Alone", "access": access(server)})
    (row,) = await stored(backend, tenant)

    assert await discover(job, tenant, row) == 0
    assert await discover(job, tenant, {"_id": ObjectId()}) == 0


async def test_every_organization_is_looked_at_daily(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    job: dict[str, Any],
) -> None:
    await connect_all(graph, backend, tenant, server, account)

    assert await keep_house.look_for_members(job) >= 1
