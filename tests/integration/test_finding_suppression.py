"""Findings that somebody lives with: suppressed, given back, open again at the end, resolved with their fault."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from documents.tally import Tally, recount, tally_in
from domain.facts.scope import Scope
from jobs.tasks.reopen_findings import reopen_findings
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.machine import make_machine
from tests.factories.synthetic_account import a_vendor, connect, context_of, register, sync
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.synthetic import Synthetic

FIELDS = "id state suppressedBy suppressedUntil suppressionReason resolution"
SUPPRESS = f"""mutation($input: SuppressFindingInput!) {{ suppressFinding(input: $input) {{
  ... on SuppressFindingSuccess {{ finding {{ {FIELDS} }} }} ... on UserError {{ message code path }} }} }}"""
UNSUPPRESS = f"""mutation($input: UnsuppressFindingInput!) {{ unsuppressFinding(input: $input) {{
  ... on UnsuppressFindingSuccess {{ finding {{ {FIELDS} }} }} ... on UserError {{ message code path }} }} }}"""
GROUP_OPEN = {"rule_id": "aws-sg-admin-open"}


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


async def synced(backend: Backend, vendor: Synthetic, tenant: Tenant) -> documents.Account:
    account = await connect(backend, vendor, tenant)
    await sync(backend, account)
    return account


async def finding_in(tenant: Tenant, where: dict[str, Any] = GROUP_OPEN) -> documents.Finding:
    found = await documents.Finding.find_in(tenant.scope, where)
    assert found is not None
    return found


async def suppress(graph: Graph, token: str, finding: documents.Finding, **more: Any) -> dict[str, Any]:
    input = {"id": global_id("Finding", finding.id), "reason": "It is a honeypot.", **more}
    answer: dict[str, Any] = (await graph.ask(SUPPRESS, token, input=input))["suppressFinding"]
    return answer


async def unsuppress(graph: Graph, token: str, finding: documents.Finding) -> dict[str, Any]:
    input = {"id": global_id("Finding", finding.id)}
    answer: dict[str, Any] = (await graph.ask(UNSUPPRESS, token, input=input))["unsuppressFinding"]
    return answer


async def reopen(backend: Backend, days: int) -> int:
    return await reopen_findings({"context": context_of(backend, now=lambda: utc_now() + timedelta(days=days))})


async def alert_state(tenant: Tenant, finding: documents.Finding) -> str:
    alert = await documents.Alert.find_in(tenant.scope, {"finding_id": finding.id})
    assert alert is not None
    return alert.state.value


async def assert_tally_is_right(scope: Scope) -> Tally:
    kept = await tally_in(scope)
    await recount(ObjectId(scope.only()))
    told, again = (
        [{name: much for name, much in kind.items() if much} for kind in (one.open_findings, one.saving)]
        for one in (kept, await tally_in(scope))
    )
    assert told == again
    return kept


def in_days(days: int) -> str:
    return (utc_now() + timedelta(days=days)).isoformat()


async def test_a_suppressed_finding_stays_so_while_it_fires_and_counts_nowhere(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    account = await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)
    before = await assert_tally_is_right(tenant.scope)

    answer = await suppress(graph, tenant.token, finding)
    shown = answer["finding"]
    after = await assert_tally_is_right(tenant.scope)
    await sync(backend, account)

    assert (shown["state"], shown["suppressedBy"]) == ("SUPPRESSED", f"user:{tenant.user.id}")
    assert (shown["suppressedUntil"], shown["suppressionReason"]) == (None, "It is a honeypot.")
    assert after.open_findings[finding.severity] == before.open_findings[finding.severity] - 1
    assert await alert_state(tenant, finding) == "RESOLVED"
    again = await finding_in(tenant)
    assert (again.state, again.suppression_reason) == ("SUPPRESSED", "It is a honeypot.")
    assert again.last_seen_at > finding.last_seen_at
    await assert_tally_is_right(tenant.scope)


async def test_it_is_resolved_with_its_fault_and_opens_anew_without_old_terms(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    account = await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)
    await suppress(graph, tenant.token, finding, until=in_days(30))
    groups, vendor.lists["groups"] = vendor.lists["groups"], vendor.lists["groups"][1:]

    await sync(backend, account)
    gone = await finding_in(tenant)
    vendor.lists["groups"] = groups
    await sync(backend, account)
    back = await finding_in(tenant)

    assert (gone.state, gone.suppressed_until) == ("RESOLVED", None)
    assert gone.resolution == "GONE: a complete read no longer listed the resource."
    assert (back.state, back.suppressed_by, back.resolution) == ("OPEN", None, None)
    assert await reopen(backend, 31) == 0
    await assert_tally_is_right(tenant.scope)


async def test_it_opens_by_itself_when_its_end_has_come_once_and_is_told_of(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)
    before = await tally_in(tenant.scope)
    await suppress(graph, tenant.token, finding, until=in_days(10))

    opened = [await reopen(backend, 9), await reopen(backend, 11), await reopen(backend, 11)]

    assert opened == [0, 1, 0]
    again = await finding_in(tenant)
    assert (again.state, again.suppressed_until) == ("OPEN", None)
    assert await alert_state(tenant, finding) == "OPEN"
    assert (await assert_tally_is_right(tenant.scope)).open_findings == before.open_findings
    types = [raw["type"] async for raw in documents.Event.rows().find({"org_id": tenant.organization.id})]
    assert types.count("FindingChanged") == 2
    entries = await documents.AuditEntry.list_in(tenant.scope, {"target": f"finding:{finding.id}"})
    acts = [(entry.action, entry.actor) for entry in sorted(entries, key=lambda entry: entry.seq)]
    assert acts == [
        ("finding.suppress", f"user:{tenant.user.id}"),
        ("finding.reopen", "job:reopen_findings"),
    ]


async def test_it_is_given_back_before_its_end_and_only_once(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)
    await suppress(graph, tenant.token, finding, until=in_days(10))
    changed = await suppress(graph, tenant.token, finding, reason="Until the move.", until=in_days(366 - 1))

    first, second = [await unsuppress(graph, tenant.token, finding) for _ in range(2)]

    assert changed["finding"]["suppressionReason"] == "Until the move."
    assert first["finding"]["state"] == "OPEN"
    assert (second["code"], second["message"]) == ("CONFLICT", "This finding is open: look at it again.")
    assert await alert_state(tenant, finding) == "OPEN"
    await assert_tally_is_right(tenant.scope)


@pytest.mark.parametrize("until", [-1, 367])
async def test_an_end_in_the_past_or_beyond_a_year_names_its_field(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant, until: int
) -> None:
    await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)

    answer = await suppress(graph, tenant.token, finding, until=in_days(until))
    empty = await suppress(graph, tenant.token, finding, reason="")

    assert answer["path"] == ["input", "until"]
    assert empty["path"][-1] == "reason"
    assert (await finding_in(tenant)).state == "OPEN"


async def test_a_strangers_finding_looks_missing_and_a_member_without_the_right_is_refused(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)
    stranger, user = await make_tenant(backend), await add_member(backend, tenant.organization, Role.USER)

    missing = await suppress(graph, stranger.token, finding)
    refused = await graph.refused(
        SUPPRESS, user.token, input={"id": global_id("Finding", finding.id), "reason": "It is mine."}
    )

    assert missing["code"] == "NOT_FOUND"
    assert [error["extensions"]["code"] for error in refused] == ["FORBIDDEN"]
    assert (await finding_in(tenant)).state == "OPEN"


async def test_a_machine_with_the_permission_suppresses(
    backend: Backend, graph: Graph, vendor: Synthetic, tenant: Tenant
) -> None:
    await synced(backend, vendor, tenant)
    finding = await finding_in(tenant)
    machine = await make_machine(tenant, "findings:read", "findings:manage")

    answer = await suppress(graph, machine.token, finding)

    assert answer["finding"]["suppressedBy"] == f"service:{machine.account.id}"
