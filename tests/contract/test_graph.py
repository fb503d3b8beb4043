"""What holds for the whole graph: described, gated, closed to strangers, and as committed."""

from pathlib import Path

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
from auth.gate import Gate, Public
from resolvers.fields import mutation, query, subscription
from tests.contract.graph_walk import GRAPH, RootField, root_fields

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
