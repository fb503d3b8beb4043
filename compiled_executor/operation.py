"""What is compiled of one operation, and the table of operations that have been compiled."""

from collections import OrderedDict
from functools import partial
from typing import Any, TypeAlias

from graphql import (
    BREAK,
    DirectiveNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    VisitorAction,
    get_named_type,
    is_leaf_type,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet, collect_fields

from compiled_executor.completer import completer_of
from compiled_executor.field import Field, field_of
from compiled_executor.runtime import Body, Completer
from compiled_executor.source import body_of

# Each costs some tens of kilobytes; the least recently used goes first.
MOST_OPERATIONS = 256


class Operation:
    """The compiled functions of an operation under one outcome of its @skip and @include conditions.

    Filled as values are met, by type and field nodes; all executions of the operation share it. It keeps the nodes it
    was made of alive, for it tells them apart by identity.
    """

    def __init__(self, nodes: tuple[Any, ...]) -> None:
        self.nodes = nodes
        self._root: tuple[GraphQLObjectType, GroupedFieldSet] | None = None
        self._completers: dict[tuple[Any, ...], Completer | None] = {}

    def completer(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer | None:
        """The function that completes values of this type at this field; None where nothing can be gained."""
        key = (type_, id(details[0].node)) if len(details) == 1 else (type_, *(id(each.node) for each in details))
        try:
            return self._completers[key]
        except KeyError:
            found = self._completers[key] = None if is_leaf_type(get_named_type(type_)) else self._made(type_, details)
            return found

    def root(self, executor: Executor[Any]) -> tuple[GraphQLObjectType, GroupedFieldSet]:
        """The root type and what is selected of it. Raises what graphql-core raises, and remembers nothing then."""
        if self._root is None:
            schema, node = executor.schema, executor.operation
            root_type = schema.get_root_type(node.operation)
            if root_type is None:
                raise LookupError("There is no such root type.")
            fields = collect_fields(
                schema, executor.fragments, executor.variable_values, root_type, node, executor.hide_suggestions
            ).grouped_field_set
            self._root = root_type, fields
        return self._root

    def _made(self, type_: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        return completer_of(type_, partial(self._body, list(details)))

    def _body(self, details: FieldDetailsList, executor: Executor[Any], named: GraphQLObjectType) -> Body:
        selected = executor.collect_subfields(named, details).grouped_field_set
        fields = (field_of(executor.schema, named, key, list(below)) for key, below in selected.items())
        return body_of([field for field in fields if field is not None], self._below)

    def _below(self, field: Field) -> Completer:
        return self._made(field.type, field.details)


# Conditional variables of an operation in the order they are met, or None for one that cannot be compiled.
Conditions: TypeAlias = tuple[str, ...] | None


class Operations:
    """The operations of one schema that were compiled, the least recently used forgotten."""

    def __init__(self, most: int = MOST_OPERATIONS) -> None:
        self._most = most
        self._conditions: OrderedDict[tuple[int, ...], tuple[tuple[Any, ...], Conditions]] = OrderedDict()
        self._compiled: OrderedDict[tuple[Any, ...], Operation] = OrderedDict()

    def of(self, executor: Executor[Any]) -> Operation | None:
        """The compiled functions for what this executor runs; None when it must run the standard way."""
        nodes = (executor.operation, *executor.fragment_definitions.values())
        ids = tuple(map(id, nodes))
        conditions = self._conditions_of(ids, nodes)
        if conditions is None:
            return None
        if not conditions:
            return self._operation(ids, nodes)
        values = executor.variable_values.coerced
        return self._operation((ids, *(_outcome(values.get(name)) for name in conditions)), nodes)

    def _conditions_of(self, ids: tuple[int, ...], nodes: tuple[Any, ...]) -> Conditions:
        known = self._conditions.get(ids)
        if known is None:
            known = self._conditions[ids] = (nodes, _conditions(nodes))
            if len(self._conditions) > self._most:
                self._conditions.popitem(last=False)
        else:
            self._conditions.move_to_end(ids)
        return known[1]

    def _operation(self, key: tuple[Any, ...], nodes: tuple[Any, ...]) -> Operation:
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = Operation(nodes)
            if len(self._compiled) > self._most:
                self._compiled.popitem(last=False)
        else:
            self._compiled.move_to_end(key)
        return found


def operations_of(schema: GraphQLSchema) -> Operations:
    """The table of a schema; it goes when the schema goes."""
    # On the schema itself: compiled functions know its types, so that a table elsewhere would keep it alive for ever.
    table: Operations | None = getattr(schema, "_compiled_operations", None)
    if table is None:
        table = schema._compiled_operations = Operations()  # type: ignore[attr-defined]
    return table


def _outcome(value: Any) -> Any:
    # Anything but a Boolean is refused where it is used; all such values may share one entry, which stays empty.
    return value if value is True or value is False else None


class _Conditions(Visitor):
    """Finds the variables that decide what is selected, and what only the standard executor knows."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}
        self.is_standard = False

    def enter_directive(self, node: DirectiveNode, *_: Any) -> VisitorAction:
        name = node.name.value
        if name in {"skip", "include"}:
            values = (argument.value for argument in node.arguments or ())
            self.names.update({value.name.value: None for value in values if isinstance(value, VariableNode)})
            return None
        # @defer and @stream deliver in parts; one that is not known may do anything.
        self.is_standard = True
        return BREAK


def _conditions(nodes: tuple[Any, ...]) -> Conditions:
    found = _Conditions()
    for node in nodes:
        if not isinstance(node, OperationDefinitionNode) and node.variable_definitions:
            return None  # arguments of fragments are an experiment of graphql-core
        visit(node, found)
    return None if found.is_standard else tuple(found.names)
