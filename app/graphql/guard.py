"""The one extension around each operation: limits, parsing and validation once per document, cost, time limit, metrics.

One class instead of many because each hook of each extension is paid for by every operation.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Any, cast

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from graphql.execution import get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.execution import ParseOptions
from strawberry.types.graphql import OperationType

from app import metrics
from app.graphql.budget import Available, Unlimited
from app.graphql.call import Call, call_of
from app.graphql.cost import MAX_COST, Plan, plan_of
from app.graphql.errors import ErrorCode, OperationTimedOut, RequestError, as_request_error
from app.graphql.limits import PARSE_OPTIONS, LimitsRule

TIME_LIMIT = timedelta(seconds=20)
MAX_COERCION_ERRORS = 20
# A document of 2000 tokens takes about 1 MiB parsed, so this bounds the cache even when somebody means harm.
CACHED_DOCUMENTS = 128

RULES: tuple[type[ASTValidationRule], ...] = (LimitsRule, *specified_rules)


@lru_cache(maxsize=CACHED_DOCUMENTS)
def parsed(query: str) -> DocumentNode:
    """The document of a query text. Raises GraphQLSyntaxError."""
    return parse(query, **PARSE_OPTIONS)


@lru_cache(maxsize=CACHED_DOCUMENTS)
def problems_of(schema: GraphQLSchema, document: DocumentNode) -> tuple[GraphQLError, ...]:
    """What validation finds, ready to be shown. Shared by all who send this document: never change these errors."""
    code = ErrorCode.GRAPHQL_VALIDATION_FAILED
    return tuple(as_request_error(error, code) for error in validate_document(schema, document, RULES))


def no_cost() -> dict[str, Any]:
    """`extensions.cost` of a request that was refused before its cost was known."""
    return {"requested": 0, "actual": 0, "limit": MAX_COST, "available": None, "restoreRate": None}


class Guard(SchemaExtension):
    """Made anew for each operation."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._requested = 0
        self._bucket: Available | None = None
        self._subscribed = False

    def on_operation(self) -> Iterator[None]:
        self.execution_context.validation_rules = RULES
        started = time.perf_counter()
        outcome = "error"
        try:
            yield
            outcome = "error" if self.execution_context.pre_execution_errors else "ok"
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            self._count(outcome, time.perf_counter() - started)

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        context.parse_options = cast("ParseOptions", PARSE_OPTIONS)
        try:
            context.graphql_document = parsed(context.query or "")
        except GraphQLError:
            # Left to strawberry, which parses again: a syntax error raised here would escape from its streams.
            context.graphql_document = None
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        context = self.execution_context
        schema, document = context.schema._schema, context.graphql_document
        if document is not None:
            context.pre_execution_errors = list(problems_of(schema, document)) or await self._refusals(document)
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        seconds = TIME_LIMIT.total_seconds()
        if self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            self._subscribed = True
            metrics.SUBSCRIPTIONS.inc()
        try:
            async with asyncio.timeout(seconds) as limit:
                yield
        except TimeoutError as error:
            if limit.expired():
                raise OperationTimedOut(seconds) from error
            raise

    def get_results(self) -> dict[str, Any]:
        """`extensions.cost`. Events of a subscription repeat what the subscription itself was charged."""
        if self._bucket is None:
            return {"cost": {**no_cost(), "requested": self._requested}}
        return {
            "cost": {
                "requested": self._requested,
                "actual": self._actual(),
                "limit": MAX_COST,
                "available": self._bucket.points,
                "restoreRate": self._bucket.restore_rate,
            }
        }

    async def _refusals(self, document: DocumentNode) -> list[GraphQLError]:
        """Why a valid document is not executed all the same: its operation, variables, cost or the caller's budget."""
        context = self.execution_context
        if context._provided_operation_name is None and _operation_count(document) > 1:
            message = "The document has several operations. Say with operationName which one to run."
            return [RequestError(message, ErrorCode.BAD_USER_INPUT)]
        operation = _operation(document, context.operation_name)
        schema = context.schema._schema
        call = call_of(context.context)
        self._plan = plan_of(schema, document, operation)
        if self._plan.introspects and call is not None and not call.may_introspect(call.session):
            return [RequestError("You may not introspect the schema here.", ErrorCode.FORBIDDEN)]
        values = get_variable_values(
            schema, operation.variable_definitions or (), context.variables or {}, MAX_COERCION_ERRORS
        )
        if isinstance(values, list):
            return [as_request_error(error, ErrorCode.BAD_USER_INPUT) for error in values]
        return await self._charge(self._plan.requested(values.coerced), call)

    async def _charge(self, requested: int, call: Call | None) -> list[GraphQLError]:
        self._requested = requested
        metrics.COST.observe(requested)
        if requested > MAX_COST:
            message = (
                f"The operation costs {requested} points, more than the {MAX_COST} allowed. "
                "Ask for smaller pages, fewer nested lists or several operations."
            )
            return [RequestError(message, ErrorCode.COST_LIMIT_EXCEEDED, cost=self.get_results()["cost"])]
        budget, principal = (call.budget, call.session.principal) if call else (Unlimited(), "")
        self._bucket = await budget.take(principal, requested)
        return [] if self._bucket.allowed else [_too_soon(requested, self._bucket)]

    def _actual(self) -> int:
        bucket, result = self._bucket, self.execution_context.result
        if bucket is None or not bucket.allowed or self._plan is None:
            return 0
        if self.execution_context.operation_type is OperationType.SUBSCRIPTION:
            return self._requested
        return self._plan.actual(getattr(result, "data", None))

    def _count(self, outcome: str, seconds: float) -> None:
        context = self.execution_context
        kind = _kind(context.graphql_document, context.operation_name)
        name = metrics.operation_label(context.operation_name)
        metrics.OPERATIONS.labels(name, kind, outcome).inc()
        if self._subscribed:
            metrics.SUBSCRIPTIONS.dec()
        else:
            metrics.OPERATION_SECONDS.labels(name, kind).observe(seconds)


def _too_soon(requested: int, bucket: Available) -> RequestError:
    missing = requested - (bucket.points or 0)
    seconds = math.ceil(missing / bucket.restore_rate) if bucket.restore_rate else 1
    message = f"You have used up your budget for now. The operation can run in {seconds} seconds."
    return RequestError(message, ErrorCode.RATE_LIMITED, retryAfter=seconds)


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]


def _operation_count(document: DocumentNode) -> int:
    return len(_operations(document))


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run; strawberry has made sure before that there is one of this name."""
    operations = _operations(document)
    return next((each for each in operations if each.name and each.name.value == name), operations[0])


def _kind(document: DocumentNode | None, name: str | None) -> str:
    if document is None or not _operations(document):
        return "unknown"
    return _operation(document, name).operation.value
