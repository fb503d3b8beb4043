"""Assembles the executable schema: our guard around every operation, and errors published instead of leaked."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql.execution import Executor
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from app import metrics
from app.graphql.call import call_of, new_request_id
from app.graphql.errors import codes, publish
from app.graphql.guard import Guard


class Schema(strawberry.Schema):
    """A schema whose results carry published errors only, whatever transport runs it."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Replaces the errors of a result, in place, by what the caller may see; logs those that are our fault.

        In place because strawberry offers no later hook that also sees errors raised by extensions. The list is the
        result's own: the guard never hands out the cached one.
        """
        context = execution_context.context if execution_context else None
        call = call_of(context)
        errors[:] = publish(
            errors,
            request_id=call.request_id if call else new_request_id(),
            operation=execution_context.operation_name if execution_context else None,
        )
        for code in codes(errors):
            metrics.ERRORS.labels(code).inc()


def build_schema(
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    *,
    types: Iterable[type] = (),
    scalar_map: Mapping[object, ScalarDefinition] | None = None,
    exception_handlers: Iterable[strawberry.ExceptionHandler[Any, Any]] = (),
    extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = (),
    info_class: type[strawberry.Info[Any, Any]] = strawberry.Info,
    executor: type[Executor[Any]] | None = None,
    is_for_print: bool = False,
) -> Schema:
    """The schema. `extensions` are classes or factories; they run inside of the guard.

    `is_for_print` gives one whose SDL is sorted and which must not be executed: sorting copies the types, and
    strawberry then no longer finds the members of its unions.
    """
    return Schema(
        query,
        mutation,
        subscription,
        types=types,
        extensions=(Guard, *extensions),
        exception_handlers=tuple(exception_handlers),
        execution_context_class=executor,
        config=StrawberryConfig(sort_schema=is_for_print, scalar_map=scalar_map or {}, info_class=info_class),
    )
