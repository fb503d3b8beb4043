"""Drift: opened by what syncs see since a baseline, settled by itself or by people, and judged by CW-LOG-06."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from domain.compliance.control import Case
from domain.compliance.judging import judge
from domain.controls.cw_log_06 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from jobs.checking.own import own_subjects
from schema.node import global_id
from tests.factories.aws import loose_volume, volume
from tests.factories.graph import Graph
from tests.factories.synthetic_account import LONG, a_vendor, connect, context_of, register, rows_of, sync
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.synthetic import Synthetic, item_of

DECLARE = """mutation($input: DeclareBaselineInput!) { declareBaseline(input: $input) {
  ... on DeclareBaselineSuccess { baseline { id tags since declaredBy account { name } } }
  ... on UserError { message path } } }"""
END = """mutation($input: EndBaselineInput!) { endBaseline(input: $input) {
  ... on EndBaselineSuccess { baseline { tags } } ... on UserError { code message } } }"""
SETTLE = """mutation($input: SettleDriftsInput!) { settleDrifts(input: $input) {
  ... on SettleDriftsSuccess { settled { drifts { id state settledBy reason } } }
  ... on UserError { code message path } } }"""
LIST = """query($filter: DriftFilter) { drifts(filter: $filter) { nodes {
  id kind nativeId changedFields state explainedBy settledBy resource { name } } } }"""
WHY = "The change that was approved in March."


@pytest.fixture(autouse=True)
def vendor_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
async def vendor() -> AsyncIterator[Synthetic]:
    async with a_vendor() as running:
        yield running


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def account(backend: Backend, vendor: Synthetic, tenant: Tenant) -> documents.Account:
    """One that was read once."""
    made = await connect(backend, vendor, tenant)
    await sync(backend, made)
    return made


async def ask(graph: Graph, tenant: Tenant, text: str, **input: Any) -> dict[str, Any]:
    answer = await graph.ask(text, tenant.token, input={"reason": WHY, **input})
    found: dict[str, Any] = next(iter(answer.values()))
    return found


async def declare(graph: Graph, tenant: Tenant, account: documents.Account, *tags: str) -> dict[str, Any]:
    asked = {"accountId": global_id("Account", account.id), "tags": list(tags)}
    baseline: dict[str, Any] = (await ask(graph, tenant, DECLARE, **asked))["baseline"]
    return baseline


async def listed(graph: Graph, tenant: Tenant, *states: str) -> list[dict[str, Any]]:
    filter = {"states": list(states)} if states else {}
    nodes: list[dict[str, Any]] = (await graph.ask(LIST, tenant.token, filter=filter))["drifts"]["nodes"]
    return nodes


def put(vendor: Synthetic, size: int = 100, *, tags: dict[str, str] | None = None) -> None:
    """The first volume in this size; the rest as it was."""
    vendor.lists["volumes"] = [
        item_of(volume("vol-0", age=LONG, Size=size, tags=tags or {})),
        item_of(loose_volume("vol-1", age=LONG)),
    ]


async def verdict(backend: Backend, tenant: Tenant, days: float = 0) -> tuple[CheckStatus, dict[str, str]]:
    """What the control says of our own records in so many days, and of the drift."""
    now = utc_now() + timedelta(days=days)
    # Of an account that goes on being read.
    await documents.SyncRun.rows().update_many({"org_id": tenant.organization.id}, {"$set": {"ended_at": now}})
    platform, _ = own_subjects(context_of(backend), tenant.scope, now)
    procedure = next(one for one in CONTROL.procedures if one.integration is Integration.PLATFORM)
    case = Case(answers=platform.answers, parameters=CONTROL.parameters, now=now)
    found = await asyncio.to_thread(judge, procedure, case)
    return found.status, {item.resource: item.verdict.value for item in found.items}


async def test_a_change_outside_opens_one_drift_however_often_it_is_read(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    baseline = await declare(graph, tenant, account)
    put(vendor, 200)

    await sync(backend, account)
    once = await listed(graph, tenant)
    await sync(backend, account)

    assert (baseline["account"], baseline["tags"]) == ({"name": "Synthetic"}, [])
    assert baseline["declaredBy"] == global_id("User", tenant.user.id)
    (drift,) = once
    assert (drift["kind"], drift["nativeId"], drift["changedFields"]) == ("CHANGED", "vol-0", ["config.Size"])
    assert (drift["state"], drift["resource"]["name"]) == ("OPEN", "vol-0")
    assert await listed(graph, tenant) == once


async def test_without_a_baseline_and_before_it_nothing_drifts(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    put(vendor, 200)
    await sync(backend, account)
    without = await listed(graph, tenant)
    await declare(graph, tenant, account)
    await sync(backend, account)

    assert without == []
    assert await listed(graph, tenant) == []


async def test_what_comes_and_goes_drifts_and_is_settled_when_it_is_as_it_was(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    put(vendor)
    await sync(backend, account)
    await declare(graph, tenant, account)
    before = vendor.lists["volumes"]
    vendor.lists["volumes"] = [item_of(volume("vol-0", age=LONG, Size=200)), item_of(volume("vol-new"))]

    await sync(backend, account)
    opened = await listed(graph, tenant, "OPEN")
    vendor.lists["volumes"] = before
    await sync(backend, account)

    assert {(one["kind"], one["nativeId"]) for one in opened} == {
        ("ADDED", "vol-new"),
        ("CHANGED", "vol-0"),
        ("GONE", "vol-1"),
    }
    assert await listed(graph, tenant, "OPEN") == []
    settled = await listed(graph, tenant, "SETTLED")
    assert {one["id"] for one in settled} == {one["id"] for one in opened}
    assert {(one["settledBy"], one["explainedBy"]) for one in settled} == {(None, None)}


async def test_only_what_has_or_had_the_tags_drifts(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    put(vendor, tags={"env": "live"})
    await sync(backend, account)
    await declare(graph, tenant, account, "env=live")
    vendor.lists["volumes"] = [item_of(volume("vol-0", age=LONG, Size=100, tags={}))]

    await sync(backend, account)

    (drift,) = await listed(graph, tenant)
    assert (drift["nativeId"], drift["changedFields"]) == ("vol-0", ["tags.env"])


@pytest.mark.parametrize(
    ("fields", "is_explained"),
    [
        ({}, True),
        ({"resources": ["vol-0"]}, True),
        ({"resources": ["vol-1"]}, False),
        ({"ended_at": timedelta(seconds=-1)}, False),
    ],
)
async def test_work_that_was_announced_explains_a_change(
    backend: Backend,
    graph: Graph,
    vendor: Synthetic,
    tenant: Tenant,
    account: documents.Account,
    fields: dict[str, Any],
    is_explained: bool,
) -> None:
    await sync(backend, account)
    await declare(graph, tenant, account)
    now = utc_now()
    made = {name: now - timedelta(hours=2) if name == "ended_at" else value for name, value in fields.items()}
    window = documents.MaintenanceWindow(
        org_id=account.org_id,
        name="move",
        starts_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=1),
        **made,
    )
    await window.insert()
    put(vendor, 200)

    await sync(backend, account)

    assert (await listed(graph, tenant) == []) is is_explained


async def test_work_that_was_announced_settles_what_it_changes_anew(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    await declare(graph, tenant, account)
    put(vendor, 200)
    await sync(backend, account)
    now = utc_now()
    window = documents.MaintenanceWindow(
        org_id=account.org_id, name="move", starts_at=now, ends_at=now + timedelta(hours=1)
    )
    await window.insert()
    put(vendor, 300)

    await sync(backend, account)

    (drift,) = await listed(graph, tenant)
    assert (drift["state"], drift["explainedBy"]) == ("SETTLED", f"maintenance_window:{window.id}")


async def test_people_settle_what_is_open_and_the_control_passes(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    nothing = await verdict(backend, tenant)
    await declare(graph, tenant, account)
    none_open = await verdict(backend, tenant)
    put(vendor, 200)
    await sync(backend, account)
    (drift,) = await listed(graph, tenant)

    fresh, old = await verdict(backend, tenant), await verdict(backend, tenant, days=7.5)
    answer = await ask(graph, tenant, SETTLE, ids=[drift["id"], drift["id"]])
    twice = await ask(graph, tenant, SETTLE, ids=[drift["id"]])
    after = await verdict(backend, tenant, days=7.5)
    put(vendor, 300)
    await sync(backend, account)

    id = str(account.id)
    assert nothing[0] is CheckStatus.NOT_ASSESSED
    assert none_open == (CheckStatus.PASS, {id: "PASS"})
    assert fresh == (CheckStatus.PASS, {id: "PASS", "vol-0": "PASS"})
    assert old == (CheckStatus.FAIL, {id: "PASS", "vol-0": "FAIL"})
    assert answer["settled"]["drifts"] == [
        {"id": drift["id"], "state": "SETTLED", "settledBy": global_id("User", tenant.user.id), "reason": WHY}
    ]
    assert (twice["code"], twice["path"]) == ("CONFLICT", ["input", "ids"])
    assert after == none_open
    # What was accepted is what the next change is compared with.
    (row,) = await rows_of(documents.Drift, account, state="OPEN")
    assert (row.before, row.after) == ([200], [300])
    entry = await documents.AuditEntry.rows().find_one({"org_id": account.org_id, "action": "drift.settle"})
    assert entry is not None
    assert entry["actor"] == f"user:{tenant.user.id}"


async def test_another_baseline_and_the_end_of_it_settle_what_is_open(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    id = global_id("Account", account.id)
    first = await declare(graph, tenant, account)
    put(vendor, 200)
    await sync(backend, account)
    again = await declare(graph, tenant, account, "env=live")
    by_another = await listed(graph, tenant)
    await declare(graph, tenant, account)
    put(vendor, 300)
    await sync(backend, account)

    ended = await ask(graph, tenant, END, accountId=id)
    by_end = await listed(graph, tenant)
    none = await ask(graph, tenant, END, accountId=id)

    assert again["id"] == first["id"]
    assert again["tags"] == ["env=live"]
    assert [one["state"] for one in by_another] == ["SETTLED"]
    assert ended["baseline"] == {"tags": []}
    assert [one["state"] for one in by_end] == ["SETTLED", "SETTLED"]
    assert none["code"] == "NOT_FOUND"
    assert (await verdict(backend, tenant))[0] is CheckStatus.NOT_ASSESSED


async def test_another_tenant_sees_and_settles_nothing_and_a_user_declares_nothing(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, account: documents.Account
) -> None:
    await declare(graph, tenant, account)
    put(vendor, 200)
    await sync(backend, account)
    (drift,) = await listed(graph, tenant)
    stranger, user = await make_tenant(backend), await add_member(backend, tenant.organization, Role.USER)

    seen = await listed(graph, stranger)
    settled = await ask(graph, stranger, SETTLE, ids=[drift["id"]])
    asked = {"input": {"accountId": global_id("Account", account.id), "reason": WHY}}
    declared = (await graph.ask(DECLARE, stranger.token, **asked))["declareBaseline"]
    (error,) = await graph.refused(DECLARE, user.token, **asked)

    assert seen == []
    assert settled["code"] == "NOT_FOUND"
    assert declared["message"] == "There is no such account, or it is not yours to see."
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert await listed(graph, tenant) == [drift]
    assert await listed(graph, user) == [drift]
