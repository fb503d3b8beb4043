"""Cost sources in the graph: made, shown, changed, paused, fetched and removed; and nobody else's."""

from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.cost_source import CostSource, FetchedMonth, FetchedObject
from domain.facts.cost_source import CostSourceKind
from domain.facts.credentials import DigitalOceanCredentials
from schema.node import global_id
from tests.factories.cost_source import NOW, again, make_source
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.aws import credentials
from tests.integration.test_disconnecting import DISCONNECT

SOURCE = """id kind provider name place isPaused fetchEveryMinutes version isFetching newestChargeDay problem
  settings { bucket prefix region months } account { name }"""


def mutation(name: str, input: str) -> str:
    success = f"{name[0].upper()}{name[1:]}Success"
    return f"""mutation($input: {input}!) {{ {name}(input: $input) {{
      __typename ... on {success} {{ source {{ {SOURCE} }} }} ... on UserError {{ message code path }}
    }} }}"""


CREATE = mutation("createCostSource", "CreateCostSourceInput")
UPDATE = mutation("updateCostSource", "UpdateCostSourceInput")
PAUSE = mutation("pauseCostSource", "PauseCostSourceInput")
REMOVE = mutation("removeCostSource", "CostSourceInput")
FETCH = mutation("fetchCosts", "CostSourceInput")
ONE = """query($id: ID!) { costSource(id: $id) { name months { month lineCount objectCount size fetchedAt waitsFor
  objects { name mark } } setup { steps permissions snippets { title content } } newestChargeDay } }"""
LISTED = "{ costSources(first: 10) { nodes { id name account { name } } totalCount } }"
EXPORT = {"awsDataExport": {"bucket": "our-bills", "prefix": "/exports/focus/"}}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def source(backend: Backend, tenant: Tenant) -> CostSource:
    settings = {"bucket": "bills", "prefix": "exports/focus"}
    return await make_source(
        backend, tenant, CostSourceKind.AWS_DATA_EXPORT, credentials("http://127.0.0.1:9"), settings
    )


def id_of(source: CostSource) -> str:
    return global_id("CostSource", source.id)


async def create(graph: Graph, tenant: Tenant, account_id: Any, settings: Any, **more: Any) -> dict[str, Any]:
    input = {"accountId": global_id("Account", account_id), "settings": settings, **more}
    answer: dict[str, Any] = (await graph.ask(CREATE, tenant.token, input=input))["createCostSource"]
    return answer


async def test_a_source_is_made_with_the_cadence_of_its_kind(graph, tenant, source):
    made = await create(graph, tenant, source.account_id, EXPORT, name="The bill")

    assert made["source"] == {
        "id": made["source"]["id"],
        "kind": "AWS_DATA_EXPORT",
        "provider": "AWS",
        "name": "The bill",
        "place": "s3://our-bills/exports/focus",
        "isPaused": False,
        "fetchEveryMinutes": 360,
        "version": 1,
        "isFetching": False,
        "newestChargeDay": None,
        "problem": None,
        "settings": {"bucket": "our-bills", "prefix": "exports/focus", "region": None, "months": None},
        "account": {"name": "Payer"},
    }


async def test_what_costs_by_the_request_is_asked_once_a_day(graph, tenant, source):
    made = await create(graph, tenant, source.account_id, {"awsCostExplorer": {"months": 3}})

    assert made["source"]["fetchEveryMinutes"] == 1440
    assert made["source"]["settings"]["months"] == 3


async def test_one_place_is_one_source(graph, tenant, source):
    again = await create(graph, tenant, source.account_id, {"awsDataExport": {"bucket": "bills", "prefix": EXPORT_AT}})

    assert (again["code"], again["message"]) == (
        "CONFLICT",
        "Bills are fetched from s3://bills/exports/focus already.",
    )


EXPORT_AT = "exports/focus"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"awsDataExport": {"bucket": "s3://bills", "prefix": "a"}}, "bucket"),
        ({"awsDataExport": {"bucket": "bills", "prefix": "a//b"}}, "prefix"),
        ({"awsDataExport": {"bucket": "bills", "prefix": "a", "region": "Frankfurt"}}, "region"),
    ],
)
async def test_settings_that_cannot_be_right_are_refused_with_their_field(graph, tenant, source, given, field):
    refused = await create(graph, tenant, source.account_id, given)

    assert refused["__typename"] == "ValidationError"
    assert refused["path"][-1] == field


async def test_an_account_of_another_provider_opens_nothing(backend, graph, tenant, source):
    token = DigitalOceanCredentials(token="t")  # made up
    kind = CostSourceKind.DIGITALOCEAN_INVOICES
    other = await make_source(backend, tenant, kind, token, {})

    refused = await create(graph, tenant, other.account_id, EXPORT)

    assert refused["message"] == "This is an account of DIGITALOCEAN: it opens no AWS_DATA_EXPORT."
    assert refused["path"] == ["input", "accountId"]


