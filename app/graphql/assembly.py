"""The one schema of the application."""

from functools import cache, partial

import schema.values  # noqa: F401 - registers facts and enums before any field names them
from app.graphql.schema import Schema, build_schema
from compiled_executor import CompiledExecutor
from resolvers.root import Mutation, Query, Subscription
from schema.errors import EXCEPTION_HANDLERS
from schema.scalars import SCALARS

build = partial(build_schema, Query, Mutation, Subscription, scalar_map=SCALARS, exception_handlers=EXCEPTION_HANDLERS)


@cache
def schema_for(*, is_compiled: bool) -> Schema:
    """The schema on the compiled executor, or on the standard one. Their answers are the same."""
    return build(executor=CompiledExecutor if is_compiled else None)


def sdl() -> str:
    """The schema as sorted text; `schema/schema.graphql` holds it."""
    return build(is_for_print=True).as_str() + "\n"
