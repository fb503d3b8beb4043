"""How a view reaches another one: read along with a list, else through a loader."""

from collections.abc import Awaitable
from typing import Any

import strawberry
from graphql import get_named_type

from documents.row import slot_of
from schema.node import VIEW_OF, global_id


def related(field: str, description: str) -> Any:
    """A field that is the row whose id the stored `field` holds; null when it leads to nothing in the viewer's reach.

    A list puts the row into its slot beforehand, for all its items at once; what comes one by one asks a loader.
    """
    slot = slot_of(field)

    def resolve(row: strawberry.Parent[Any], info: strawberry.Info) -> Any:
        try:
            return getattr(row, slot)
        except AttributeError:
            return _loaded(info, getattr(row, field))

    metadata = {"reads": (field,), "prefetched": slot, "related": field}
    return strawberry.field(resolver=resolve, description=description, metadata=metadata)


def _loaded(info: strawberry.Info, id: Any) -> Awaitable[Any] | None:
    if id is None:
        return None
    view = get_named_type(info._raw_info.return_type).name
    row: Awaitable[Any] = info.context.loaders.of(VIEW_OF[view]).load(str(id))
    return row


def organization_id_of(row: Any) -> strawberry.ID:
    """The global id of the tenant a row belongs to."""
    return global_id("Organization", row.org_id)
