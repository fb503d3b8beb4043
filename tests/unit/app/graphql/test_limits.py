"""How documents are measured, and what is refused at which size."""

import pytest
from graphql import DocumentNode, build_schema, parse, specified_rules, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from app.graphql.limits import (
    MAX_ALIASES,
    MAX_DEPTH,
    MAX_DIRECTIVES,
    MAX_PAIRS,
    MAX_ROOT_FIELDS,
    MAX_SELECTIONS,
    LimitsRule,
    Ruler,
    Size,
)
from tests.fakes.toy_schema import TOY_SCHEMA

SCHEMA = build_schema("type Query { a: Int b: Query c: Query }")


def refusals(query: str) -> list[str]:
    return [error.message for error in validate(SCHEMA, parse(query), [LimitsRule, *specified_rules])]


def nested(levels: int) -> str:
    return "{" + "b {" * (levels - 1) + " a " + "}" * levels


def size_of(query: str) -> Size:
    document: DocumentNode = parse(query)
    fragments = {each.name.value: each for each in document.definitions[1:]}  # type: ignore[union-attr]
    return Ruler(fragments).measure(document.definitions[0].selection_set)  # type: ignore[attr-defined,arg-type]


def test_a_selection_is_measured_with_its_fragments_put_in():
    query = "{ x: a ...F ...F @skip(if: true) ... on Query { b { a } } } fragment F on Query @d { b { c { y: a } } }"

    # Fields: x, 2 x (b c y), b a = 9. Spreads and inline fragments: 3. Aliases: x and 2 x y. Deepest: b c y.
    assert size_of(query) == Size(depth=3, selections=12, aliases=3, directives=3)


def test_a_chain_of_of_type_is_one_level():
    assert size_of("{ __schema { types { ofType { ofType { ofType { name } } } } } }").depth == 3


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (nested(MAX_DEPTH), nested(MAX_DEPTH + 1)),
        ("{" + " a" * MAX_ROOT_FIELDS + "}", "{" + " a" * (MAX_ROOT_FIELDS + 1) + "}"),
    ],
)
def test_the_limit_itself_is_allowed(within, beyond):
    assert refusals(within) == []
    assert len(refusals(beyond)) == 1


def aliases(count: int) -> str:
    return "{ b {" + " ".join(f"x{number}: a" for number in range(count)) + "} }"


def directives(count: int) -> str:
    """Spread over fields, because one field takes a directive only once."""
    return "{ b {" + " c { a @skip(if: false) }" * count + "} }"


@pytest.mark.parametrize(
    ("make", "limit"), [(aliases, MAX_ALIASES), (directives, MAX_DIRECTIVES)], ids=["aliases", "directives"]
)
def test_what_is_counted_is_allowed_up_to_its_limit(make, limit):
    assert refusals(make(limit)) == []
    assert len(refusals(make(limit + 1))) == 1


def test_fields_that_merge_are_allowed_up_to_their_limit():
    # 100 fields of one name make 100 x 99 / 2 = 4950 pairs, 101 make 5050.
    assert MAX_PAIRS == 5000
    assert refusals("{ b {" + " a" * 100 + "} }") == []
    assert len(refusals("{ b {" + " a" * 101 + "} }")) == 1


def test_fields_that_merge_below_fields_that_merge_count_together():
    # 10 times b merges into one: 45 pairs; below it 10 x 10 times c, and each with an a: 4950 pairs each.
    assert len(refusals("{ b {" + (" b {" + " c { a }" * 10 + "}") * 10 + "} }")) == 1


def test_selections_are_counted_as_often_as_their_fragment_is_spread():
    fragment = "fragment F on Query {" + " a" * 9 + "}"
    within = "{ b {" + " ...F" * 10 + "} } " + fragment

    assert size_of(within).selections == 1 + 10 * (1 + 9)
    assert MAX_SELECTIONS == 1000
    assert "more than 1000 selections" in refusals("{ b {" + " ...F" * 100 + "} } " + fragment)[0]


@pytest.mark.parametrize(
    "query",
    [
        "{ ...F } fragment F on Query { a ...F }",
        "{ ...F } fragment F on Query { b { ...G } } fragment G on Query { c { ...F } }",
        "{ ...F0 } "
        + "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(60))
        + "fragment F60 on Query { }",
        "{ ...F0 } "
        + "".join(f"fragment F{n} on Query {{ ... {{ ...F{n + 1} }} }} " for n in range(90))
        + "fragment F90 on Query { a }",
    ],
    ids=["self", "cycle", "bomb of empty selections", "chain"],
)
def test_fragments_that_have_no_end_are_refused_with_one_error(query):
    assert len(refusals(query)) == 1


def test_a_fragment_that_spreads_itself_is_named():
    assert (
        "'F' spreads itself" in refusals("{ ...F } fragment F on Query { b { ...G } } fragment G on Query { ...F }")[0]
    )


@pytest.mark.parametrize("query", ["{ }", "{ b { } }", "{ b { ...F } } fragment F on Query { }"])
def test_empty_selections_are_no_problem(query):
    assert refusals(query) == []


def test_an_unknown_fragment_is_left_to_its_own_rule():
    assert refusals("{ ...F }") == ["Unknown fragment 'F'."]


def test_a_broken_limit_stops_the_other_rules():
    assert len(refusals("{" + " missing" * 50 + "}")) == 1


def test_each_operation_is_measured():
    assert len(refusals("query A { a } query B " + nested(MAX_DEPTH + 1))) == 1


@pytest.mark.parametrize(
    ("mutation", "is_refused"),
    [
        ('mutation { signIn(password: "a") rename(input: {name: "x"}) }', False),
        ('mutation { signIn(password: "a") signIn(password: "a") }', False),  # merges into one
        ('mutation { signIn(password: "a") again: signIn(password: "b") }', True),
        ('mutation { signIn(password: "a") register(password: "b") }', True),
        ('mutation { ...F } fragment F on Mutation { signIn(password: "a") register(password: "b") }', True),
        ('mutation { ... { signIn(password: "a") } ... { b: signIn(password: "b") } }', True),
    ],
)
def test_one_operation_checks_one_credential(mutation, is_refused):
    errors = validate(TOY_SCHEMA._schema, parse(mutation), [LimitsRule])

    assert bool(errors) == is_refused


NAMES = st.sampled_from(["F", "G", "H", "I", "Missing"])
SELECTIONS = st.recursive(
    st.sampled_from(["a", "x: a", "__typename", "...F", "...G", "...H", "...I", "...Missing", "a @skip(if: true)"]),
    lambda inner: st.builds(
        lambda head, body: head + " { " + " ".join(body) + " }",
        st.sampled_from(["b", "c", "y: b", "...", "... on Query"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=30,
)


@given(st.lists(SELECTIONS, max_size=5), st.lists(st.lists(SELECTIONS, max_size=4), min_size=4, max_size=4))
@settings(max_examples=300, deadline=None)
def test_measuring_never_breaks_whatever_the_fragments_do(roots, fragments):
    query = (
        "{ "
        + " ".join(roots)
        + " } "
        + " ".join(
            f"fragment {name} on Query {{ {' '.join(body)} }}" for name, body in zip("FGHI", fragments, strict=True)
        )
    )

    assert all(isinstance(message, str) for message in refusals(query))
