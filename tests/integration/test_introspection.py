"""Who may learn the schema from the server: those who develop against it; others not even by its mistakes' messages."""

from collections.abc import AsyncIterator

import pytest
from graphql import GraphQLSchema, build_schema, get_introspection_query, parse, validate
from graphql.execution import get_variable_values

from app.graphql.assembly import sdl
from app.web import Web, serving
from app.wiring import Backend
from documents import Role
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.production import in_production
from tests.factories.tenant import add_member, make_tenant

ASKS = ["{ __schema { queryType { name } } }", '{ version ...F } fragment F on Query { __type(name: "User") { name } }']


@pytest.fixture(scope="module")
async def production(backend: Backend) -> Backend:
    return in_production(backend)


@pytest.fixture(scope="module")
async def closed(production: Backend) -> AsyncIterator[str]:
    async with serving(Web(production)) as address:
        yield address


@pytest.fixture
async def client(closed: str) -> AsyncIterator[Graph]:
    async with Graph.connected(closed) as opened:
        yield opened


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The same schema with nothing of ours around it."""
    return build_schema(sdl())


@pytest.mark.parametrize("query", ASKS)
async def test_strangers_do_not_introspect_in_production(client, query):
    (error,) = await client.refused(query)

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == "You may not introspect the schema here."


@pytest.mark.parametrize(
    ("role", "may"), [(Role.CLIENT_VIEWER, False), (Role.USER, False), (Role.ADMIN, True), (Role.MSP_ADMIN, True)]
)
@pytest.mark.parametrize("query", [*ASKS, get_introspection_query()], ids=["schema", "type", "standard"])
async def test_in_production_a_permission_is_needed_to_introspect(client, production, role, may, query):
    tenant = await make_tenant(production)
    member = await add_member(production, tenant.organization, role)

    body = await client.send(query, member.token)

    assert ("errors" not in body) is may


async def test_sockets_are_held_to_the_same(closed, production):
    tenant = await make_tenant(production, role=Role.USER)
    async with socket(closed, tenant.token) as opened:
        await subscribe(opened, ASKS[0])
        message = await anext(messages(opened))

    assert message["type"] in {"next", "error"}
    assert "You may not introspect the schema here." in str(message["payload"])


async def test_everybody_may_ask_what_type_an_object_is(client):
    assert await client.ask("{ __typename }") == {"__typename": "Query"}


async def test_in_development_everybody_introspects(graph: Graph) -> None:
    assert (await graph.ask(ASKS[0]))["__schema"]["queryType"]["name"] == "Query"


# What is almost right, by kind: (document, variables).
SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { __typename } }"
ALMOST = {
    "a field": ("{ versio }", {}),
    "a nested field": ("{ viewer { user { emai } } }", {}),
    "an argument": ("{ alerts(firs: 1) { totalCount } }", {}),
    "a type": ("{ viewer { ... on Viewe { __typename } } }", {}),
    "a type of a variable": ("query($id: IDs!) { node(id: $id) { id } }", {}),
    "a fragment's type": ("{ viewer { ...F } } fragment F on Viewe { __typename }", {}),
    "an enum value": ("{ alerts(filter: {severity: HIG}) { totalCount } }", {}),
    "an input field": ('mutation { signIn(input: {emai: "a", email: "a", password: "b"}) { __typename } }', {}),
    "an input field of a variable": (SIGN_IN, {"input": {"emai": "a", "email": "a", "password": "b"}}),
    "an enum value of a variable": (
        "query($filter: AlertFilter) { alerts(filter: $filter) { totalCount } }",
        {"filter": {"severity": "HIG"}},
    ),
}


@pytest.mark.parametrize("kind", ALMOST)
async def test_no_message_suggests_a_name(client, kind):
    query, variables = ALMOST[kind]

    errors = await client.refused(query, **variables)

    assert [error["message"] for error in errors if "mean" in error["message"].lower()] == []
    assert {error["extensions"]["code"] for error in errors} <= {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}


@pytest.mark.parametrize("kind", ALMOST)
def test_graphql_by_itself_would_suggest_one(schema, kind):
    query, variables = ALMOST[kind]
    document = parse(query)

    found = validate(schema, document)
    if not found:
        (operation,) = document.definitions
        found = get_variable_values(schema, operation.variable_definitions, variables)

    assert any("Did you mean" in error.message for error in found)
