"""What the compiler knows of one selected field: how its value is read, and where it stands."""

import inspect
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeAlias

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLOutputType, GraphQLSchema
from graphql.execution.collect_fields import FieldDetailsList
from strawberry.schema import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

# Key of a field's metadata: the attribute that holds the field's value where somebody has fetched it beforehand. Where
# the source has no such attribute the field's own resolver runs; it must give the attribute's value when it is there.
PREFETCHED = "prefetched"


class Reading(Enum):
    """How a value is got from its source. STANDARD leaves it, and all below it, to graphql-core."""

    ATTRIBUTE = auto()
    PREFETCHED = auto()
    RESOLVER = auto()
    TYPENAME = auto()
    STANDARD = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A response key of one object type. `details` is shared by all executions of the operation: never change it.

    `attribute` is the name that is read; `call` the resolver with the form its source is handed over in.
    """

    key: str
    definition: GraphQLField
    details: FieldDetailsList
    nodes: list[FieldNode]
    parent: GraphQLObjectType
    reading: Reading
    attribute: str = ""
    call: "Call | None" = None

    @property
    def type(self) -> GraphQLOutputType:
        return self.definition.type


@dataclass(frozen=True, slots=True)
class Call:
    """A resolver that needs its source at most. `form` is how it is called: "{0}(s)", "{0}(root=s)" or "{0}()"."""

    function: Any
    form: str


_Read: TypeAlias = tuple[Reading, str, Call | None]
_STANDARD: _Read = (Reading.STANDARD, "", None)


def field_of(schema: GraphQLSchema, parent: GraphQLObjectType, key: str, details: FieldDetailsList) -> Field | None:
    """The field behind a response key, None when the type has none of that name (graphql-core leaves those out)."""
    node = details[0].node
    definition = schema.get_field(parent, node.name.value)
    if definition is None:
        return None
    reading, attribute, call = _reading(schema, definition, node)
    nodes = [each.node for each in details]
    return Field(key, definition, details, nodes, parent, reading, attribute, call)


def _reading(schema: GraphQLSchema, definition: GraphQLField, node: FieldNode) -> _Read:
    if node.name.value == "__typename":
        return Reading.TYPENAME, "", None
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    owner = getattr(schema, "_strawberry_schema", None)
    if not isinstance(field, StrawberryField) or not isinstance(owner, Schema):
        return _STANDARD
    if definition.args or node.arguments or _is_surprising(field, owner):
        return _STANDARD
    if prefetched := field.metadata.get(PREFETCHED):
        return Reading.PREFETCHED, prefetched, None
    if field.base_resolver is None:
        return _attribute(field, owner)
    return _resolver(field)


def _is_surprising(field: StrawberryField, owner: Schema) -> bool:
    """Whether anything but the attribute or the resolver has a say: permissions, extensions, handlers, subclasses."""
    return bool(
        field.extensions
        or field.is_subscription
        or type(field).get_result is not StrawberryField.get_result
        or owner.schema_converter._get_field_exception_handlers(field)
    )


def _attribute(field: StrawberryField, owner: Schema) -> _Read:
    name = field.python_name
    is_plain = owner.config.default_resolver is getattr and field.default_resolver is getattr and name.isidentifier()
    return (Reading.ATTRIBUTE, name, None) if is_plain else _STANDARD


def _resolver(field: StrawberryField) -> _Read:
    resolver = field.base_resolver
    function: Any = resolver.wrapped_func if resolver else None
    if resolver is None or resolver.info_parameter or resolver.arguments or not callable(function):
        return _STANDARD
    if resolver.is_async or inspect.isasyncgenfunction(function):
        return _STANDARD
    named = {parameter.name for parameter in (resolver.parent_parameter, resolver.root_parameter) if parameter}
    if resolver.self_parameter:
        return _STANDARD if named else (Reading.RESOLVER, "", Call(function, "{0}(s)"))
    given = ", ".join(f"{name}=s" for name in sorted(named))
    return Reading.RESOLVER, "", Call(function, f"{{0}}({given})")
