"""The executor: graphql-core's own, but for values whose completion can be compiled."""

from collections.abc import Awaitable
from typing import Any, Self

from graphql import GraphQLError, GraphQLOutputType, GraphQLResolveInfo, OperationType
from graphql.execution import ExecutionResult
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from graphql.type import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from compiled_executor.operation import operations_of
from compiled_executor.runtime import KnownPlace


class CompiledExecutor(StrawberryGraphQLCoreExecutionContext):
    """Pass it to `strawberry.Schema(execution_context_class=...)`. Results are those of the standard executor.

    Root fields are resolved the standard way. What they return is completed by functions generated for the operation:
    attributes without arguments, and resolvers that need their source at most. Any other field is given back to the
    standard executor, and what it returns is compiled again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        middleware = self.middleware_manager
        # Middleware wraps every resolver, so that no attribute is plain any more.
        wrapped = middleware is not None and bool(middleware.middlewares)
        self._operation = None if wrapped else operations_of(self.schema).of(self)

    @property
    def is_compiled(self) -> bool:
        """Whether anything of the operation can be compiled."""
        return self._operation is not None

    def anew(
        self,
        *,
        root_value: Any,
        context_value: Any,
        variable_values: VariableValues,
        operation_extensions: dict[str, Any] | None,
    ) -> Self:
        """An executor of the same operation for another request, which shares all that does not differ.

        For compiled operations only: the state of incremental delivery, which these do not have, is shared too.
        """
        other = object.__new__(type(self))
        state = vars(other)
        state.update(vars(self))
        state.update(
            root_value=root_value,
            context_value=context_value,
            operation_extensions=operation_extensions,
            collected_errors=CollectedErrors(),
            background_futures=set(),
            async_helpers=GraphQLResolveInfoHelpers(other.gather_async_work, other.track_async_work),
            _relevant_sub_fields={},
        )
        if variable_values.coerced or self.variable_values.coerced:
            state["variable_values"] = variable_values
            state["_operation"] = operations_of(self.schema).of(other)
        return other

    def build_per_event_executor(self, payload: Any) -> Any:
        """An executor of a subscription for one event.

        What graphql-core remembers of selections is keyed by lists that are made anew for each event; shared by all
        events, as it is there, it would grow for as long as the subscription is open.
        """
        executor: Any = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}
        return executor

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result of the operation, or an awaitable of it."""
        if self._operation is None or self.abort_signal is not None or self.hooks is not None:
            return super().execute_operation(serially)
        try:
            root_type, fields = self._operation.root(self)
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core words it
            return super().execute_operation(serially)
        one_by_one = self.operation.operation is OperationType.MUTATION if serially is None else serially
        try:
            data: Any = self.execute_root_grouped_field_set(root_type, self.root_value, fields, one_by_one, None)
        except GraphQLError as error:
            return self._failed(error)
        return self._finished(data) if self.is_awaitable(data) else self._response(data)

    async def _finished(self, data: Awaitable[dict[str, Any]]) -> ExecutionResult:
        try:
            return self._response(await data)
        except GraphQLError as error:
            return self._failed(error)

    def _failed(self, error: GraphQLError) -> ExecutionResult:
        self.collected_errors.add(error, None)
        return self._response(None)

    def _response(self, data: dict[str, Any] | None) -> ExecutionResult:
        return ExecutionResult(data, self.collected_errors.errors or None)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Complete a value; the result may have to be awaited."""
        if self._operation is not None and position_context is None:
            complete = self._operation.completer(return_type, field_details_list)
            if complete is not None:
                return complete(self, result, path, KnownPlace(field_details_list, info))
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)
