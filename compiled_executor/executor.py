"""The executor: graphql-core's own, but for values whose completion can be compiled."""

from typing import Any

from graphql import GraphQLOutputType, GraphQLResolveInfo
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path
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
