"""How a view reaches another one: one line that asks a loader."""

from typing import Any, TypeVar

import strawberry
from bson import ObjectId

from schema.node import VIEW_OF, global_id

V = TypeVar("V")


async def loaded(info: strawberry.Info, view: type[V], id: ObjectId | None) -> V | None:
    """The row behind a view with this stored id, None when there is none in the viewer's reach."""
    if id is None:
        return None
    row: V | None = await info.context.loaders.of(VIEW_OF[view.__name__]).load(str(id))
    return row


def organization_id_of(row: Any) -> strawberry.ID:
    """The global id of the tenant a row belongs to."""
    return global_id("Organization", row.org_id)
