"""Reads the marks of schema/directives.py off a field of the built schema."""

from typing import TypeVar

from graphql import GraphQLField

Mark = TypeVar("Mark")


def mark_of(field: GraphQLField, kind: type[Mark]) -> Mark | None:
    """The field's mark of this kind, or None. Introspection fields have none."""
    definition = field.extensions.get("strawberry-definition")
    return next((mark for mark in getattr(definition, "directives", ()) if isinstance(mark, kind)), None)
