"""What the caller sent is not quoted back: messages of graphql-core, as it really words them, lose the value."""

import graphql
import pytest
from graphql.execution.values import get_variable_values

from app.graphql.errors import fit_to_show

SECRET = "canary-canary"
SCHEMA = graphql.build_schema("""
  type Query { ask(input: Key, number: Int, ratio: Float, is: Boolean, id: ID, kind: Kind): Int }
  enum Kind { A B }
  input Key { id: String!, secret: String, nested: Nested }
  input Nested { word: String!, words: [Int] }
""")
QUERY = graphql.parse("""
  query($input: Key, $number: Int, $ratio: Float, $is: Boolean, $id: ID) {
    ask(input: $input, number: $number, ratio: $ratio, is: $is, id: $id)
  }
""")
VARIABLES = [
    {"input": {"secret": SECRET}},
    {"input": {"id": "1", "secret": SECRET, "secert": SECRET}},
    {"input": {"id": "1", "secret": [SECRET, "\n", SECRET]}},
    {"input": {"id": "1", "secret": {"value": SECRET}}},
    {"input": {"id": "1", "nested": SECRET}},
    {"input": {"id": "1", "nested": {"words": [SECRET]}}},
    {"input": SECRET},
    {"number": SECRET},
    {"ratio": SECRET},
    {"is": SECRET},
    {"id": [SECRET]},
]
DOCUMENTS = [
    '{ ask(input: {secret: "%s"}) }',
    '{ ask(input: {id: "1", secret: "%s", secert: "%s"}) }',
    '{ ask(input: "%s") }',
    '{ ask(input: {id: {x: "%s"}}) }',
    '{ ask(number: "%s", ratio: "%s", is: "%s", id: ["%s"], kind: "%s") }',
    '{ ask(input: {id "%s"}) }',
    '{ ask(input: {id: """\n%s\n""" """%s"""}) } """%s"""',
    '{ ask(input "%s") }',
]


def messages_about(document: str) -> list[str]:
    try:
        return [error.message for error in graphql.validate(SCHEMA, graphql.parse(document))]
    except graphql.GraphQLError as error:
        return [error.message]


@pytest.mark.parametrize("variables", VARIABLES)
def test_a_variable_that_does_not_fit_is_not_quoted(variables):
    definitions = QUERY.definitions[0].variable_definitions  # type: ignore[union-attr]
    errors = get_variable_values(SCHEMA, definitions, variables)

    assert isinstance(errors, list)
    assert any(SECRET in error.message for error in errors), "graphql-core quotes it, or this test is about nothing"
    assert not any(SECRET in fit_to_show(error.message) for error in errors)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_value_in_a_document_is_not_quoted(document):
    messages = messages_about(document.replace("%s", SECRET))

    assert any(SECRET in message for message in messages)
    assert not any(SECRET in fit_to_show(message) for message in messages)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Variable '$input' has invalid value at .aws: Expected value of type 'Aws' to be an object, found: 'x'.",
            "Variable '$input' has invalid value at .aws: Expected value of type 'Aws' to be an object.",
        ),
        ("String cannot represent a non string value: {'is': 'x'}", "String cannot represent a non string value."),
        (
            "Int cannot represent non 32-bit signed integer value: 9",
            "Int cannot represent non 32-bit signed integer value.",
        ),
        ("Syntax Error: Expected ':', found String 'x'.", "Syntax Error: Expected ':', found String."),
        ("Syntax Error: Unexpected BlockString 'x'.", "Syntax Error: Unexpected BlockString."),
        ("Syntax Error: Expected Name, found '}'.", "Syntax Error: Expected Name, found '}'."),
        ("Syntax Error: Unexpected Name 'mutatoin'.", "Syntax Error: Unexpected Name 'mutatoin'."),
    ],
)
def test_what_is_wrong_and_where_is_still_said(message, shown):
    assert fit_to_show(message) == shown
