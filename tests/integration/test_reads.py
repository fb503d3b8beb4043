"""What a list asks MongoDB for: the selected fields, related rows in one query each, nothing out of reach."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import Role
from documents.database import migrate
from schema.node import global_id
from tests.contract.graph_walk import GRAPH, selection
from tests.factories.crowd import make_crowd, make_crowds
from tests.factories.graph import Graph
from tests.factories.holdings import make_holdings
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.recorded import Commands, recorded

LISTS = ["accounts", "alerts", "budgets", "costLines", "findings", "resources", "syncs"]
NESTED = """
query($first: Int!) {
  alerts(first: $first) {
    nodes { id title account { name } finding { reason account { id } resource { name kind account { problem } } } }
  }
}
"""
SAVING = {"saving_amount", "saving_currency"}
BILLED = {"billed_cost", "billing_currency"}
# The list, and each of the five relations once.
QUERIES = 6


@dataclass(frozen=True)
class House:
    commands: Commands
    tenant: Tenant


@pytest.fixture(scope="module")
async def house(backend: Backend) -> AsyncIterator[House]:
    """A tenant with a thousand of everything in a database whose commands are recorded."""
    async with recorded(backend, "cloudwatcher_reads") as (_, commands):
        tenant = await make_tenant(backend)
        await make_crowd(tenant.organization.id, 1000)
        yield House(commands, tenant)


# Read once a second for each viewer.
TO_KNOW_WHO_ASKS = {"memberships", "custom_roles"}


async def asked(
    house: House, graph: Graph, query: str, **variables: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answer, and the finds on collections of tenants behind it."""
    with house.commands.recording() as commands:
        answer = await graph.ask(query, house.tenant.token, **variables)
    tenants_own = {document.get_settings().name for document in documents.TenantDocument.__subclasses__()}
    return answer, [one for one in commands if one.get("find") in tenants_own - {"cost_periods"} - TO_KNOW_WHO_ASKS]


@pytest.mark.parametrize(
    ("list", "selected", "fields"),
    [
        ("alerts", "title state", {"org_id", "raised_at", "title", "state"}),
        ("accounts", "provider", {"org_id", "name", "provider"}),
        ("findings", "monthlySaving { amount }", {*SAVING, "severity_rank", "opened_at", "org_id"}),
        ("resources", "id", {"org_id", "name"}),
        ("syncs", "said: step", {"org_id", "created_at", "step"}),
        ("costLines", "billed { amount }", {*BILLED, "org_id", "edition_id", "file", "charge_period_start"}),
    ],
)
async def test_mongodb_is_asked_for_the_selected_fields_and_the_order(
    house: House, graph: Graph, list: str, selected: str, fields: set[str]
) -> None:
    _, commands = await asked(house, graph, f"{{ {list} {{ nodes {{ {selected} }} }} }}")

    assert [set(command["projection"]) for command in commands] == [fields]


@pytest.mark.parametrize("first", [1, 3, 100])
async def test_related_rows_take_one_query_for_each_relation(house: House, graph: Graph, first: int) -> None:
    answer, commands = await asked(house, graph, NESTED, first=first)

    assert len(answer["alerts"]["nodes"]) == first
    assert len(commands) == QUERIES
    assert all(node["finding"]["resource"]["account"] is not None for node in answer["alerts"]["nodes"])


async def test_related_rows_are_read_with_their_selected_fields_only(house: House, graph: Graph) -> None:
    _, commands = await asked(house, graph, NESTED, first=3)

    # What else the process reads meanwhile, as the outbox, is read whole; what should be here and is not is missed.
    selected = [command for command in commands if "projection" in command]
    projections = sorted((command["find"], *sorted(command["projection"])) for command in selected)
    assert projections == [
        ("accounts", "name", "org_id"),
        ("accounts", "org_id"),
        ("accounts", "org_id", "problem"),
        ("alerts", "account_id", "finding_id", "org_id", "raised_at", "title"),
        ("findings", "account_id", "org_id", "reason", "resource_id"),
        ("resources", "account_id", "kind", "name", "org_id"),
    ]


async def test_a_count_alone_reads_no_rows(house: House, graph: Graph) -> None:
    answer, commands = await asked(house, graph, "{ alerts { totalCount } }")

    assert (answer["alerts"]["totalCount"], commands) == (1000, [])


@pytest.mark.parametrize("count", [1, 5, 50])
async def test_nodes_take_one_query_for_each_type_and_relation(house: House, graph: Graph, count: int) -> None:
    listed = await graph.ask("{ alerts(first: 50) { nodes { id finding { id } } } }", house.tenant.token)
    ids = [id for node in listed["alerts"]["nodes"][:count] for id in (node["id"], node["finding"]["id"])]
    query = """query($ids: [ID!]!) {
        nodes(ids: $ids) { id ... on Alert { title account { name } } ... on Finding { reason } }
    }"""

    answer, commands = await asked(house, graph, query, ids=ids)

    assert [node["id"] for node in answer["nodes"]] == ids
    assert sorted(command["find"] for command in commands) == ["accounts", "alerts", "findings"]


