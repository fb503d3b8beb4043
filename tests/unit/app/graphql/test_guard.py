"""The guard around operations: what is cached stays clean, and a schema works without a transport."""

from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.requests import HTTPConnection

from app.graphql.call import Call, Session, Transport
from app.graphql.prepared import prepared
from tests.fakes.toy_schema import TOY_SCHEMA, ToyContext, ToyLog


def context(request_id: str = "r" * 8) -> ToyContext:
    connection = HTTPConnection({"type": "http", "headers": []})
    call = Call(request_id=request_id, transport=Transport.HTTP, session=Session("ada"), connection=connection)
    return ToyContext(call=call, log=ToyLog())


async def test_cached_errors_do_not_carry_the_request_id_of_another_caller():
    first = await TOY_SCHEMA.execute("{ missing }", context_value=context("first---"))
    second = await TOY_SCHEMA.execute("{ missing }", context_value=context("second--"))

    ids = [(result.errors or [])[0].extensions["requestId"] for result in (first, second)]  # type: ignore[index]
    assert ids == ["first---", "second--"]


async def test_a_document_is_parsed_and_validated_once():
    query = "{ hello who }"
    await TOY_SCHEMA.execute(query, context_value=context())
    misses = prepared.cache_info().misses

    await TOY_SCHEMA.execute(query, context_value=context())

    assert prepared.cache_info().misses == misses
    assert "problems" in vars(prepared(TOY_SCHEMA._schema, query)), "validated when it came first"


async def test_a_schema_works_without_a_transport():
    result = await TOY_SCHEMA.execute("{ allItems { name } }", context_value=None)

    assert result.errors is None
    assert (result.extensions or {})["cost"]["requested"] == 10


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("query", "kind", "outcome"),
    [
        ("query Counted { hello }", "query", "ok"),
        ("query Counted { crash }", "query", "error"),
        ("query Counted { missing }", "query", "error"),
        ('mutation Counted { signIn(password: "x") }', "mutation", "ok"),
    ],
)
async def test_operations_are_counted_by_name_type_and_outcome(query: str, kind: str, outcome: str):
    labels: dict[str, Any] = {"operation": "Counted", "type": kind, "outcome": outcome}
    before = count("cloudwatcher_graphql_operations_total", **labels)

    await TOY_SCHEMA.execute(query, context_value=context())

    assert count("cloudwatcher_graphql_operations_total", **labels) == before + 1


async def test_errors_are_counted_by_code():
    before = count("cloudwatcher_graphql_errors_total", code="INTERNAL")

    await TOY_SCHEMA.execute("{ a: crash b: crash }", context_value=context())

    assert count("cloudwatcher_graphql_errors_total", code="INTERNAL") == before + 2


async def test_running_subscriptions_are_counted():
    before = count("cloudwatcher_graphql_subscriptions")
    results = await TOY_SCHEMA.stream("subscription { silence }", context_value=context())
    other = await TOY_SCHEMA.stream("subscription { tick }", context_value=context())
    await anext(other)

    during = count("cloudwatcher_graphql_subscriptions")
    await other.aclose()
    await results.aclose()

    assert during == before + 1
    assert count("cloudwatcher_graphql_subscriptions") == before
