"""Allocation through the graph: targets, versions of rules, previews, traces, closing, and who may do what."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from documents import Role
from schema.node import global_id
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.test_allocation import ROWS, allocate, costs

CREATE = """mutation($input: CreateAllocationTargetInput!) { createAllocationTarget(input: $input) {
  __typename ... on CreateAllocationTargetSuccess { target { id version } } ... on UserError { code path } } }"""
UPDATE = """mutation($input: UpdateAllocationTargetInput!) { updateAllocationTarget(input: $input) {
  __typename ... on UpdateAllocationTargetSuccess { target { name version } } ... on UserError { code path } } }"""
ARCHIVE = """mutation($input: ArchiveAllocationTargetInput!) { archiveAllocationTarget(input: $input) {
  __typename ... on ArchiveAllocationTargetSuccess { target { archivedAt } } ... on UserError { code message } } }"""
SAVE = """mutation($input: SaveAllocationRulesInput!) { saveAllocationRules(input: $input) {
  __typename ... on SaveAllocationRulesSuccess { rules { version rules { name type } } }
  ... on UserError { code path message } } }"""
CLOSE = """mutation($input: CloseAllocationMonthInput!) { closeAllocationMonth(input: $input) {
  __typename ... on CloseAllocationMonthSuccess { month { month closedAt } } ... on UserError { code } } }"""
RERUN = """mutation($input: RerunAllocationInput!) { rerunAllocation(input: $input) {
  __typename ... on RerunAllocationSuccess { month { isRerunAsked } } ... on UserError { code } } }"""
COSTS = """query($input: AllocatedCostsInput!) { allocatedCosts(input: $input) {
  currency groups { values label columns { total } } total { columns { total } } } }"""
COVERAGE = """query($month: Date!) { allocationCoverage(month: $month) { rulesVersion closedAt
  covered { currency total direct shared notAllocated notAllocatedRatio }
  untagged { tag amount } notAllocated { serviceName amount } } }"""
TRACE = """query($input: AllocationTraceInput!) { allocationTrace(input: $input) { rulesVersion parts {
  rule ruleName takenBy shareNumerator shareDenominator serviceName billed
  lines { costLineId billed billedPart effective effectivePart } } } }"""
PREVIEW = """query($input: PreviewAllocationInput!) { previewAllocation(input: $input) {
  totals { targetId currentBilled previewBilled } covered { notAllocated } } }"""
BY_TEAM = {"name": "by team", "take": {"byTag": {"key": "team", "kind": "TEAM"}}}
SUPPORT = {
    "name": "support",
    "where": {"dimensions": [{"dimension": "SERVICE", "values": ["Support"]}]},
    "take": {"proportion": {}},
}
SEPTEMBER = {"first": "2026-09-01", "until": "2026-10-01"}


@pytest.fixture
async def tenant(backend: Backend, tmp_path: Path) -> Tenant:
    tenant = await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", costs(ROWS)))
    return tenant


async def made(graph: Graph, tenant: Tenant, name: str, **fields: Any) -> str:
    answer = await graph.ask(CREATE, tenant.token, input={"kind": "TEAM", "name": name, **fields})
    return answer["createAllocationTarget"]["target"]["id"]


async def saved(graph: Graph, tenant: Tenant, *rules: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return (await graph.ask(SAVE, tenant.token, input={"rules": list(rules), **fields}))["saveAllocationRules"]


async def test_costs_are_shown_by_who_owes_them(backend, graph, tenant):
    web, data = await made(graph, tenant, "web shop"), await made(graph, tenant, "Data")
    answer = await saved(graph, tenant, BY_TEAM, SUPPORT, reason="the first")
    assert answer["rules"] == {
        "version": 1,
        "rules": [{"name": "by team", "type": "TAG"}, {"name": "support", "type": "PROPORTION"}],
    }
    await allocate(backend, tenant)

    shown = (await graph.ask(COSTS, tenant.token, input=SEPTEMBER))["allocatedCosts"]
    coverage = (await graph.ask(COVERAGE, tenant.token, month="2026-09-15"))["allocationCoverage"]

    # See the test of the job for how 9.01 is shared.
    assert [(one["values"], one["label"], one["columns"][0]["total"]) for one in shown["groups"]] == [
        ([data], "Data", "66.0066666667"),
        ([web], "web shop", "33.0033333333"),
        ([None], None, "7.00"),
    ]
    assert Decimal(shown["total"]["columns"][0]["total"]) == Decimal("106.01")
    (covered,) = coverage["covered"]
    assert {name: Decimal(covered[name]) for name in ("total", "direct", "shared", "notAllocated")} == {
        "total": Decimal("106.01"),
        "direct": Decimal(90),
        "shared": Decimal("9.01"),
        "notAllocated": Decimal(7),
    }
    # 7 of 106.01
    assert covered["notAllocatedRatio"] == "0.066032"
    assert [(one["tag"], Decimal(one["amount"])) for one in coverage["untagged"]] == [("team", Decimal("16.01"))]
    assert [one["serviceName"] for one in coverage["notAllocated"]] == ["Tax"]


async def test_an_amount_is_followed_back_to_rule_share_and_rows(backend, graph, tenant):
    await made(graph, tenant, "web shop")
    data = await made(graph, tenant, "Data")
    await saved(graph, tenant, BY_TEAM, SUPPORT)
    await allocate(backend, tenant)

    found = (await graph.ask(TRACE, tenant.token, input={**SEPTEMBER, "targetId": data}))["allocationTrace"]
    nobody = (await graph.ask(TRACE, tenant.token, input=SEPTEMBER))["allocationTrace"]

    direct, shared = found["parts"]
    assert (direct["ruleName"], direct["takenBy"], direct["billed"]) == ("by team", "DIRECT", "60.00")
    assert (shared["rule"], shared["ruleName"], shared["takenBy"]) == (2, "support", "SHARED")
    assert (shared["shareNumerator"], shared["shareDenominator"]) == ("2", "3")
    for part in found["parts"]:
        assert sum(Decimal(line["billedPart"]) for line in part["lines"]) == Decimal(part["billed"])
    assert [line["billed"] for line in shared["lines"]] == ["9.01"]
    assert [(part["rule"], part["serviceName"]) for part in nobody["parts"]] == [(None, "Tax")]


async def test_a_preview_shows_both_and_changes_nothing(backend, graph, tenant):
    web = await made(graph, tenant, "web shop")
    await allocate(backend, tenant)

    asked = {"month": "2026-09-30", "rules": [{"name": "all", "take": {"targetId": web}}]}
    found = (await graph.ask(PREVIEW, tenant.token, input=asked))["previewAllocation"]

    amounts = {
        one["targetId"]: (Decimal(one["currentBilled"]), Decimal(one["previewBilled"])) for one in found["totals"]
    }
    assert amounts == {web: (Decimal(0), Decimal("106.01")), None: (Decimal("106.01"), Decimal(0))}
    shown = (await graph.ask(COSTS, tenant.token, input=SEPTEMBER))["allocatedCosts"]
    assert [one["values"] for one in shown["groups"]] == [[None]]


async def test_rules_are_refused_with_line_and_field_and_leave_no_version(graph, tenant):
    web = await made(graph, tenant, "web shop")
    too_much = {"name": "p", "take": {"percentages": [{"targetId": web, "amount": "100.5"}]}}
    loop = [
        {"name": "x", "take": {"proportion": {"basis": ["y"]}}},
        {"name": "y", "take": {"proportion": {"basis": ["x"]}}},
    ]
    unknown = {"name": "u", "take": {"targetId": global_id("AllocationTarget", "0" * 24)}}

    answers = [
        await saved(graph, tenant, BY_TEAM, too_much),
        await saved(graph, tenant, BY_TEAM, *loop),
        await saved(graph, tenant, unknown),
    ]

    assert [(one["code"], one["path"]) for one in answers] == [
        ("BAD_USER_INPUT", ["input", "rules", "1", "take", "percentages"]),
        ("BAD_USER_INPUT", ["input", "rules", "1", "take", "proportion"]),
        ("BAD_USER_INPUT", ["input", "rules", "0", "take", "targetId"]),
    ]
    listed = await graph.ask("{ allocationRules { nodes { id } } }", tenant.token)
    assert listed["allocationRules"]["nodes"] == []


async def test_a_target_of_another_tenant_is_no_target_at_all(backend, graph, tenant):
    stranger = await make_tenant(backend)
    theirs = await made(graph, stranger, "theirs")

    refused = await saved(graph, tenant, {"name": "u", "take": {"targetId": theirs}})

    assert refused["message"] == "Rule 1: there is no such target, or it is archived."


async def test_rules_are_saved_on_top_of_the_version_one_worked_from(graph, tenant):
    web = await made(graph, tenant, "web")
    half = {"name": "half", "take": {"percentages": [{"targetId": web, "amount": "50.5"}]}}
    await saved(graph, tenant, BY_TEAM)
    await saved(graph, tenant, half, expectedVersion=1)

    late = await saved(graph, tenant, expectedVersion=1)

    assert late["code"] == "CONFLICT"
    listed = await graph.ask("{ allocationRules { nodes { version rules { definition } } } }", tenant.token)
    newest, first = listed["allocationRules"]["nodes"]
    assert (newest["version"], first["version"]) == (2, 1)
    assert newest["rules"][0]["definition"]["take"]["portions"][0]["amount"] == "50.5"


async def test_names_are_unique_whatever_the_spelling_and_the_tree_has_no_loop(graph, tenant):
    web = await made(graph, tenant, "Web Shop")
    part = await made(graph, tenant, "checkout", parentId=web)

    again = (await graph.ask(CREATE, tenant.token, input={"kind": "TEAM", "name": "web-shop"}))[
        "createAllocationTarget"
    ]
    blank = (await graph.ask(CREATE, tenant.token, input={"kind": "TEAM", "name": " - "}))["createAllocationTarget"]
    other = await made(graph, tenant, "web shop", kind="PRODUCT")
    asked = {"targetId": web, "name": "Web Shop", "parentId": part}
    loop = (await graph.ask(UPDATE, tenant.token, input=asked))["updateAllocationTarget"]

    assert (again["code"], again["path"]) == ("CONFLICT", ["input", "name"])
    assert blank["path"] == ["input", "name"]
    assert other
    assert (loop["code"], loop["path"]) == ("BAD_USER_INPUT", ["input", "parentId"])


async def test_a_target_changes_in_the_version_one_worked_from(graph, tenant):
    web = await made(graph, tenant, "web")

    changed = await graph.ask(UPDATE, tenant.token, input={"targetId": web, "name": "shop", "expectedVersion": 1})
    late = await graph.ask(UPDATE, tenant.token, input={"targetId": web, "name": "late", "expectedVersion": 1})

    assert changed["updateAllocationTarget"]["target"] == {"name": "shop", "version": 2}
    assert late["updateAllocationTarget"]["code"] == "CONFLICT"


async def test_a_target_is_archived_once_nothing_counts_on_it(graph, tenant):
    web = await made(graph, tenant, "web")
    part = await made(graph, tenant, "part", parentId=web)
    await saved(graph, tenant, {"name": "all", "take": {"targetId": part}})

    async def archived(id: str) -> dict[str, Any]:
        return (await graph.ask(ARCHIVE, tenant.token, input={"targetId": id}))["archiveAllocationTarget"]

    assert "part of this target" in (await archived(web))["message"]
    assert "A rule names this" in (await archived(part))["message"]
    await saved(graph, tenant)
    assert (await archived(part))["target"]["archivedAt"]
    assert (await archived(web))["target"]["archivedAt"]


async def test_a_month_is_closed_and_worked_out_again_on_purpose_only(backend, graph, tenant, tmp_path):
    asked = {"month": "2026-09-01"}
    early = (await graph.ask(CLOSE, tenant.token, input=asked))["closeAllocationMonth"]
    await allocate(backend, tenant)
    is_open = (await graph.ask(RERUN, tenant.token, input={**asked, "reason": "r"}))["rerunAllocation"]

    closed = (await graph.ask(CLOSE, tenant.token, input=asked))["closeAllocationMonth"]
    again = (await graph.ask(CLOSE, tenant.token, input=asked))["closeAllocationMonth"]
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="1")]))
    rerun = (await graph.ask(RERUN, tenant.token, input={**asked, "reason": "a credit"}))["rerunAllocation"]
    await allocate(backend, tenant)

    assert (early["code"], is_open["code"]) == ("CONFLICT", "CONFLICT")
    assert closed["month"]["month"] == "2026-09-01"
    assert again["month"] == closed["month"]
    assert rerun["month"]["isRerunAsked"] is True
    text = """{ allocationMonths { nodes { closedAt isRerunAsked runId formerRunIds } }
      allocationRuns { nodes { id state reason totals { billed } } } }"""
    seen = await graph.ask(text, tenant.token)
    (month,) = seen["allocationMonths"]["nodes"]
    runs = {one["id"]: one for one in seen["allocationRuns"]["nodes"]}
    assert month["closedAt"] is not None
    assert month["isRerunAsked"] is False
    assert runs[month["runId"]]["reason"] == "a credit"
    assert runs[month["formerRunIds"][0]]["state"] == "FORMER"
    audited = await graph.ask(
        '{ auditLog(filter: {action: "allocation.rerun"}) { nodes { target reason } } }', tenant.token
    )
    assert [one["reason"] for one in audited["auditLog"]["nodes"]] == ["a credit"]


async def test_who_only_looks_changes_nothing(backend, graph, tenant):
    viewer = await add_member(backend, tenant.organization, Role.USER)

    refused = await graph.refused(CREATE, viewer.token, input={"kind": "TEAM", "name": "x"})
    shown = await graph.ask(COSTS, viewer.token, input=SEPTEMBER)

    assert refused[0]["extensions"]["code"] == "FORBIDDEN"
    assert shown["allocatedCosts"]["currency"] == "USD"


async def test_a_trace_of_bills_that_changed_since_says_so(backend, graph, tenant, tmp_path):
    await allocate(backend, tenant)
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="1")]))

    refused = await graph.refused(TRACE, tenant.token, input=SEPTEMBER)

    assert refused[0]["extensions"]["code"] == "CONFLICT"
    assert date(2026, 9, 1).strftime("%Y-%m") in refused[0]["message"]


async def test_a_month_without_costs_says_what_to_load_and_one_with_costs_to_wait(graph, tenant):
    said = {
        month: (await graph.refused(COVERAGE, tenant.token, month=month))[0]["message"]
        for month in ("2026-09-15", "2026-08-15")
    }
    traced = await graph.refused(TRACE, tenant.token, input={"first": "2026-08-01", "until": "2026-08-02"})

    assert said["2026-09-15"] == "2026-09 was not worked out yet: try again in a moment."
    assert said["2026-08-15"] == traced[0]["message"]
    assert said["2026-08-15"].startswith("No costs of 2026-08 were loaded: load a bill")
