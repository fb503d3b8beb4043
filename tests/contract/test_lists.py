"""A list stays fast because every list is read alike: docs/guides/how-a-read-stays-fast.md."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry.types.base import StrawberryObjectDefinition

from schema.node import derived, said
from schema.relation import related
from tests.contract.graph_walk import GRAPH
from tests.contract.sources import Function, Source, code, sample

# What reads rows one by one as whole documents, or without a page. Requests read pages, and single things by id.
WHOLE = {"aggregate", "find", "find_all", "find_many", "list_in", "to_list"}
ROOTS = {"Query", "Mutation", "Subscription"}
# Asked for once for each list, not for each item.
ONCE = {"total_count"}
# Leaves that need more than their row, each with its reason.
SAID_WHY = {
    "CheckItem.finding": "goes by a name, not by an id; one loader asks for the things of all checks at once",
    "CostSeries.freshness": "is looked up once for an answer, and only when asked for",
    "EventEndpoint.address": "puts the address of the installation, which no row knows, before the id",
    "EventEndpoint.setup": "is for the one endpoint that is being set up; its account comes through a loader",
    "ShownCostView.series": "is worked out once for a view, and only when asked for",
}


def lists(source: Source) -> list[Function]:
    """Resolvers declared as `@query(Connection[…], …)`."""
    return [function for _, function in source.functions() if any(map(_is_list, function.decorator_list))]


def _is_list(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and any("Connection[" in ast.unparse(part) for part in decorator.args)


def not_paged(source: Source) -> list[str]:
    """Lists that return anything else than `….pager.page(info, …)`."""
    return [source.at(function) for function in lists(source) if not all(map(_is_page, _returned(function)))]


def _returned(function: Function) -> Iterator[ast.expr | None]:
    returns = [node for node in ast.walk(function) if isinstance(node, ast.Return)]
    yield from (node.value for node in returns) if returns else [None]


def _is_page(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Await) or not isinstance(value.value, ast.Call):
        return False
    call = value.value
    is_info = bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == "info"
    return is_info and ast.unparse(call.func).endswith("pager.page")


def whole_reads(source: Source) -> list[str]:
    """Reads of whole documents, or of more of them than a page."""
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    return [source.at(call) for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in WHOLE]


def slow_leaves(definition: StrawberryObjectDefinition) -> list[str]:
    """Fields of a type that do more for each item than to read a field, or to work something out of fields."""
    return [
        f"{definition.name}.{field.python_name}"
        for field in definition.fields
        if field.extensions
        or (
            field.base_resolver is not None
            and field.python_name not in ONCE
            and f"{definition.name}.{field.python_name}" not in SAID_WHY
            and "related" not in field.metadata
            and (field.is_async or field.base_resolver.info_parameter is not None or field.arguments)
        )
    ]


def test_every_list_goes_through_the_pager_with_its_selection() -> None:
    sources = code("resolvers")

    assert sum(len(lists(source)) for source in sources) == len(_connections())
    assert [place for source in sources for place in not_paged(source)] == []


def _connections() -> list[str]:
    assert GRAPH.query_type is not None
    return [
        name for name, field in GRAPH.query_type.fields.items() if str(field.type).rstrip("!").endswith("Connection")
    ]


@pytest.mark.parametrize(
    "body",
    [
        "return await documents.Alert.page_in(scope, {}, NEWEST_FIRST, first=first)",
        "return await context.ports.pager.page(documents.Alert, scope, {}, NEWEST_FIRST, first=first, after=after)",
        "return context.ports.pager.page(info, documents.Alert, scope, {}, NEWEST_FIRST, first=first, after=after)",
        "return []",
        "pass",
    ],
)
def test_a_list_that_is_read_otherwise_is_noticed(body: str) -> None:
    text = f"@query(Connection[Alert], may=x)\nasync def alerts(self, info):\n    {body}"

    assert not_paged(sample(text, "resolvers/sample.py"))


def test_requests_read_pages_and_single_things_only() -> None:
    assert [place for source in code("resolvers", "schema") for place in whole_reads(source)] == []


@pytest.mark.parametrize(
    "text", ["await documents.Alert.list_in(scope, {})", "x = await Alert.find(Alert.state == 1).to_list()"]
)
def test_a_read_of_whole_documents_is_noticed(text: str) -> None:
    assert whole_reads(sample(f"async def f():\n    {text}", "resolvers/sample.py"))


def test_no_leaf_does_work() -> None:
    types = [one for one in GRAPH.type_map.values() if isinstance(one, GraphQLObjectType) and one.name not in ROOTS]
    known = [one.extensions["strawberry-definition"] for one in types if "strawberry-definition" in one.extensions]

    assert len(known) > len(_connections())
    assert [leaf for definition in known for leaf in slow_leaves(definition)] == []


def test_a_leaf_that_does_work_is_noticed() -> None:
    @strawberry.type
    class Item:
        name: str = said("fine")
        other: str | None = related("other_id", "fine")

        @derived("fine", reads=("name",))
        def upper(self) -> str:
            return self.name.upper()

        @derived("waits", reads=())
        async def waits(self) -> str:
            return ""

        @derived("asks", reads=())
        def asks(self, info: strawberry.Info) -> str:
            return ""

        @derived("takes", reads=())
        def takes(self, size: int) -> str:
            return ""

    definition: Any = Item.__strawberry_definition__  # type: ignore[attr-defined]  # of strawberry

    assert slow_leaves(definition) == ["Item.waits", "Item.asks", "Item.takes"]