async def test_what_was_fetched_is_shown_with_how_to_set_it_up(graph, tenant, source):
    month = FetchedMonth(
        month="2026-10",
        mark="m",
        object_count=1,
        objects=[FetchedObject(name="a.csv", mark="e1")],
        size=3_000_000_000,
        line_count=7,
        fetched_at=NOW,
        waits_for="the manifest, which is written last",
    )
    newest = NOW.replace(hour=0)
    await CostSource.rows().update_one(
        {"_id": source.id}, {"$set": {"months": [month.model_dump()], "newest_charge_on": newest}}
    )

    shown = (await graph.ask(ONE, tenant.token, id=id_of(source)))["costSource"]

    assert shown["newestChargeDay"] == "2026-11-22"
    assert shown["months"] == [
        {
            "month": "2026-10",
            "lineCount": 7,
            "objectCount": 1,
            "size": 3_000_000_000,
            "fetchedAt": "2026-11-22T12:00:00Z",
            "waitsFor": "the manifest, which is written last",
            "objects": [{"name": "a.csv", "mark": "e1"}],
        }
    ]
    assert shown["setup"]["permissions"] == ["s3:ListBucket", "s3:GetObject"]
    assert any("bills" in snippet["content"] for snippet in shown["setup"]["snippets"])


async def test_a_source_is_changed_at_the_version_one_has_seen(graph, tenant, source):
    input = {"id": id_of(source), "expectedVersion": 1, "name": "Other", "fetchEveryMinutes": 60}

    changed = (await graph.ask(UPDATE, tenant.token, input=input))["updateCostSource"]
    stale = (await graph.ask(UPDATE, tenant.token, input=input))["updateCostSource"]

    shown = changed["source"]
    assert (shown["name"], shown["fetchEveryMinutes"], shown["version"]) == ("Other", 60, 2)
    assert stale["code"] == "CONFLICT"


async def test_other_settings_of_the_place_have_everything_fetched_anew(graph, tenant, source):
    await CostSource.rows().update_one({"_id": source.id}, {"$set": {"months": [{"month": "2026-10"}]}})
    settings = {"awsDataExport": {"bucket": "bills", "prefix": EXPORT_AT, "region": "eu-west-1"}}

    changed = await graph.ask(UPDATE, tenant.token, input={"id": id_of(source), "settings": settings})

    assert changed["updateCostSource"]["source"]["settings"]["region"] == "eu-west-1"
    assert (await again(source)).months == []


async def test_another_place_is_another_source(graph, tenant, source):
    refused = await graph.ask(UPDATE, tenant.token, input={"id": id_of(source), "settings": EXPORT})

    assert refused["updateCostSource"]["message"] == (
        "This is another place: make a source for it, and remove this one."
    )


async def test_a_change_of_nothing_is_refused(graph, tenant, source):
    refused = (await graph.ask(UPDATE, tenant.token, input={"id": id_of(source)}))["updateCostSource"]

    assert refused["message"] == "Name at least one thing to change."


async def test_a_paused_source_is_not_due_and_not_fetched(graph, tenant, source):
    paused = (await graph.ask(PAUSE, tenant.token, input={"id": id_of(source)}))["pauseCostSource"]
    refused = (await graph.ask(FETCH, tenant.token, input={"id": id_of(source)}))["fetchCosts"]
    stored = await again(source)
    on = (await graph.ask(PAUSE, tenant.token, input={"id": id_of(source), "isPaused": False}))["pauseCostSource"]

    assert paused["source"]["isPaused"]
    assert stored.next_fetch_at is None
    assert refused["message"] == "This cost source is paused: go on with it first."
    assert not on["source"]["isPaused"]
    assert (await again(source)).next_fetch_at is not None


async def test_a_source_is_removed_and_what_it_loaded_stays(graph, tenant, source):
    removed = (await graph.ask(REMOVE, tenant.token, input={"id": id_of(source)}))["removeCostSource"]
    gone = (await graph.ask(REMOVE, tenant.token, input={"id": id_of(source)}))["removeCostSource"]

    assert removed["source"]["name"] == source.name
    assert gone["code"] == "NOT_FOUND"


async def test_every_change_is_in_the_audit_log(graph, tenant, source):
    for text in (FETCH, PAUSE, REMOVE):
        await graph.ask(text, tenant.token, input={"id": id_of(source)})

    rows = documents.AuditEntry.rows().find({"org_id": tenant.organization.id, "target": f"cost_source:{source.id}"})
    assert {raw["action"] async for raw in rows} == {"cost_source.fetch", "cost_source.pause", "cost_source.remove"}


async def test_the_sources_of_a_disconnected_account_go_with_it(graph, tenant, source):
    await graph.ask(DISCONNECT, tenant.token, input={"accountId": global_id("Account", source.account_id)})

    assert (await graph.ask(LISTED, tenant.token))["costSources"]["totalCount"] == 0


async def test_a_member_sees_sources_and_changes_none(backend, graph, tenant, source):
    member = await add_member(backend, tenant.organization, Role.USER)

    seen = (await graph.ask(LISTED, member.token))["costSources"]

    assert [node["account"]["name"] for node in seen["nodes"]] == ["Payer"]
    refused = await graph.send(FETCH, member.token, input={"id": id_of(source)})
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_another_tenants_source_is_not_there(backend, graph, source):
    stranger = await make_tenant(backend)

    assert (await graph.ask(LISTED, stranger.token))["costSources"]["nodes"] == []
    for text, name in ((FETCH, "fetchCosts"), (PAUSE, "pauseCostSource"), (REMOVE, "removeCostSource")):
        refused = (await graph.ask(text, stranger.token, input={"id": id_of(source)}))[name]
        assert refused["code"] == "NOT_FOUND"
