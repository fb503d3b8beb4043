"""What holds for the whole graph: described, gated, closed to strangers, and as committed."""

import asyncio
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_specified_scalar_type,
    parse,
)
from strawberry.permission import PermissionExtension

from app.graphql.assembly import sdl
from app.wiring import Backend
from auth.gate import Gate, Public
from resolvers.fields import mutation, query, subscription
from schema.node import VIEW_OF, global_id
from tests.contract.graph_walk import GRAPH, RootField, root_fields
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.holdings import make_holdings
from tests.factories.tenant import Tenant, make_tenant

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
FIELDS = list(root_fields())
ROOTS = {"Query", "Mutation", "Subscription"}


def test_the_committed_schema_is_the_one_the_code_makes() -> None:
    assert COMMITTED.read_text() == sdl(), "run `make schema` and read the difference"


def described() -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, type_ in GRAPH.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(type_):
            continue
        found.append((name, type_.description))
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in type_.fields.items():
                found.append((f"{name}.{field_name}", field.description))
                arguments = getattr(field, "args", {})
                found += [(f"{name}.{field_name}({key})", argument.description) for key, argument in arguments.items()]
        if isinstance(type_, GraphQLEnumType):
            found += [(f"{name}.{key}", value.description) for key, value in type_.values.items()]
    return found


def test_every_type_field_argument_and_enum_value_is_described() -> None:
    assert [place for place, description in described() if not description] == []


@pytest.mark.parametrize("field", FIELDS, ids=str)
def test_every_root_field_is_gated(field: RootField) -> None:
    extensions = field.field.extensions["strawberry-definition"].extensions
    permissions = [
        permission
        for extension in extensions
        if isinstance(extension, PermissionExtension)
        for permission in extension.permissions
    ]

    assert len(permissions) == 1
    assert isinstance(permissions[0], Gate | Public)


def test_the_gate_of_every_root_field_is_printed() -> None:
    document = parse(COMMITTED.read_text())
    roots = [part for part in document.definitions if getattr(getattr(part, "name", None), "value", "") in ROOTS]
    fields = [field for root in roots for field in root.fields]  # type: ignore[attr-defined]

    gates = {field.name.value: [one for one in field.directives if one.name.value == "gated"] for field in fields}

    assert len(gates) == len(FIELDS)
    assert [name for name, found in gates.items() if len(found) != 1] == []


def test_a_root_field_without_a_gate_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="may="):
        query(str, description="ungated")
    with pytest.raises(TypeError, match="may="):
        mutation(str, audit="x", description="ungated")
    with pytest.raises(TypeError, match="may="):
        subscription(str, description="ungated")


@pytest.fixture(scope="module")
async def us(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture(scope="module")
async def stranger(backend: Backend) -> Tenant:
    tenant = await make_tenant(backend)
    await make_holdings(tenant)
    return tenant


@pytest.fixture(scope="module")
async def strangers_ids(backend: Backend, stranger: Tenant) -> dict[str, str]:
    """Type name to the global id of something of that type that is the stranger's."""
    ids = {"Organization": stranger.global_id, "User": global_id("User", stranger.user.id)}
    for type_name, document in VIEW_OF.items():
        raw = await document.rows().find_one({"org_id": stranger.organization.id})
        assert raw is not None, f"tests/factories/holdings.py makes no {type_name}"
        ids[type_name] = global_id(type_name, raw["_id"])
    return ids


async def answer(graph: Graph, tenant: Tenant | None, field: RootField, ids: dict[Any, Any]) -> str:
    """What the field says, without what differs from request to request."""
    document, variables = field.call(ids)
    token = tenant.token if tenant else None
    if field.operation == "subscription":
        async with socket(graph.address, token) as opened:
            await subscribe(opened, document, **variables)
            try:
                async with asyncio.timeout(0.5):
                    said = orjson.dumps((await anext(messages(opened)))["payload"]).decode()
            except TimeoutError:
                said = "silence"
    else:
        said = orjson.dumps(await graph.send(document, token, **variables)).decode()
    return re.sub(r'"(requestId|available)":("[^"]*"|\d+|null)', "", said)


@pytest.mark.parametrize("field", [field for field in FIELDS if not field.field.description.count("Open to")], ids=str)
async def test_a_root_field_refuses_who_is_not_signed_in(field: RootField, graph: Graph) -> None:
    assert "UNAUTHENTICATED" in await answer(graph, None, field, {})


@pytest.mark.parametrize("field", [field for field in FIELDS if field.id_places], ids=str)
async def test_a_strangers_id_looks_like_one_that_does_not_exist(
    field: RootField, graph: Graph, us: Tenant, strangers_ids: dict[str, str]
) -> None:
    for place in field.id_places:
        for type_name, id in strangers_ids.items():
            absent = global_id(type_name, "0" * 24)
            theirs = await answer(graph, us, field, {place: id})
            nobodys = await answer(graph, us, field, {place: absent})
            assert theirs.replace(id, absent) == nobodys, (place, type_name)
            assert "secret" not in theirs, (place, type_name)


@pytest.mark.parametrize("field", [field for field in FIELDS if field.operation == "query"], ids=str)
async def test_a_query_shows_nothing_of_a_stranger(
    field: RootField, graph: Graph, us: Tenant, stranger: Tenant, strangers_ids: dict[str, str]
) -> None:
    said = await answer(graph, us, field, {})

    assert "secret-" not in said
    assert not [id for id in strangers_ids.values() if id in said]


def test_what_the_stranger_holds_would_show_to_themselves(stranger: Tenant, strangers_ids: dict[str, str]) -> None:
    assert set(strangers_ids) >= set(VIEW_OF)


async def test_a_stranger_sees_their_own(graph: Graph, stranger: Tenant, strangers_ids: dict[str, str]) -> None:
    listed = {
        "Account": "accounts",
        "Alert": "alerts",
        "Budget": "budgets",
        "Finding": "findings",
        "Resource": "resources",
        "Sync": "syncs",
        "CostLine": "costLines",
    }
    for type_name, name in listed.items():
        (field,) = [field for field in FIELDS if field.name == name]
        assert strangers_ids[type_name] in await answer(graph, stranger, field, {}), name
