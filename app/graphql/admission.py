"""Whether an operation may run, what it costs, and what is counted of it. Knows no transport and no hook."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Self

from graphql import FieldNode, FragmentSpreadNode, GraphQLError, OperationDefinitionNode
from graphql.execution import get_variable_values
from graphql.execution.values import VariableValues
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from app import metrics
from app.graphql.budget import Available, Unlimited
from app.graphql.call import Call, Session, call_of
from app.graphql.cost import MAX_COST
from app.graphql.errors import ErrorCode, OperationTimedOut, RequestError, as_request_error
from app.graphql.prepared import Prepared, PreparedOperation, prepared
from app.http.client_address import bucket_of
from resolvers.reading import record_reading

TIME_LIMIT = timedelta(seconds=20)
_limit: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)
MAX_COERCION_ERRORS = 20
NO_VARIABLES = VariableValues({}, {})


def no_cost() -> dict[str, Any]:
    """`extensions.cost` of a request that was refused before its cost was known."""
    return {"requested": 0, "actual": 0, "limit": MAX_COST, "available": None, "restoreRate": None}


def allow_time(more: timedelta) -> None:
    """Let the operation under way go on for so long from now, where it would be ended earlier."""
    limit = _limit.get()
    ends = asyncio.get_running_loop().time() + more.total_seconds()
    if limit is not None and (limit.when() or ends) < ends:
        limit.reschedule(ends)


@asynccontextmanager
async def time_limited() -> AsyncIterator[None]:
    """Ends what takes longer than operations may. Raises OperationTimedOut."""
    seconds = TIME_LIMIT.total_seconds()
    try:
        async with asyncio.timeout(seconds) as limit:
            _limit.set(limit)
            try:
                yield
            finally:
                _limit.set(None)
    except TimeoutError as error:
        if limit.expired():
            raise OperationTimedOut(seconds) from error
        raise


class Admission:
    """One operation on its way in and out. `variables` are coerced once it is let in."""

    def __init__(self, context: ExecutionContext) -> None:
        self._context = context
        self._prepared: Prepared | None = None
        self.operation: PreparedOperation | None = None
        self.variables = NO_VARIABLES
        self._requested = 0
        self._bucket: Available | None = None
        self._subscribed = False
        self._started = 0.0

    @property
    def kind(self) -> OperationType | None:
        """What kind of operation was asked for; None when there is no operation of that name."""
        return self.operation.kind if self.operation else None

    def __enter__(self) -> Self:
        """Within, the operation is counted by its outcome and the time it takes."""
        self._started = time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        outcome = "error" if kind or self._context.pre_execution_errors else "ok"
        if kind and issubclass(kind, asyncio.CancelledError | GeneratorExit):
            outcome = "cancelled"
        self._count(outcome, time.perf_counter() - self._started)

    def prepare(self) -> None:
        """Finds the document of the query. Raises GraphQLSyntaxError."""
        context = self._context
        self._prepared = prepared(context.schema._schema, context.query or "")
        self.operation = self._prepared.operation(context._provided_operation_name)
        context.graphql_document = self._prepared.node

    def subscribed(self) -> None:
        """Counts an open subscription, until the operation has ended."""
        self._subscribed = True
        metrics.SUBSCRIPTIONS.inc()

    async def refusals(self) -> list[GraphQLError]:
        """Why a document that could be parsed is not executed: its faults, variables, cost or the caller's budget."""
        found = self._prepared
        if found is None or self.operation is None:
            return []
        refused = list(found.problems) or await self._refusals(found, self.operation)
        if not refused:
            await record_reading(self._context.context, root_fields(self.operation.node))
        return refused

    def cost(self) -> dict[str, Any]:
        """`extensions.cost`. Events of a subscription repeat what the subscription itself was charged."""
        if self._bucket is None:
            return {**no_cost(), "requested": self._requested}
        return {
            "requested": self._requested,
            "actual": self._actual(),
            "limit": MAX_COST,
            "available": self._bucket.points,
            "restoreRate": self._bucket.restore_rate,
        }

    async def _refusals(self, found: Prepared, operation: PreparedOperation) -> list[GraphQLError]:
        context = self._context
        if context._provided_operation_name is None and len(found.operations) > 1:
            message = "The document has several operations. Say with operationName which one to run."
            return [RequestError(message, ErrorCode.BAD_USER_INPUT)]
        call = call_of(context.context)
        plan, definitions = operation.plan, operation.node.variable_definitions
        if plan.introspects and call is not None and not call.may_introspect(call.session):
            return [RequestError("You may not introspect the schema here.", ErrorCode.FORBIDDEN)]
        if not definitions:
            return await self._charge(plan.requested({}), call)
        values = get_variable_values(context.schema._schema, definitions, context.variables or {}, MAX_COERCION_ERRORS)
        if isinstance(values, list):
            return [as_request_error(error, ErrorCode.BAD_USER_INPUT) for error in values]
        self.variables = values
        return await self._charge(plan.requested(values.coerced), call)

    async def _charge(self, requested: int, call: Call | None) -> list[GraphQLError]:
        self._requested = requested
        metrics.COST.observe(requested)
        if requested > MAX_COST:
            message = (
                f"The operation costs {requested} points, more than the {MAX_COST} allowed. "
                "Ask for smaller pages, fewer nested lists or several operations."
            )
            return [RequestError(message, ErrorCode.COST_LIMIT_EXCEEDED, cost=self.cost())]
        budget, session = (call.budget, call.session) if call else (Unlimited(), Session(principal=""))
        self._bucket = await budget.take(session.principal, requested, bucket_of(session.address))
        if call and self.kind is OperationType.SUBSCRIPTION:
            call.charged = self.cost()
        return [] if self._bucket.allowed else [_too_soon(requested, self._bucket)]

    def _actual(self) -> int:
        bucket, operation = self._bucket, self.operation
        if bucket is None or not bucket.allowed or operation is None:
            return 0
        if operation.kind is OperationType.SUBSCRIPTION:
            return self._requested
        return operation.plan.actual(getattr(self._context.result, "data", None))

    def _count(self, outcome: str, seconds: float) -> None:
        operation = self.operation
        kind = operation.kind_name if operation else "unknown"
        name = metrics.operation_label(operation.name if operation else self._context._provided_operation_name)
        metrics.count_operation(name, kind, outcome)
        if self._subscribed:
            metrics.SUBSCRIPTIONS.dec()
        else:
            metrics.time_operation(name, kind, seconds)


def _too_soon(requested: int, bucket: Available) -> RequestError:
    missing = requested - (bucket.points or 0)
    seconds = math.ceil(missing / bucket.restore_rate) if bucket.restore_rate else 1
    message = f"You have used up your budget for now. The operation can run in {seconds} seconds."
    return RequestError(message, ErrorCode.RATE_LIMITED, retryAfter=seconds)


def root_fields(operation: OperationDefinitionNode) -> list[str]:
    """The names of the root fields; a fragment stands as ...name."""
    return [
        node.name.value
        if isinstance(node, FieldNode)
        else f"...{node.name.value if isinstance(node, FragmentSpreadNode) else ''}"
        for node in operation.selection_set.selections
    ]
