"""How generated code completes a scalar or an enum: a test that lets the usual value through, and what follows."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from compiled_executor.safe_type import SAFE

# Values of the built-in scalars that graphql-core hands on as they are; {v} stands for the variable that holds one.
_AS_THEY_ARE = {
    GraphQLString: "type({v}) is str",
    GraphQLID: "type({v}) is str",
    GraphQLBoolean: "{v} is True or {v} is False",
    GraphQLInt: "type({v}) is int and -2147483648 <= {v} <= 2147483647",
    # A difference that is not zero tells infinities and NaN, which are refused.
    GraphQLFloat: "type({v}) is float and {v} - {v} == 0.0",
}


@dataclass(frozen=True, slots=True)
class LeafCode:
    """`test` is an expression over {v}; `names` what it and `coerce` refer to. `coerce` is empty where nothing is done.

    `may_wait`: what comes out may be of any class, so that it has to be asked whether it is awaitable.
    """

    test: str
    coerce: str
    names: dict[str, Any]
    may_wait: bool = False


class _Names(dict[Any, str]):
    """Enum values to their names, filled as they are met; an unknown one is refused by graphql-core each time."""

    def __init__(self, coerce: Callable[[Any], str]) -> None:
        super().__init__()
        self._coerce = coerce

    def __missing__(self, value: Any) -> str:
        name = self[value] = self._coerce(value)
        return name


def leaf_code(leaf: GraphQLLeafType, label: str) -> LeafCode:
    """The code for a leaf type; `label` makes its names different from those of other leaves of the function."""
    if leaf in _AS_THEY_ARE:
        return LeafCode(_AS_THEY_ARE[leaf], "", {})
    if isinstance(leaf, GraphQLEnumType):
        return _enum_code(leaf, label)
    names = {f"coerce{label}": coercion_of(leaf), "SAFE": SAFE}
    return LeafCode("type({v}) in SAFE", f"{{v}} = coerce{label}({{v}})", names, may_wait=True)


def _enum_code(leaf: GraphQLEnumType, label: str) -> LeafCode:
    # Two tables, for a StrEnum member equals its text, and only graphql-core knows whether both mean the same name.
    members = getattr(leaf, "wrapped_cls", None)
    names = {
        f"texts{label}": _Names(leaf.coerce_output_value),
        f"members{label}": _Names(leaf.coerce_output_value),
        f"Enum{label}": members if isinstance(members, type) and issubclass(members, Enum) else type(Undefined),
    }
    coerce = f"{{v}} = texts{label}[{{v}}] if type({{v}}) is str else members{label}[{{v}}]"
    return LeafCode(f"type({{v}}) is str or type({{v}}) is Enum{label}", coerce, names)


def coercion_of(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """Completes a value as graphql-core does: TypeError where nothing comes out, whatever the leaf raises otherwise."""
    coerce_output_value = leaf.coerce_output_value

    def coerce(value: Any) -> Any:
        coerced = coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            raise TypeError(
                f"Expected `{inspect(leaf)}.coerce_output_value({inspect(value)})` to return non-nullable value,"
                f" returned: {inspect(coerced)}"
            )
        return coerced

    return coerce
