"""Arguments that several root fields share, with their descriptions."""

from typing import Annotated

import strawberry

from schema.scalars import Cursor

InOrganization = Annotated[strawberry.ID | None, strawberry.argument(description="Of this tenant only.")]
InAccount = Annotated[strawberry.ID | None, strawberry.argument(description="In this account only.")]
FeedAfter = Annotated[
    Cursor | None,
    strawberry.argument(description="Go on after this cursor, with what has happened since; left out: from now on."),
]
