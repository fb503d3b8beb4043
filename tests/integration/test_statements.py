"""Monthly statements: open, adjusted, closed once, reopened with a reason, held against what the month costs now."""

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import httpx2
import pypdf
import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents import Role
from documents.channel import Channel
from documents.delivery import Delivery
from domain.allocation.rule import AllocationRule, ByTag
from domain.costs.statement import statement_hash
from domain.facts.allocation import AllocationKind
from domain.facts.channel import ChannelKind, ChannelState
from jobs.tasks.export_costs import export_costs
from schema.node import global_id, local_id
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.test_allocation import allocate, save, target

SHOWN = "{ id state kind month version versions { number hash closedBy reopenedReason totals { due { amount } } } }"
DOES = """
mutation($input: %sInput!) { answer: %s(input: $input) {
  __typename ... on %sSuccess { statement %s } ... on UserError { code message path }
} }
"""
AMOUNTS = """query($id: ID!, $number: Int) { statementAmounts(id: $id, number: $number) {
  number basis costsLoadedAt
  lines { target name targetKind billed { amount currency } effective { amount } }
  adjustments { id target name amount { amount } reason by }
  totals { billed { amount } effective { amount } adjusted { amount } due { amount currency } }
} }"""
DIFFERENCE = """query($id: ID!) { statementDifference(id: $id) {
  target name old { amount } new { amount } difference { amount currency }
} }"""
REOPEN_MONTH = """mutation($input: ReopenAllocationMonthInput!) { reopenAllocationMonth(input: $input) {
  __typename ... on ReopenAllocationMonthSuccess { month { closedAt } } ... on UserError { code } } }"""
FILE = """mutation($input: RequestStatementFileInput!) { requestStatementFile(input: $input) {
  __typename ... on RequestStatementFileSuccess { export { id format } } ... on UserError { code path }
} }"""
DOWNLOAD = "query($id: ID!) { costDownload(id: $id) { url } }"
WEB, OPS = '{"team": "web"}', '{"team": "Größe Жук 中文"}'
ROWS = [
    focus_row(BilledCost="6.004", EffectiveCost="5", Tags=WEB),
    focus_row(BilledCost="3.003", EffectiveCost="2", Tags=OPS),
    focus_row(BilledCost="1.003", EffectiveCost="1", Tags=""),
]


@pytest.fixture
async def tenant(backend: Backend, tmp_path: Path) -> Tenant:
    return await make_allocated_tenant(backend, tmp_path)


async def make_allocated_tenant(backend: Backend, tmp_path: Path) -> Tenant:
    """A tenant with costs of September, two teams that owe them, and one that owes nothing."""
    made = await make_tenant(backend)
    for name in ("web", "Größe Жук 中文", "new"):
        await target(made, name)
    await save(made, AllocationRule(name="by team", take=ByTag(key="team", kind=AllocationKind.TEAM)))
    await load(backend, made, write_csv(tmp_path / "a.csv", ROWS))
    await allocate(backend, made)
    return made


async def does(graph: Graph, tenant: Tenant, verb: str, **fields: Any) -> dict[str, Any]:
    """The answer to a mutation of statements."""
    name = verb[0].upper() + verb[1:]
    query = DOES % (name, verb, name, SHOWN)
    answer: dict[str, Any] = (await graph.ask(query, tenant.token, input=fields))["answer"]
    return answer


async def opened(graph: Graph, tenant: Tenant, month: str = "2026-09-15", **fields: Any) -> str:
    answer = await does(graph, tenant, "openStatement", month=month, **fields)
    id: str = answer["statement"]["id"]
    return id


async def difference(graph: Graph, tenant: Tenant, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graph.ask(DIFFERENCE, tenant.token, id=id))["statementDifference"]
    return found


async def amounts(graph: Graph, tenant: Tenant, id: str, number: int | None = None) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(AMOUNTS, tenant.token, id=id, number=number))["statementAmounts"]
    return found


