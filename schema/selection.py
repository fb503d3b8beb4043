"""What an operation selects of a list, as stored fields to read. Worked out once for each parsed document."""

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from strawberry.types.field import StrawberryField

from documents.reading import Reading, Relation
from schema.node import VIEW_OF, reads_of


@dataclass(frozen=True, slots=True)
class Selected:
    """`rows`: whether any part of the page is selected; a count alone needs none. `reading`: of each item."""

    rows: bool
    reading: Reading


# By the identity of the nodes that select the list. An entry goes with its nodes, so parsed documents are kept by those
# who cache them only, and no other node is taken for one that is gone.
_remembered: dict[tuple[int, ...], Selected] = {}


def selected(info: strawberry.Info) -> Selected:
    """What is selected of the connection this resolver returns."""
    raw = info._raw_info
    key = tuple(map(id, raw.field_nodes))
    known = _remembered.get(key)
    if known is None:
        known = _remembered[key] = _of_connection(raw)
        weakref.finalize(raw.field_nodes[0], _remembered.pop, key, None)
    return known


def reading_of(info: strawberry.Info, view: str) -> Reading:
    """What is selected of the rows behind this view, by a resolver that returns nodes of any type."""
    raw = info._raw_info
    return _Walk(raw.schema, raw.fragments).reading(_object(raw.schema.type_map[view]), raw.field_nodes)


def _of_connection(info: GraphQLResolveInfo[Any]) -> Selected:
    walk = _Walk(info.schema, info.fragments)
    connection = _object(info.return_type)
    parts = walk.fields(connection, info.field_nodes)
    items = list(parts.get("nodes", ()))
    if "edges" in parts:
        items += walk.fields(_object(connection.fields["edges"].type), parts["edges"]).get("node", ())
    view = _object(connection.fields["nodes"].type)
    return Selected(rows=not {"edges", "nodes", "pageInfo"}.isdisjoint(parts), reading=walk.reading(view, items))


class _Walk:
    """Directives such as @skip are left aside: what may be selected is read."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, Any]) -> None:
        self._schema = schema
        self._fragments = fragments

    def reading(self, view: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Reading:
        """What the fields below these nodes read of a row behind `view`."""
        stored: set[str] = set()
        relations = []
        for name, found in self.fields(view, nodes).items():
            if name.startswith("__"):
                continue
            field = _strawberry_field(view, name)
            stored.update(reads_of(field))
            if "related" in field.metadata:
                other = _object(view.fields[name].type)
                document = VIEW_OF[other.name]
                relations.append(Relation(field.metadata["related"], document, self.reading(other, found)))
        return Reading(tuple(sorted(stored - {"id"})), tuple(relations))

    def fields(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode]) -> dict[str, list[FieldNode]]:
        """Fields selected below these nodes by name, whatever their alias."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for node in nodes:
            for field in self._fields(type_, node.selection_set, spread):
                found.setdefault(field.name.value, []).append(field)
        return found

    def _fields(
        self, type_: GraphQLObjectType, selections: SelectionSetNode | None, spread: set[str]
    ) -> Iterator[FieldNode]:
        """`spread`: fragments that were followed already; twice adds nothing but time, without end when nested."""
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                if node.name.value not in spread and self._applies(fragment.type_condition.name.value, type_):
                    spread.add(node.name.value)
                    yield from self._fields(type_, fragment.selection_set, spread)
            elif isinstance(node, InlineFragmentNode) and (
                node.type_condition is None or self._applies(node.type_condition.name.value, type_)
            ):
                yield from self._fields(type_, node.selection_set, spread)

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        named = self._schema.type_map[condition]
        return named is type_ or (is_abstract_type(named) and self._schema.is_sub_type(named, type_))


def _object(type_: Any) -> GraphQLObjectType:
    named = get_named_type(type_)
    if not isinstance(named, GraphQLObjectType):
        raise TypeError(f"{named} is not an object: lists hold views.")
    return named


def _strawberry_field(view: GraphQLObjectType, name: str) -> StrawberryField:
    field: StrawberryField = view.fields[name].extensions["strawberry-definition"]
    return field
