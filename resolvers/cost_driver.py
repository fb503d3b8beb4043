"""What drove a change of costs between two periods."""

from decimal import Decimal
from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

from auth.permission import Permission
from documents.cost_drivers import cost_drivers
from domain.costs import drivers
from resolvers.context import Info
from resolvers.fields import query
from schema.cost_driver import CostDriver, CostDriverParts, CostDrivers, CostDriversInput
from schema.directives import Cost
from schema.node import local_id

ENCODED = TypeAdapter(drivers.Drivers)


@strawberry.type
class CostDriverQueries:
    @query(
        CostDrivers,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="What changed between two periods, split into what is new, gone, dearer and used more. Parts sum "
        "exactly to differences, and groups with the rest to the whole.",
    )
    async def cost_drivers(
        self,
        info: Info,
        input: Annotated[CostDriversInput, strawberry.argument(description="Which periods, and how.")],
    ) -> Any:
        scope = info.context.scope
        if input.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", input.organization_id))
        question = input.question()
        found = await info.context.ports.results.get_or_compute(
            ("cost_drivers", question), scope, ENCODED, lambda: cost_drivers(scope, question)
        )
        return CostDrivers(
            currency=found.currency,
            first=question.first,
            until=question.until,
            compared_first=question.compared_first,
            compared_until=question.compared_until,
            groups=[_shown(group) for group in found.groups],
            rest=None if found.rest is None else _shown(found.rest),
            rest_count=found.rest_count,
            total=_shown(found.all),
        )


def _shown(group: drivers.DriverGroup) -> CostDriver:
    parts = {part.value.lower(): group.parts.get(part, Decimal(0)) for part in drivers.DriverPart}
    return CostDriver(
        values=list(group.values),
        label=group.label,
        before=group.before,
        after=group.after,
        difference=group.difference,
        parts=CostDriverParts(**parts),
    )