def billed(found: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Names with amounts; nobody has no name."""
    return [(line["target"] and line["name"], line["billed"]["amount"]) for line in found["lines"]]


async def id_of(tenant: Tenant, name: str) -> str:
    """The global id of the target of this name."""
    (found,) = await documents.AllocationTarget.list_in(tenant.scope, {"name": name})
    return global_id("AllocationTarget", found.id)


async def test_an_open_statement_gives_every_cent_of_the_bill_to_a_team_or_to_nobody(
    graph: Graph, tenant: Tenant
) -> None:
    id = await opened(graph, tenant)

    found = await amounts(graph, tenant, id)

    # 6.004 + 3.003 + 1.003 is 10.01; cut to cents the parts are 10.00, and 6.004 lost most.
    assert billed(found) == [("Größe Жук 中文", "3.00"), ("web", "6.01"), (None, "1.00")]
    (total,) = found["totals"]
    assert (total["billed"]["amount"], total["effective"]["amount"]) == ("10.01", "8.00")
    assert total["due"] == {"amount": "10.01", "currency": "USD"}
    assert (found["number"], found["basis"]) == (None, "allocation rules, version 1")
    assert found["costsLoadedAt"] is not None


async def test_a_month_has_one_statement_of_the_usual_kind(graph: Graph, tenant: Tenant) -> None:
    first = await does(graph, tenant, "openStatement", month="2026-09-30", kind="CHARGEBACK")
    again = await does(graph, tenant, "openStatement", month="2026-09-01", kind="SHOWBACK")
    other = await does(graph, tenant, "openStatement", month="2026-10-01")

    assert first["statement"]["month"] == "2026-09-01"
    assert again["statement"] == first["statement"]
    assert other["statement"]["kind"] == "CHARGEBACK"


async def test_two_who_open_a_month_at_once_get_the_same_statement(graph: Graph, tenant: Tenant) -> None:
    ids = await asyncio.gather(*(opened(graph, tenant) for _ in range(4)))

    assert len(set(ids)) == 1


async def test_closing_freezes_what_was_shown_whatever_is_loaded_later(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    id = await opened(graph, tenant)
    before = await amounts(graph, tenant, id)
    closed = (await does(graph, tenant, "closeStatement", statementId=id))["statement"]
    restated = [ROWS[0] | {"BilledCost": "7"}, *ROWS[1:], focus_row(BilledCost="4", Tags='{"team": "new"}')]
    await load(backend, tenant, write_csv(tmp_path / "b.csv", restated))

    after, early = await amounts(graph, tenant, id), await difference(graph, tenant, id)
    await graph.ask(REOPEN_MONTH, tenant.token, input={"month": "2026-09-01", "reason": "a restatement"})
    await allocate(backend, tenant)
    changes = await difference(graph, tenant, id)

    assert (closed["state"], [one["number"] for one in closed["versions"]]) == ("CLOSED", [1])
    assert after == before | {"number": 1}
    # What each target owes is closed as well, so that it is not known yet who owes the 4.996 more: 10.01 is 15.01 now.
    assert [(one["name"], one["difference"]["amount"]) for one in early] == [
        ("Größe Жук 中文", "0.00"),
        ("web", "0.00"),
        ("Not allocated", "5.00"),
    ]
    # The bill is 15.006 now, 15.01 in cents: 3.003, 4, 7 and 1.003 are 15.00, and one of those with .003 gets a cent.
    told = [(one["target"] and one["name"], one["old"]["amount"], one["new"]["amount"]) for one in changes]
    assert told == [
        ("Größe Жук 中文", "3.00", "3.01"),
        ("new", "0", "4.00"),
        ("web", "6.01", "7.00"),
        (None, "1.00", "1.00"),
    ]
    assert [one["difference"]["amount"] for one in changes] == ["0.01", "4.00", "0.99", "0.00"]


async def test_the_hash_of_a_version_can_be_worked_out_from_what_is_stored(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant)
    await does(graph, tenant, "closeStatement", statementId=id)

    statement = await documents.Statement.get_in(tenant.scope, local_id("Statement", id))
    closed = statement.closed(1)

    about = {"org_id": tenant.org_id, "month": "2026-09", "kind": closed.kind, "number": 1}
    about |= {"closed_by": closed.closed_by, "closed_at": closed.closed_at}
    assert statement_hash(about, closed.amounts) == closed.hash


async def test_a_month_that_has_not_ended_stays_open(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant, "2089-01-01")

    answer = await does(graph, tenant, "closeStatement", statementId=id)

    assert (answer["code"], "has not ended" in answer["message"]) == ("CONFLICT", True)


async def test_of_two_who_close_at_once_one_wins(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant)

    answers = await asyncio.gather(*(does(graph, tenant, "closeStatement", statementId=id) for _ in range(2)))

    assert sorted(one["__typename"] for one in answers) == ["CloseStatementSuccess", "ConflictError"]
    statement = await documents.Statement.get_in(tenant.scope, local_id("Statement", id))
    assert [one.number for one in statement.versions] == [1]


async def test_reopening_takes_a_reason_and_closing_again_makes_the_next_version(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant)
    early = await does(graph, tenant, "reopenStatement", statementId=id, reason="too early")
    await does(graph, tenant, "closeStatement", statementId=id)
    twice = await does(graph, tenant, "closeStatement", statementId=id)
    unsaid = await does(graph, tenant, "reopenStatement", statementId=id, reason="")
    again = (await does(graph, tenant, "reopenStatement", statementId=id, reason="a late credit"))["statement"]
    await does(graph, tenant, "addStatementAdjustment", statementId=id, target=await id_of(tenant, "web"), **CREDIT)
    closed = (await does(graph, tenant, "closeStatement", statementId=id))["statement"]

    assert (early["code"], twice["code"], unsaid["path"]) == ("CONFLICT", "CONFLICT", ["input", "reason"])
    assert (again["state"], again["versions"][0]["reopenedReason"]) == ("OPEN", "a late credit")
    assert [one["totals"][0]["due"]["amount"] for one in closed["versions"]] == ["10.01", "8.51"]
    assert len({one["hash"] for one in closed["versions"]}) == 2
    assert (await amounts(graph, tenant, id, 1))["adjustments"] == []
    assert (await amounts(graph, tenant, id))["number"] == 2


CREDIT = {"amount": "-1.50", "currency": "USD", "reason": "A credit that came late"}


async def test_an_adjustment_stands_apart_with_its_reason_until_it_is_taken_back(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant)
    await does(graph, tenant, "addStatementAdjustment", statementId=id, target=await id_of(tenant, "web"), **CREDIT)

    found = await amounts(graph, tenant, id)
    (one,) = found["adjustments"]
    wrong = await does(graph, tenant, "removeStatementAdjustment", statementId=id, adjustment="no such")
    await does(graph, tenant, "removeStatementAdjustment", statementId=id, adjustment=one["id"])
    after = await amounts(graph, tenant, id)

    assert (one["name"], one["amount"]["amount"], one["reason"]) == ("web", "-1.50", CREDIT["reason"])
    assert one["by"] == f"user:{tenant.user.id}"
    assert dict(billed(found))["web"] == "6.01"
    (total,) = found["totals"]
    assert (total["billed"]["amount"], total["adjusted"]["amount"]) == ("10.01", "-1.50")
    assert total["due"]["amount"] == "8.51"
    assert wrong["code"] == "NOT_FOUND"
    assert (after["adjustments"], after["totals"][0]["due"]["amount"]) == ([], "10.01")


@pytest.mark.parametrize(
    ("fields", "path"),
    [({"amount": "0"}, "amount"), ({"reason": "  "}, "reason"), ({"amount": "0.001"}, "amount")],
)
async def test_an_adjustment_that_says_nothing_is_refused(
    graph: Graph, tenant: Tenant, fields: dict[str, str], path: str
) -> None:
    id = await opened(graph, tenant)

    answer = await does(
        graph, tenant, "addStatementAdjustment", statementId=id, target=await id_of(tenant, "web"), **CREDIT | fields
    )

    assert answer["path"] == ["input", path]


async def test_a_closed_statement_takes_no_adjustment_and_an_old_version_none_either(
    graph: Graph, tenant: Tenant
) -> None:
    id = await opened(graph, tenant)
    await does(graph, tenant, "addStatementAdjustment", statementId=id, **CREDIT)
    stale = await does(graph, tenant, "addStatementAdjustment", statementId=id, expectedVersion=1, **CREDIT)
    await does(graph, tenant, "closeStatement", statementId=id, expectedVersion=2)

    added = await does(graph, tenant, "addStatementAdjustment", statementId=id, **CREDIT)
    statement = await documents.Statement.get_in(tenant.scope, local_id("Statement", id))
    removed = await does(
        graph, tenant, "removeStatementAdjustment", statementId=id, adjustment=statement.adjustments[0].id
    )

    assert stale["path"] == ["input", "expectedVersion"]
    assert [one["code"] for one in (added, removed)] == ["CONFLICT", "CONFLICT"]
    assert "reopen it first" in added["message"]


async def made(graph: Graph, backend: Backend, tenant: Tenant, **fields: Any) -> httpx2.Response:
    """A file of a statement, asked for, made and downloaded."""
    export = (await graph.ask(FILE, tenant.token, input=fields))["requestStatementFile"]["export"]
    args = {"org_id": tenant.org_id, "export_id": local_id("CostExport", export["id"])}
    assert await export_costs(options(backend)["ctx"], **args) == "SUCCEEDED"
    url = (await graph.ask(DOWNLOAD, tenant.token, id=export["id"]))["costDownload"]["url"]
    async with httpx2.AsyncClient() as http:
        return await http.get(graph.address + httpx2.URL(url).path)


async def test_a_closed_version_is_printed_with_every_name_and_amount_and_twice_alike(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    id = await opened(graph, tenant)
    await does(graph, tenant, "addStatementAdjustment", statementId=id, target=await id_of(tenant, "web"), **CREDIT)
    closed = (await does(graph, tenant, "closeStatement", statementId=id))["statement"]

    file = await made(graph, backend, tenant, statementId=id, format="STATEMENT_PDF")
    again = await made(graph, backend, tenant, statementId=id, format="STATEMENT_PDF", number=1)

    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(file.content)).pages)
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == 'attachment; filename="statement-2026-09-v1.pdf"'
    assert file.content == again.content
    for part in ("Showback statement 2026-09", "Größe Жук 中文", "Not allocated", "6.01", "-1.50", "8.51"):
        assert part in text
    assert CREDIT["reason"] in text
    assert closed["versions"][0]["hash"] in text.replace("\n", "")


async def test_a_draft_is_a_table_that_says_it_is_one(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id = await opened(graph, tenant)
    await does(
        graph,
        tenant,
        "addStatementAdjustment",
        statementId=id,
        target=await id_of(tenant, "web"),
        **CREDIT | {"reason": "=1+1"},
    )

    file = await made(graph, backend, tenant, statementId=id, format="STATEMENT_CSV")

    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))
    assert {(row["Month"], row["Version"]) for row in rows} == {("2026-09", "draft")}
    assert [(row["Part"], row["Target"], row["Due"]) for row in rows] == [
        ("Costs", "Größe Жук 中文", "3.00"),
        ("Costs", "web", "6.01"),
        ("Costs", "Not allocated", "1.00"),
        ("Adjustment", "web", "-1.50"),
        ("Total", "", "8.51"),
    ]
    assert rows[3]["Reason"] == "'=1+1"
    export = await documents.CostExport.find_in(tenant.scope, {})
    assert export is not None
    # The lines of costs.
    assert (export.done, export.total) == (3, 3)


async def test_a_file_of_another_kind_or_version_is_refused(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant)

    kind = await graph.ask(FILE, tenant.token, input={"statementId": id, "format": "FOCUS_CSV"})
    number = await graph.ask(FILE, tenant.token, input={"statementId": id, "format": "STATEMENT_CSV", "number": 3})

    assert kind["requestStatementFile"]["path"] == ["input", "format"]
    assert number["requestStatementFile"]["code"] == "NOT_FOUND"


async def make_channel(tenant: Tenant, state: ChannelState = ChannelState.VERIFIED) -> str:
    channel = Channel(
        org_id=tenant.organization.id,
        name=str(ObjectId()),
        kind=ChannelKind.EMAIL,
        shown="t@",
        settings=b"",
        state=state,
    )
    await channel.insert()
    return global_id("Channel", channel.id)


async def test_a_closed_statement_is_sent_through_each_channel_once(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    id, one, other = await opened(graph, tenant), await make_channel(tenant), await make_channel(tenant)
    early = await does(graph, tenant, "sendStatement", statementId=id, channelIds=[one])
    await does(graph, tenant, "closeStatement", statementId=id)
    theirs = await make_channel(await make_tenant(backend))
    unproven = await make_channel(tenant, ChannelState.UNVERIFIED)

    sent = await does(graph, tenant, "sendStatement", statementId=id, channelIds=[one, other, one])
    refused = [
        await does(graph, tenant, "sendStatement", statementId=id, channelIds=[one, bad]) for bad in (theirs, unproven)
    ]

    assert (early["code"], sent["__typename"]) == ("CONFLICT", "SendStatementSuccess")
    assert [answer["code"] for answer in refused] == ["NOT_FOUND", "CONFLICT"]
    deliveries = await Delivery.list_in(tenant.scope, {})
    assert sorted(global_id("Channel", delivery.channel_id) for delivery in deliveries) == sorted([one, other])
    assert {delivery.title for delivery in deliveries} == {
        f"Showback statement 2026-09, version 1: {tenant.organization.name}"
    }
    assert "Due in USD: 10.01 USD (billed 10.01)" in deliveries[0].notice["message"]
    assert deliveries[0].notice["link"] == backend.settings.public_url


async def test_every_step_is_audited(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant)
    await does(graph, tenant, "addStatementAdjustment", statementId=id, **CREDIT)
    statement = await documents.Statement.get_in(tenant.scope, local_id("Statement", id))
    await does(graph, tenant, "removeStatementAdjustment", statementId=id, adjustment=statement.adjustments[0].id)
    await does(graph, tenant, "closeStatement", statementId=id)
    await does(graph, tenant, "sendStatement", statementId=id, channelIds=[await make_channel(tenant)])
    await does(graph, tenant, "reopenStatement", statementId=id, reason="because")

    about = {"org_id": tenant.organization.id, "target": f"statement:{local_id('Statement', id)}"}
    entries = documents.AuditEntry.rows().find(about).sort("seq", 1)

    assert [one["action"] async for one in entries] == [
        "statement.open",
        "statement.adjust",
        "statement.remove_adjustment",
        "statement.close",
        "statement.send",
        "statement.reopen",
    ]


async def test_members_read_statements_and_strangers_find_none(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id = await opened(graph, tenant)
    reader, stranger = await add_member(backend, tenant.organization, Role.USER), await make_tenant(backend)
    query = DOES % ("CloseStatement", "closeStatement", "CloseStatement", SHOWN)

    (forbidden,) = await graph.refused(query, reader.token, input={"statementId": id})
    (theirs,) = await graph.refused(AMOUNTS, stranger.token, id=id)
    (nobodys,) = await graph.refused(AMOUNTS, stranger.token, id=global_id("Statement", "0" * 24))

    assert billed(await amounts(graph, reader, id))[1] == ("web", "6.01")
    assert forbidden["extensions"]["code"] == "FORBIDDEN"
    assert theirs["message"] == nobodys["message"]
    never = await graph.refused(DIFFERENCE, reader.token, id=id)
    assert never[0]["extensions"]["code"] == "CONFLICT"
