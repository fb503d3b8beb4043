"""The one schema of the application."""

from functools import partial

import schema.values  # noqa: F401 - registers facts and enums before any field names them
from app.graphql.schema import build_schema
from resolvers.root import Mutation, Query, Subscription
from schema.errors import EXCEPTION_HANDLERS
from schema.scalars import SCALARS

build = partial(build_schema, Query, Mutation, Subscription, scalar_map=SCALARS, exception_handlers=EXCEPTION_HANDLERS)
SCHEMA = build()


def sdl() -> str:
    """The schema as sorted text; `schema/schema.graphql` holds it."""
    return build(is_for_print=True).as_str() + "\n"
