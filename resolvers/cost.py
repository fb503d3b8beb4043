"""Costs."""

import strawberry

from resolvers.context import Info
from resolvers.fields import SIGNED_IN, query


@strawberry.type
class CostQueries:
    @query(str, may=SIGNED_IN, description="x")
    async def dummy(self, info: Info) -> str:
        return "x"
