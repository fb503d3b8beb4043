"""What every live feed has in common."""

import strawberry

from schema.node import said
from schema.scalars import Cursor


@strawberry.type(description="The feed cannot go on from the cursor it was given: load the list anew, then go on.")
class StreamReset:
    cursor: Cursor = said("Where the feed goes on now; pass it as `after` later.")
    reason: str = said("Why, in words.")
