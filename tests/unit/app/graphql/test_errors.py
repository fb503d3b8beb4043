"""What callers are told about errors, and what they are not."""

from datetime import timedelta

import pytest
from graphql import FieldNode, GraphQLError, NameNode, StringValueNode
from strawberry.exceptions import MissingQueryError, StrawberryGraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType
from structlog.testing import capture_logs

from app.graphql.errors import (
    MAX_MESSAGE,
    ErrorCode,
    OperationTimedOut,
    RequestError,
    as_request_error,
    fit_to_show,
    publish,
)
from domain.errors import Invalid, NotFound, RateLimited, Refused, Throttled

PATH = ["items", 0, "name"]


def tell(error: GraphQLError) -> GraphQLError:
    (published,) = publish([error], request_id="r" * 8, operation=None)
    return published


def code_of(error: GraphQLError) -> str:
    return str((tell(error).extensions or {})["code"])


def raised(cause: Exception) -> GraphQLError:
    """As graphql-core reports an exception of a resolver."""
    return GraphQLError(str(cause), path=PATH, original_error=cause)


@pytest.mark.parametrize("refusal", Refused.__subclasses__())
def test_every_refusal_is_told_with_a_code_of_the_enum(refusal):
    error = tell(raised(refusal("Say so.")))

    assert error.message == "Say so."
    assert error.path == PATH
    assert error.extensions == {"code": ErrorCode(refusal.code), "requestId": "r" * 8}


def test_a_refusal_with_a_code_of_its_own_making_is_bad_input():
    class Odd(Refused):
        code = "ODD"

    assert code_of(raised(Odd("Odd."))) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "cause", [RuntimeError("secret"), KeyError("secret"), Throttled("secret", service="s3"), TimeoutError("secret")]
)
def test_anything_else_is_masked(cause):
    with capture_logs() as logs:
        error = tell(raised(cause))

    assert "secret" not in str(error.formatted)
    assert code_of(raised(cause)) == "INTERNAL"
    assert "r" * 8 in error.message
    assert error.original_error is None
    assert logs[0]["exc_info"][1] is cause


def test_a_bug_in_a_hook_is_masked_though_it_has_no_path():
    assert code_of(GraphQLError("secret", original_error=ValueError("secret"))) == "INTERNAL"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GraphQLError("No such field."), "GRAPHQL_VALIDATION_FAILED"),
        (RequestError("Too dear.", ErrorCode.COST_LIMIT_EXCEEDED), "COST_LIMIT_EXCEEDED"),
        (raised(StrawberryGraphQLError("Not allowed.")), "FORBIDDEN"),
        (raised(GraphQLError("Chosen.", extensions={"code": "CONFLICT"})), "CONFLICT"),
        (raised(GraphQLError("Unknown.", extensions={"code": "WHATEVER"})), "INTERNAL"),
        (raised(GraphQLError("Bad value.", StringValueNode(value="x"))), "BAD_USER_INPUT"),
        (raised(GraphQLError("Bad result.", FieldNode(name=NameNode(value="x")))), "INTERNAL"),
        (raised(GraphQLError("Bad result.")), "INTERNAL"),
        (GraphQLError("", original_error=OperationTimedOut(20)), "COST_LIMIT_EXCEEDED"),
        (GraphQLError("", original_error=MissingQueryError()), "BAD_USER_INPUT"),
        (GraphQLError("", original_error=CannotGetOperationTypeError("x")), "BAD_USER_INPUT"),
        (GraphQLError("", original_error=InvalidOperationTypeError(OperationType.MUTATION)), "BAD_USER_INPUT"),
    ],
)
def test_the_code_says_whose_fault_it_is(error, code):
    assert code_of(error) == code


def test_a_cause_is_found_through_several_wrappings():
    error = GraphQLError("outer", path=PATH, original_error=GraphQLError("inner", original_error=NotFound("Gone.")))

    assert tell(error).message == "Gone."


def test_the_input_a_refusal_is_about_is_named():
    error = tell(raised(Invalid("Negative.", path=("input", "amount"))))

    assert (error.extensions or {})["inputPath"] == ["input", "amount"]


def test_a_refusal_for_a_while_says_how_long_in_whole_seconds():
    error = tell(raised(RateLimited("Wait.", retry_after=timedelta(seconds=1.2))))

    assert (error.extensions or {})["retryAfter"] == 2


def test_publishing_leaves_the_given_errors_alone():
    error = RequestError("Shared by many callers.", ErrorCode.GRAPHQL_VALIDATION_FAILED)
    before = dict(error.formatted)

    tell(error)

    assert error.formatted == before


def test_locations_survive():
    error = GraphQLError("x", source=None, nodes=None)
    error.locations = ["here"]  # type: ignore[list-item]

    assert tell(error).locations == ["here"]
    assert as_request_error(error, ErrorCode.BAD_USER_INPUT).locations == ["here"]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Cannot query field 'a' on type 'B'. Did you mean 'secret' or 'other'?",
            "Cannot query field 'a' on type 'B'.",
        ),
        ("Unknown type 'X'. Did you mean 'Y'?\nDid you mean 'Z'?", "Unknown type 'X'."),
        ("Nothing to hide.", "Nothing to hide."),
    ],
)
def test_suggestions_are_cut_off(message, shown):
    assert fit_to_show(message) == shown


def test_long_messages_are_cut_off():
    assert len(fit_to_show("x" * 90_000)) == MAX_MESSAGE


def test_the_order_of_errors_is_kept():
    errors = [raised(NotFound("a")), raised(RuntimeError("b")), raised(NotFound("c"))]

    published = publish(errors, request_id="r" * 8, operation=None)

    assert [error.message[:1] for error in published] == ["a", "S", "c"]
