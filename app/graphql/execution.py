"""Runs the document of a subscription over messages and encodes the results, once for all who share them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import orjson
from graphql import (
    FieldNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution import ExecutionResult, Executor

from app.graphql.prepared import CACHED_DOCUMENTS, prepared
from app.graphql.schema import Schema
from resolvers.context import Context

# The argument by which a feed is told where to begin, and nothing else.
AFTER = "after"


@dataclass(frozen=True, slots=True)
class Document:
    """What a client asked to run, valid for the schema. Operations of equal `key` give equal results for a message."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None

    def key(self, schema: Schema) -> tuple[str, str | None, bytes]:
        """All of it but the variable that only says where the feed begins."""
        begins = _begins_at(schema._schema, self.query, self.operation_name)
        others = {name: value for name, value in self.variables.items() if name != begins}
        return self.query, self.operation_name, orjson.dumps(others, option=orjson.OPT_SORT_KEYS)


class Execution:
    """One document for one kind of viewer. `context` is that of an operation that was charged and let in."""

    def __init__(self, schema: Schema, document: Document, context: Context) -> None:
        self._schema = schema
        self._context = context
        self._about = schema._create_execution_context(
            document.query, (), document.variables, context, operation_name=document.operation_name
        )
        self._executor = self._built(document, context)
        charged = getattr(context.call, "charged", None) or {}
        # What is left of the budget is each caller's own affair.
        self._extensions = {"cost": {**charged, "available": None}}

    async def payload(self, message: Any) -> bytes:
        """The payload of the `next` message that tells of `message`: errors published as ever, its cursor, JSON."""
        executor = self._executor.build_per_event_executor(message)
        executor.context_value = self._context.anew()
        result = cast("ExecutionResult", await _awaited(executor.execute_operation(False)))
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            self._schema.process_errors(result.errors, self._about)
            body["errors"] = [error.formatted for error in result.errors]
        body["extensions"] = {**self._extensions, "cursor": message.cursor}
        return orjson.dumps(body)

    def _built(self, document: Document, context: Context) -> Executor[Any]:
        schema = self._schema
        built = schema.execution_context_class.build(
            schema._schema,
            prepared(schema._schema, document.query).node,
            None,
            context,
            document.variables,
            document.operation_name,
            middleware=schema._get_middleware_manager(schema.get_extensions()),
        )
        if isinstance(built, list):
            raise built[0]
        return built


async def _awaited(result: Any) -> Any:
    return await result if hasattr(result, "__await__") else result


@lru_cache(maxsize=CACHED_DOCUMENTS)
def _begins_at(schema: GraphQLSchema, query: str, operation_name: str | None) -> str | None:
    """The variable that is the root field's `after` and is used for nothing else; None when there is no such one."""
    uses = _Uses()
    visit(prepared(schema, query).node, uses)
    for operation in uses.operations:
        if operation_name is None or (operation.name and operation.name.value == operation_name):
            name = _after_of(operation.selection_set.selections[0])
            return name if uses.names.count(name) == 1 else None
    return None


def _after_of(root: Node) -> str | None:
    for argument in (root.arguments or ()) if isinstance(root, FieldNode) else ():
        if argument.name.value == AFTER and isinstance(argument.value, VariableNode):
            return argument.value.name.value
    return None


class _Uses(Visitor):
    """The names of variables, once for each place where one is used."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str | None] = []
        self.operations: list[OperationDefinitionNode] = []

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        self.operations.append(node)

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
        if not isinstance(parent, VariableDefinitionNode):
            self.names.append(node.name.value)
