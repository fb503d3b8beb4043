"""Which operations give equal results for the same message: all of what was asked, but where the feed begins."""

import pytest

from app.graphql.execution import Document
from tests.fakes.toy_schema import TOY_SCHEMA

ROOT = "subscription($a: Cursor, $f: AlertFilter) { alertRaised(after: $a, filter: $f) { __typename } }"


def key(query: str = ROOT, name: str | None = None, **variables: object) -> object:
    return Document(query, variables, name).key(TOY_SCHEMA)


def test_where_a_feed_begins_makes_no_difference() -> None:
    assert key(a="here") == key(a="there") == key()


def test_everything_else_does() -> None:
    other = ROOT.replace("__typename", "__typename __typename")

    assert len({key(f={}), key(f={"states": []}), key(other, f={}), key(ROOT, "Named", f={})}) == 4


def test_order_of_variables_makes_no_difference() -> None:
    assert key(f={"states": [], "sources": []}) == key(f={"sources": [], "states": []})


@pytest.mark.parametrize(
    "query",
    [
        # A variable that decides more than where to begin.
        "subscription($a: String) { alertRaised(after: $a) { __typename @include(if: $a) } }",
        "subscription($a: String) { alertRaised(after: $a, filter: $a) { __typename } }",
        "subscription($a: String) { alertRaised(after: $a) { ...F } } fragment F on T { f(x: $a) }",
        "subscription($a: String) { alertRaised(after: $a) { x } alertRaised(after: $a) { y } }",
        # One that is not where to begin.
        "subscription($a: String) { alertRaised(filter: $a) { __typename } }",
        "subscription($a: String) { alertRaised { field(after: $a) } }",
        "subscription($a: String) { ... { alertRaised(after: $a) { __typename } } }",
    ],
)
def test_a_variable_that_is_used_otherwise_tells_operations_apart(query: str) -> None:
    assert key(query, a="here") != key(query, a="there")


def test_each_operation_of_a_document_has_its_own_beginning() -> None:
    both = """
        subscription A($a: Cursor) { alertRaised(after: $a) { __typename } }
        subscription B($b: Cursor) { alertRaised(after: $b) { __typename } }
    """

    assert key(both, "B", b="here") == key(both, "B", b="there")
    assert key(both, "A", b="here") != key(both, "A", b="there")
