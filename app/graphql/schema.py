"""Assembles the executable schema: our guard around every operation, and errors published instead of leaked."""

from collections.abc import Iterable, Mapping
from typing import Any

import strawberry
from graphql import GraphQLError
from graphql.execution import ExecutionResult as GraphQLResult
from graphql.execution import Executor
from strawberry.exceptions import MissingQueryError
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.types.scalar import ScalarDefinition

from app import metrics
from app.graphql.admission import NO_VARIABLES, Admission, time_limited
from app.graphql.call import call_of, new_request_id
from app.graphql.errors import codes, publish
from app.graphql.guard import Guard
from app.graphql.prepared import PreparedOperation
from compiled_executor import CompiledExecutor

ALL_KINDS = frozenset(OperationType)
NOT_TOLD = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


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

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """The result of a query or mutation; as strawberry's, but past its machinery for hooks, which costs more than
        a small query does.

        Raises MissingQueryError, CannotGetOperationTypeError or InvalidOperationTypeError when there is nothing to run.
        """
        context = self._create_execution_context(
            query=query,
            allowed_operation_types=ALL_KINDS if allowed_operation_types is None else allowed_operation_types,
            variable_values=variable_values,
            context_value=context_value,
            root_value=root_value,
            operation_name=operation_name,
            operation_extensions=operation_extensions,
        )
        with Admission(context) as admission:
            result = await self._told(context, admission)
        result.extensions = {"cost": admission.cost()}
        return result

    async def _told(self, context: ExecutionContext, admission: Admission) -> ExecutionResult:
        try:
            result = await self._run(context, admission)
        except NOT_TOLD:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told what may be told
            cause = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            result = PreExecutionError(data=None, errors=[cause])
        if result.errors:
            context.pre_execution_errors = result.errors
            self._process_errors(result.errors, context)
        context.result = result
        return result

    async def _run(self, context: ExecutionContext, admission: Admission) -> ExecutionResult:
        if not context.query:
            raise MissingQueryError
        try:
            admission.prepare()
        except GraphQLError as error:
            return PreExecutionError(data=None, errors=[error])
        if admission.kind is None:
            raise CannotGetOperationTypeError(context.operation_name)
        if admission.kind not in context.allowed_operations:
            raise InvalidOperationTypeError(admission.kind)
        if refusals := await admission.refusals():
            return PreExecutionError(data=None, errors=refusals)
        result = self._executed(context, admission)
        if optimized_is_awaitable(result):
            async with time_limited():
                result = await result
        return ExecutionResult(data=result.data, errors=result.errors)

    def _executed(self, context: ExecutionContext, admission: Admission) -> Any:
        """The result of graphql-core, or an awaitable of it."""
        operation = admission.operation
        if operation is None or operation.template is None:
            return self._first(context, operation)
        executor = operation.template.anew(
            root_value=context.root_value,
            context_value=context.context,
            variable_values=admission.variables,
            operation_extensions=context.operation_extensions,
        )
        return executor.execute_operation()

    def _first(self, context: ExecutionContext, operation: PreparedOperation | None) -> Any:
        """The result, with an executor that is made from nothing and that later ones are made from."""
        executor = self.execution_context_class.build(
            self._schema,
            context.graphql_document,  # type: ignore[arg-type]  # it is prepared
            root_value=context.root_value,
            raw_variable_values=context.variables,
            operation_name=context.operation_name,
            context_value=context.context,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # it does tell what it looks like
            operation_extensions=context.operation_extensions,
        )
        if isinstance(executor, list):
            return GraphQLResult(None, executor)
        if operation is not None and isinstance(executor, CompiledExecutor) and executor.is_compiled:
            # Without this request's own, which must not outlive it.
            operation.template = executor.anew(
                root_value=None,
                context_value=None,
                variable_values=NO_VARIABLES,
                operation_extensions=None,
            )
        return executor.execute_operation()


def build_schema(
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    *,
    types: Iterable[type] = (),
    scalar_map: Mapping[object, ScalarDefinition] | None = None,
    exception_handlers: Iterable[strawberry.ExceptionHandler[Any, Any]] = (),
    info_class: type[strawberry.Info[Any, Any]] = strawberry.Info,
    executor: type[Executor[Any]] | None = None,
    is_for_print: bool = False,
) -> Schema:
    """The schema. It takes no extensions but the guard: each of their hooks would be paid for by every operation.

    `is_for_print` gives one whose SDL is sorted and which must not be executed: sorting copies the types, and
    strawberry then no longer finds the members of its unions.
    """
    return Schema(
        query,
        mutation,
        subscription,
        types=types,
        extensions=(Guard,),
        exception_handlers=tuple(exception_handlers),
        execution_context_class=executor,
        config=StrawberryConfig(sort_schema=is_for_print, scalar_map=scalar_map or {}, info_class=info_class),
    )
