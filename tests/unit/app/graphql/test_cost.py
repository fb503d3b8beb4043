"""What operations cost. The numbers are worked out beside each query."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.execution import get_variable_values

from app.graphql.cost import Plan, plan_of
from tests.fakes.toy_schema import TOY_SCHEMA

SCHEMA = TOY_SCHEMA._schema


def plan(query: str) -> Plan:
    document = parse(query)
    assert validate(SCHEMA, document) == []
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return plan_of(SCHEMA, document, operation)


def requested(query: str, variables: dict[str, Any] | None = None) -> int:
    operation = parse(query).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    values = get_variable_values(SCHEMA, operation.variable_definitions or (), variables or {})
    assert not isinstance(values, list)
    return plan(query).requested(values.coerced)


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("{ hello }", 1),  # leaves are free, but no operation is
        ("{ hello who }", 1),
        ("{ __typename }", 1),
        ('{ item(name: "a") { name } }', 1),
        ('{ item(name: "a") { name sibling { name } } }', 2),
        ('{ item(name: "a") { forecast } }', 1 + 20),
        ("{ items(first: 10) { nodes { name } } }", 10),
        ("{ items(first: 10) { edges { node { name } } pageInfo { hasNextPage } } }", 10),
        ("{ items(first: 10) { edges { cursor } } }", 1),  # no object but paging
        ("{ items(first: 10) { nodes { name } edges { node { name } } } }", 20),
        ("{ items { nodes { name } } }", 25),  # the default page
        ("{ items(first: 3) { nodes { sibling { name } forecast } } }", 3 * (1 + 1 + 20)),
        ("{ items(first: 3) { nodes { parts(first: 4) { nodes { name } } } } }", 3 * (1 + 4)),
        ("{ items(first: 3) { nodes { parts { nodes { name } } } } }", 3 * (1 + 25)),
        ("{ items(first: 0) { nodes { name } } }", 1),
        ("{ items(first: -5) { nodes { name } } }", 1),
        ('{ itemsById(ids: ["a", "b", "c"]) { name } }', 3),
        ("{ allItems { name } }", 10),  # a list of unknown length
        ("{ manyItems { name } }", 50),  # one whose length the schema tells
        ('{ a: item(name: "a") { name } b: item(name: "b") { name } }', 2),
        ('{ item(name: "a") { name } item(name: "a") { sibling { name } } }', 2),  # merge into one
        ('{ ...F } fragment F on Query { item(name: "a") { ...G } } fragment G on Item { sibling { name } }', 2),
        ('{ ... on Query { ... { item(name: "a") { name } } } }', 1),
        ("{ thing { name ... on Part { size } ... on Item { sibling { name } } } }", 2),
        ("{ __schema { types { fields { name } } } }", 50),
        ('{ __type(name: "Item") { fields { name } } }', 10),
        ('mutation { rename(input: {name: "x"}) }', 1),
        ("subscription { parts { name } }", 10 - 9),  # one object an event
    ],
)
def test_an_operation_costs(query, points):
    assert requested(query) == points


@pytest.mark.parametrize(
    ("variables", "points"),
    [({"first": 7}, 7), ({"first": None}, 25), ({}, 25), ({"first": -1}, 1), ({"first": 2**31 - 1}, 2**31 - 1)],
)
def test_the_page_size_may_come_with_a_variable(variables, points):
    query = "query($first: Int! = 25) { items(first: $first) { nodes { name } } }"
    nullable = "query($first: Int) { items(first: $first) { nodes { name } } }"

    assert requested(nullable if variables.get("first", 1) is None else query, variables) == points


@pytest.mark.parametrize("first", ["-90", "$first"])
def test_a_negative_page_size_pays_for_nothing_else(first):
    query = (
        f"query($first: Int! = -90) {{ a: items(first: {first}) {{ nodes {{ name }} }} items {{ nodes {{ name }} }} }}"
    )

    assert requested(query.replace("($first: Int! = -90)", "") if first == "-90" else query) == 25


def test_the_default_of_a_variable_counts():
    assert requested("query($first: Int! = 8) { items(first: $first) { nodes { name } } }") == 8


def test_the_number_of_ids_may_come_with_a_variable():
    assert requested("query($ids: [String!]!) { itemsById(ids: $ids) { name } }", {"ids": ["a"] * 40}) == 40


@pytest.mark.parametrize(
    ("directive", "variables", "points"),
    [
        ("@include(if: true)", {}, 21),
        ("@include(if: false)", {}, 1),
        ("@skip(if: true)", {}, 1),
        ("@skip(if: false)", {}, 21),
        ("@skip(if: false) @include(if: true)", {}, 21),
        ("@skip(if: true) @include(if: true)", {}, 1),
        ("@include(if: $on)", {"on": True}, 21),
        ("@include(if: $on)", {"on": False}, 1),
        ("@skip(if: $on)", {"on": True}, 1),
    ],
)
@pytest.mark.parametrize("place", ["forecast {0}", "... {0} {{ forecast }}"])
def test_what_is_not_asked_for_costs_nothing(directive, variables, points, place):
    head = "query($on: Boolean!)" if variables else ""
    query = head + ' { item(name: "a") { name ' + place.format(directive) + " } }"

    assert requested(query, variables) == points


def test_a_field_asked_for_in_two_ways_counts_even_if_one_is_skipped():
    query = '{ item(name: "a") { forecast @skip(if: true) ... { forecast } } }'

    assert requested(query) == 21


@pytest.mark.parametrize(
    ("query", "is_introspection"),
    [
        ("{ hello }", False),
        ("{ __typename }", False),
        ("{ __schema { description } }", True),
        ("{ x: __schema { description } }", True),
        ('{ ...F } fragment F on Query { __type(name: "A") { name } }', True),
    ],
)
def test_introspection_is_noticed(query, is_introspection):
    assert plan(query).introspects == is_introspection


def test_what_came_back_is_counted_object_by_object():
    query = "{ items(first: 100) { nodes { sibling { name } forecast } } hello }"
    data = {"items": {"nodes": [{"sibling": {"name": "x"}, "forecast": 1}, {"sibling": None, "forecast": 1}, None]}}

    # Two items with a forecast each, one sibling.
    assert plan(query).actual(data) == 2 * (1 + 20) + 1


def test_nothing_back_costs_one_point():
    assert plan("{ items(first: 9) { nodes { name } } }").actual(None) == 1
    assert plan("{ items(first: 9) { nodes { name } } }").actual({"items": None}) == 1


def test_a_plan_is_made_once_per_document():
    document = parse('{ item(name: "only once") { name } }')
    operation = document.definitions[0]

    assert plan_of(SCHEMA, document, operation) is plan_of(SCHEMA, document, operation)  # type: ignore[arg-type]
