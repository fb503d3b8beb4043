"""What an operation selects of a list, as the fields that are read for it."""

import gc
from types import SimpleNamespace
from typing import Any, cast

import pytest
import strawberry
from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode, parse

import documents
from app.graphql.assembly import schema_for
from documents.reading import Reading, Relation
from schema import selection
from schema.node import Node, derived, view
from schema.selection import Selected, selected

GRAPH = schema_for(is_compiled=True)._schema


def info_of(text: str) -> Any:
    """The info of the one list in a document; lists of the same name are one, as in execution."""
    document = parse(text)
    (operation,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    nodes = cast("list[FieldNode]", list(operation.selection_set.selections))
    assert GRAPH.query_type is not None
    type_ = GRAPH.query_type.fields[nodes[0].name.value].type
    raw = SimpleNamespace(field_nodes=nodes, fragments=fragments, schema=GRAPH, return_type=type_)
    return SimpleNamespace(_raw_info=raw)


def read(text: str) -> Selected:
    return selected(info_of(text))


def fields(text: str) -> tuple[str, ...]:
    return read(text).reading.fields


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{ alerts { nodes { id title raisedAt } } }", ("raised_at", "title")),
        ("{ alerts { edges { node { id title } cursor } } }", ("title",)),
        ("{ alerts { nodes { title } edges { node { message } } } }", ("message", "title")),
        ("{ alerts { a: nodes { x: title } b: nodes { y: title z: state } } }", ("state", "title")),
        ("{ alerts { nodes { title } } alerts { nodes { state } } }", ("state", "title")),
        ("query($x: Boolean!) { alerts { nodes { title @skip(if: $x) state @include(if: $x) } } }", ("state", "title")),
        ("{ alerts { nodes { __typename } } }", ()),
        ("{ alerts { nodes { ... { title } ... on Alert { state } ... on Node { id } } } }", ("state", "title")),
        ("{ alerts { nodes { ... on Node { ... on Finding { reason } ... on Alert { title } } } } }", ("title",)),
        (
            "{ alerts { ...a } } fragment a on AlertConnection { nodes { ...b } } fragment b on Alert { title }",
            ("title",),
        ),
        ("{ alerts { nodes { organizationId } } }", ("org_id",)),
        ("{ budgets { nodes { limit { amount } } } }", ("amount", "carried", "currency")),
        ("{ budgets { nodes { spent { currency } } } }", ("currency", "spent")),
        ("{ costLines { nodes { list { amount } resourceId } } }", ("billing_currency", "list_cost", "resource_id")),
    ],
)
def test_just_the_selected_fields_are_read(text: str, wanted: tuple[str, ...]) -> None:
    assert fields(text) == wanted


def test_related_rows_are_read_with_their_own_selection() -> None:
    text = "{ alerts { nodes { account { name } f: finding { title resource { kind } } g: finding { state } } } }"

    reading = read(text).reading

    resource = Relation("resource_id", documents.Resource, Reading(("kind",)))
    assert reading.fields == ("account_id", "finding_id")
    assert reading.relations == (
        Relation("account_id", documents.Account, Reading(("name",))),
        Relation("finding_id", documents.Finding, Reading(("resource_id", "state", "title"), (resource,))),
    )


@pytest.mark.parametrize(
    ("parts", "needs_rows"),
    [("totalCount", False), ("__typename", False), ("pageInfo { hasNextPage }", True), ("edges { cursor }", True)],
)
def test_a_count_alone_needs_no_rows(parts: str, needs_rows: bool) -> None:
    assert read(f"{{ alerts {{ {parts} }} }}") == Selected(rows=needs_rows, reading=Reading())


def test_a_fragment_is_followed_once_however_often_it_is_spread() -> None:
    doubling = " ".join(f"fragment f{n} on Alert {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))

    # Followed each time, this would be 2 to the 60th.
    assert fields(f"{{ alerts {{ nodes {{ ...f0 }} }} }} {doubling} fragment f60 on Alert {{ title }}") == ("title",)


def test_a_document_is_looked_at_once() -> None:
    info = info_of("{ alerts { nodes { title } } }")

    assert selected(info) is selected(info)


def test_what_is_known_of_a_document_goes_with_it() -> None:
    before = set(selection._remembered)
    info = info_of("{ alerts { nodes { title } } alerts { nodes { state } } }")

    selected(info)
    known = set(selection._remembered) - before
    del info
    gc.collect()

    assert len(known) == 1
    assert not known & set(selection._remembered)


def test_a_view_says_what_its_resolvers_read() -> None:
    with pytest.raises(TypeError, match="say what it reads"):

        @view(documents.Budget, description="a view")
        class Silent(Node):
            @strawberry.field(description="a field")
            def limit(self) -> str:
                return "limit"


def test_a_view_reads_what_its_document_stores() -> None:
    with pytest.raises(TypeError, match="no such field as missing"):

        @view(documents.Budget, description="a view")
        class Wrong(Node):
            @derived("a field", reads=("missing",))
            def limit(self) -> str:
                return "limit"
