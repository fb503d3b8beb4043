"""Business metrics: make, change and delete them, upload their points, and divide costs by them."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents.business_metric import change_metric, delete_metric
from documents.cost_day import cost_series
from documents.metric_day import delete_days_of, metric_days, record_days
from documents.page import Keyset
from documents.transaction import Transaction
from domain.costs.metric_points import CheckedPoints, checked, points_of_csv
from domain.costs.unit_cost import gathered_of, quantities_of, unit_costs
from domain.errors import Conflict, Invalid
from jobs.queue import ask_allocation
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema import business_metric as shapes
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.directives import Cost
from schema.node import global_id, local_id

BY_NAME = Keyset((("name", 1),))
FIELDS = {"name", "unit", "description", "gathering"}
WHAT = "What to do it with."


@strawberry.type
class BusinessMetricQueries:
    @query(
        Connection[shapes.BusinessMetric],
        may=Permission.COSTS_READ,
        description="Business metrics in reach, by name.",
    )
    async def business_metrics(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = info.context.scope
        if organization_id:
            scope = scope.narrowed(local_id("Organization", organization_id))
        pager = info.context.ports.pager
        return await pager.page(info, documents.BusinessMetric, scope, {}, BY_NAME, first=first, after=after)

    @query(
        shapes.UnitCosts,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="What one unit of a business metric costs, by period, with its change and trend.",
    )
    async def unit_costs(
        self, info: Info, input: Annotated[shapes.UnitCostsInput, strawberry.argument(description="Which costs.")]
    ) -> Any:
        metric = await documents.BusinessMetric.get_in(info.context.scope, local_id("BusinessMetric", input.metric_id))
        scope = info.context.scope.narrowed(str(metric.org_id))
        question = input.question()
        series = await cost_series(scope, question)
        values = {part.name: part.value for part in input.values}
        days = await metric_days(scope, metric, question.first, question.until, values)
        quantities = quantities_of(days, series.periods, question.grain, metric.gathering)
        found = unit_costs(
            series.periods,
            series.all.amounts[input.metric],
            quantities,
            gathered_of([one for _, one in days], metric.gathering),
        )
        return shapes.UnitCosts(
            metric=metric,
            currency=series.currency,
            **{name: getattr(found, name) for name in found.__slots__},
        )


@strawberry.type
class BusinessMetricMutations:
    @mutation(
        shapes.CreateBusinessMetricPayload,
        may=Permission.COSTS_MANAGE,
        audit="business_metric.create",
        description="Make a business metric, to see what one unit of business costs.",
    )
    async def create_business_metric(
        self, info: Info, input: Annotated[shapes.CreateBusinessMetricInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        fields = input.model_dump(include=FIELDS)
        metric = documents.BusinessMetric(org_id=ObjectId(info.context.organization(input.organization_id)), **fields)

        async def change(tx: Transaction) -> documents.BusinessMetric:
            await metric.insert(session=tx.session)
            tx.audit(metric.org_id, target=f"business_metric:{metric.id}", after=fields)
            return metric

        return await _named(info.context, change, input.name)

    @mutation(
        shapes.UpdateBusinessMetricPayload,
        may=Permission.COSTS_MANAGE,
        audit="business_metric.update",
        description="Change what a business metric is called and how it is read.",
    )
    async def update_business_metric(
        self, info: Info, input: Annotated[shapes.UpdateBusinessMetricInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, fields = info.context, input.model_dump(include=FIELDS)

        async def change(tx: Transaction) -> documents.BusinessMetric:
            metric = await _metric(context, input.metric_id, tx)
            changed = await change_metric(metric, fields, input.expected_version, tx.session)
            before = metric.model_dump(include=FIELDS)
            tx.audit(metric.org_id, target=f"business_metric:{metric.id}", before=before, after=fields)
            return changed

        return await _named(context, change, input.name)

    @mutation(
        shapes.DeleteBusinessMetricPayload,
        may=Permission.COSTS_MANAGE,
        audit="business_metric.delete",
        description="Delete a business metric with all its points.",
    )
    async def delete_business_metric(
        self, info: Info, input: Annotated[shapes.DeleteBusinessMetricInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context

        async def change(tx: Transaction) -> shapes.DeletedMetric:
            metric = await _metric(context, input.metric_id, tx)
            await change_metric(metric, {}, input.expected_version, tx.session)
            points = await delete_days_of(metric, tx.session)
            await delete_metric(metric, tx.session)
            before = {**metric.model_dump(include=FIELDS), "points": points}
            tx.audit(metric.org_id, target=f"business_metric:{metric.id}", before=before)
            return shapes.DeletedMetric(id=global_id("BusinessMetric", metric.id), points=points)

        return await context.ports.writer.commit(change)

    @mutation(
        shapes.RecordMetricPayload,
        may=Permission.COSTS_MANAGE,
        audit="business_metric.record",
        description="Upload points of a business metric. The same day again replaces it; what is refused is told by "
        "line.",
    )
    async def record_metric(
        self, info: Info, input: Annotated[shapes.RecordMetricInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, found = info.context, _points(input)

        async def change(tx: Transaction) -> shapes.RecordedMetric:
            metric = await _metric(context, input.metric_id, tx)
            await record_days(metric, found.points, context.now(), tx.session)
            # Rules may share costs by it.
            ask_allocation(tx, ObjectId(str(metric.org_id)))
            told = {"recorded": len(found.points), "refused": len(found.refused)}
            tx.audit(metric.org_id, target=f"business_metric:{metric.id}", after=told)
            refused = [shapes.RefusedMetricPoint(line=one.line, reason=one.reason) for one in found.refused]
            return shapes.RecordedMetric(metric=metric, recorded=len(found.points), refused=refused)

        return await context.ports.writer.commit(change)


async def _metric(context: Context, id: strawberry.ID, tx: Transaction) -> documents.BusinessMetric:
    return await documents.BusinessMetric.get_in(context.scope, local_id("BusinessMetric", id), session=tx.session)


def _points(input: shapes.RecordMetricInput) -> CheckedPoints:
    if (input.csv is None) == (not input.points):
        raise Invalid("Send points, or points as CSV: one of the two.", path=("input", "points"))
    if input.csv is not None:
        return points_of_csv(input.csv)
    return checked(
        (place, point.day.isoformat(), str(point.value), {one.name: one.value for one in point.values})
        for place, point in enumerate(input.points, start=1)
    )


async def _named(context: Context, change: Any, name: str) -> Any:
    try:
        return await context.ports.writer.commit(change)
    except DuplicateKeyError as error:
        raise Conflict(
            f"There is a business metric called {name} already: choose another name.", path=("input", "name")
        ) from error
