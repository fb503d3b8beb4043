"""The live messages about syncs."""

from datetime import datetime
from typing import Annotated, Union

import strawberry

from schema.account import Sync
from schema.feed import StreamReset
from schema.node import said
from schema.scalars import Cursor


@strawberry.type(description="A sync moved on.")
class SyncProgressed:
    cursor: Cursor = said("Place in the feed just after this message; pass it as `after` to go on from here.")
    at: datetime = said("When it moved on.")
    sync: Sync = said("The sync as it was at that moment.")


SyncFeed = Annotated[
    Union[SyncProgressed, StreamReset],  # noqa: UP007 - strawberry names the union through Annotated
    strawberry.union("SyncFeed", description="One message of the sync feed."),
]
