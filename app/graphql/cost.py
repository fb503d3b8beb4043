"""What an operation costs, known before it runs, and what it really returned.

An object costs 1, a connection its `first` times what one of its items costs, a leaf nothing; `@cost` adds to that.
Types that only carry paging (connection, edge, page info) cost nothing themselves. A plan is made once per document.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from app.graphql.applied import mark_of
from app.graphql.limits import response_name
from schema.directives import Cost

MAX_COST = 5000
# The page size of connections when `first` is left out, and the guess for lists that cannot be cut.
DEFAULT_FIRST = 25
ASSUMED_LIST_SIZE = 10
# Introspection reads the schema in memory: dear enough to notice, independent of how it is nested.
INTROSPECTION_COST = {"__schema": 50, "__type": 10}
CACHED_PLANS = 128

Variables = Mapping[str, Any]


class Number(NamedTuple):
    """A number that is known now (`known`) or comes with a variable; a list stands for its length."""

    known: int
    variable: str | None = None

    def read(self, variables: Variables) -> int:
        value = variables.get(self.variable) if self.variable is not None else None
        if isinstance(value, list):
            return len(value)
        return max(0, value) if isinstance(value, int) else self.known


class Condition(NamedTuple):
    """`@include(if: wanted)` or `@skip(if: not wanted)`."""

    wanted: bool
    known: bool | None
    variable: str | None = None

    def holds(self, variables: Variables) -> bool:
        value = self.known if self.variable is None else variables.get(self.variable)
        return value is self.wanted


class Place(NamedTuple):
    """A selection and the type it is made on, with what must hold for it to count."""

    parent: GraphQLNamedType
    node: FieldNode
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Priced:
    """A selected field. `count` is how often its object comes, None for "as often as the connection above pages"."""

    key: str
    weight: int
    objects: int
    count: Number | None
    page: Number
    conditions: tuple[Condition, ...]
    below: tuple["Priced", ...]


@dataclass(frozen=True, slots=True)
class Plan:
    fields: tuple[Priced, ...]
    introspects: bool

    def requested(self, variables: Variables) -> int:
        """The most the operation can cost with these coerced variables. At least 1."""
        return max(1, _price(self.fields, variables, 1))

    def actual(self, data: Mapping[str, Any] | None) -> int:
        """The cost of what came back: each object that is really there."""
        return max(1, _count(self.fields, data)) if data else 1


def _price(fields: Iterable[Priced], variables: Variables, page: int) -> int:
    total = 0
    for field in fields:
        if all(condition.holds(variables) for condition in field.conditions):
            count = page if field.count is None else field.count.read(variables)
            below = _price(field.below, variables, field.page.read(variables))
            total += field.weight + count * (field.objects + below)
    return total


def _count(fields: Iterable[Priced], data: Mapping[str, Any]) -> int:
    total = 0
    for field in fields:
        if field.key in data:
            total += field.weight
            for found in _objects(data[field.key]):
                total += field.objects + (_count(field.below, found) if field.below else 0)
    return total


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


@lru_cache(maxsize=CACHED_PLANS)
def plan_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Plan:
    """The plan of a valid operation."""
    planner = _Planner(schema, document)
    root = schema.get_root_type(operation.operation)
    places = list(planner.places(root, operation.selection_set, ())) if root else []
    return Plan(
        fields=planner.priced(places),
        introspects=any(place.node.name.value in INTROSPECTION_COST for place in places),
    )


class _Planner:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def places(
        self, parent: GraphQLNamedType, selection_set: SelectionSetNode, conditions: tuple[Condition, ...]
    ) -> Iterator[Place]:
        """The fields of a selection, those of its fragments included, each on the type it is asked of."""
        for selection in selection_set.selections:
            known = (*conditions, *_conditions(selection))
            if isinstance(selection, FieldNode):
                yield Place(parent, selection, known)
            elif isinstance(selection, InlineFragmentNode):
                on = selection.type_condition.name.value if selection.type_condition else parent.name
                yield from self.places(self._schema.type_map[on], selection.selection_set, known)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                on = fragment.type_condition.name.value
                yield from self.places(self._schema.type_map[on], fragment.selection_set, known)

    def priced(self, places: Iterable[Place]) -> tuple[Priced, ...]:
        """What the fields cost, those that merge into one taken together. Leaves that cost nothing are left out."""
        merged: dict[tuple[str, str], list[Place]] = {}
        for place in places:
            # On different types one name may stand for different fields: they are counted apart, the dearer included.
            merged.setdefault((response_name(place.node), place.parent.name), []).append(place)
        fields = [self._field(key, alike) for (key, _), alike in merged.items()]
        return tuple(field for field in fields if field.weight or field.objects or field.below)

    def _field(self, key: str, places: Sequence[Place]) -> Priced:
        first = places[0]
        # Only one condition on a field can be honoured when several selections merge: then it counts in any case.
        conditions = first.conditions if len(places) == 1 else ()
        if first.node.name.value in INTROSPECTION_COST:
            return _flat(key, INTROSPECTION_COST[first.node.name.value], conditions)
        field = self._definition(first)
        kind = get_named_type(field.type)
        below = [
            below
            for place in places
            if place.node.selection_set
            for below in self.places(kind, place.node.selection_set, ())
        ]
        mark = mark_of(field, Cost) or Cost()
        return Priced(
            key=key,
            weight=mark.weight,
            objects=int(is_composite_type(kind) and not _only_pages(kind)),
            count=_count_of(first, field, mark),
            page=_number(first.node, field, "first") or Number(DEFAULT_FIRST),
            conditions=conditions,
            below=self.priced(below),
        )

    def _definition(self, place: Place) -> GraphQLField:
        field = self._schema.get_field(place.parent, place.node.name.value)  # type: ignore[arg-type]  # it is valid
        if field is None:
            raise LookupError(f"{place.parent.name} has no field {place.node.name.value}.")
        return field


def _flat(key: str, weight: int, conditions: tuple[Condition, ...]) -> Priced:
    return Priced(key, weight, 0, Number(1), Number(0), conditions, ())


def _only_pages(kind: GraphQLNamedType) -> bool:
    # The Relay specification reserves these names for exactly this.
    return kind.name.endswith(("Connection", "Edge")) or kind.name == "PageInfo"


def _count_of(place: Place, field: GraphQLField, mark: Cost) -> Number | None:
    if not is_list_type(get_nullable_type(field.type)):
        return Number(1)
    if place.parent.name.endswith("Connection"):
        return None
    asked = _number(place.node, field, "ids") or _number(place.node, field, "first")
    return asked or Number(mark.list_size if isinstance(mark.list_size, int) else ASSUMED_LIST_SIZE)


def _number(node: FieldNode, field: GraphQLField, name: str) -> Number | None:
    """What the field's argument of this name says; None when the field has no such argument or it is left out."""
    argument = field.args.get(name)
    if argument is None:
        return None
    default = argument.default_value if isinstance(argument.default_value, int) else DEFAULT_FIRST
    value = next((each.value for each in node.arguments or () if each.name.value == name), None)
    if isinstance(value, IntValueNode):
        return Number(max(0, int(value.value)))
    if isinstance(value, ListValueNode):
        return Number(len(value.values))
    if isinstance(value, VariableNode):
        return Number(default, value.name.value)
    return Number(default) if name == "first" else None


def _conditions(selection: SelectionNode) -> Iterator[Condition]:
    for directive in selection.directives or ():
        name = directive.name.value
        if name in {"include", "skip"} and directive.arguments:
            value = directive.arguments[0].value
            if isinstance(value, BooleanValueNode):
                yield Condition(name == "include", value.value)
            elif isinstance(value, VariableNode):
                yield Condition(name == "include", None, value.name.value)