@pytest.mark.parametrize("first", [25, 99, 100])
async def test_a_page_is_one_round_trip(house: House, graph: Graph, first: int) -> None:
    _, commands = await asked(house, graph, f"{{ alerts(first: {first}) {{ nodes {{ id }} }} }}")

    # With room for one more than the limit the server closes the cursor by itself.
    assert [(command["limit"], command["batchSize"]) for command in commands] == [(first + 1, first + 2)]


@pytest.mark.parametrize("list", LISTS)
async def test_a_list_shows_what_each_item_shows_by_itself(house: House, graph: Graph, list: str) -> None:
    type_ = GRAPH.query_type.fields[list].type.of_type.fields["nodes"].type.of_type.of_type.of_type
    parts = selection(type_, 3)
    listed = (await graph.ask(f"{{ {list}(first: 10) {{ nodes {parts} }} }}", house.tenant.token))[list]["nodes"]

    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {type_.name} {parts} }} }}"
    alone = await graph.ask(query, house.tenant.token, ids=[node["id"] for node in listed])

    assert len(listed) == 10
    assert alone["nodes"] == listed


async def test_rows_beyond_the_viewers_reach_are_null_like_those_that_are_gone(
    house: House, backend: Backend, graph: Graph
) -> None:
    us, stranger = await make_tenant(backend), await make_tenant(backend)
    ours, theirs = await make_holdings(us), await make_holdings(stranger)
    alerts = documents.Alert.rows()
    await alerts.update_one({"_id": ours["Alert"].id}, {"$set": {"account_id": theirs["Account"].id}})
    query = "{ alerts { nodes { account { name } finding { title } } } }"

    across = await graph.ask(query, us.token)
    await alerts.update_one({"_id": ours["Alert"].id}, {"$set": {"account_id": ObjectId(), "finding_id": None}})
    gone = await graph.ask(query, us.token)

    assert across["alerts"]["nodes"] == [{"account": None, "finding": {"title": "secret-finding"}}]
    assert gone["alerts"]["nodes"] == [{"account": None, "finding": None}]


async def test_what_comes_one_by_one_reaches_its_related_rows_too(house: House, backend: Backend, graph: Graph) -> None:
    us, stranger = await make_tenant(backend), await make_tenant(backend)
    ours, theirs = await make_holdings(us), await make_holdings(stranger)
    finding = documents.Finding.rows()
    await finding.update_one({"_id": ours["Finding"].id}, {"$set": {"account_id": theirs["Account"].id}})
    mutation = """mutation($id: ID!) {
        acknowledgeAlert(input: {alertId: $id}) {
            ... on AcknowledgeAlertSuccess { alert { account { name } finding { account { name } resource { name } } } }
        }
    }"""

    answer = await graph.ask(mutation, us.token, id=global_id("Alert", ours["Alert"].id))

    related = {"account": None, "resource": {"name": "secret-bucket"}}
    assert answer["acknowledgeAlert"]["alert"] == {"account": {"name": "secret-account"}, "finding": related}


async def test_a_provider_pages_through_all_its_clients_in_order(house: House, backend: Backend, graph: Graph) -> None:
    provider = await make_tenant(backend, kind=documents.OrganizationKind.MSP, role=Role.MSP_ADMIN)
    # More than are asked about at once.
    clients = [{"_id": ObjectId(), "msp_id": provider.organization.id, "kind": "COMPANY"} for _ in range(120)]
    await documents.Organization.get_pymongo_collection().insert_many([{**one, "name": "c"} for one in clients])
    await make_crowds([client["_id"] for client in clients], 3)
    query = """query($after: Cursor) {
        findings(first: 100, after: $after, filter: {severities: [LOW, CRITICAL, HIGH]}) {
            nodes { id severity } pageInfo { hasNextPage endCursor } totalCount } }"""

    nodes, after = [], None
    while True:
        page = (await graph.ask(query, provider.token, after=after))["findings"]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    order = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]
    # Three findings of each client: CRITICAL, HIGH and MEDIUM.
    assert len({node["id"] for node in nodes}) == len(nodes) == page["totalCount"] == 240
    assert nodes == sorted(nodes, key=lambda node: order.index(node["severity"]))


async def test_migrating_drops_the_indexes_of_earlier_versions(house: House) -> None:
    database = documents.Alert.rows().database
    await documents.Alert.rows().create_index([("org_id", 1), ("raised_at", -1), ("_id", -1)], name="org_raised")

    first = await migrate(database.client, database.name)
    second = await migrate(database.client, database.name)

    assert "dropped index alerts.org_raised" in first
    assert second == []
    assert "org_raised" not in await documents.Alert.rows().index_information()
