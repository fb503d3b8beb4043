"""Business metrics, their points, and unit costs."""

from datetime import date
from decimal import Decimal

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.costs.metric_points import MOST_VALUES
from domain.costs.series import CostQuestion, Grain, Metric, daily
from domain.costs.unit_cost import MetricGathering
from domain.facts.cost_filter import CostFilter
from schema.cost_filter import CostFilterInput
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION

METRIC_ID = Field(description="Global id of the business metric.")


@view(documents.BusinessMetric, description="What a business counts, such as orders, to see what one of it costs.")
class BusinessMetric(Node):
    name: str = said("What people call it.")
    unit: str = said("One of it, such as order.")
    description: str = said("What is counted, and how.")
    gathering: MetricGathering = said("How days make a longer period.")
    version: int = said("Rises with every change; pass it as expectedVersion.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


class MetricFields(BaseModel):
    """What making and changing a metric have in common."""

    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    unit: str = Field(min_length=1, max_length=50, description="One of it, such as order.")
    description: str = Field(default="", max_length=500, description="What is counted, and how.")
    gathering: MetricGathering = Field(
        default=MetricGathering.SUM, description="How days make a longer period: SUM for orders, AVERAGE for customers."
    )


@strawberry.pydantic.input(description="A business metric to make.")
class CreateBusinessMetricInput(MetricFields):
    organization_id: strawberry.ID | None = ORGANIZATION
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A business metric as it shall be from now on; its points stay.")
class UpdateBusinessMetricInput(MetricFields):
    metric_id: strawberry.ID = METRIC_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A business metric to delete with all its points.")
class DeleteBusinessMetricInput(BaseModel):
    metric_id: strawberry.ID = METRIC_ID
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="What a point is of, such as team and web.")
class MetricValueInput(BaseModel):
    name: str = Field(min_length=1, max_length=128, description="The name, such as team.")
    value: str = Field(min_length=1, max_length=128, description="The value, such as web.")


@strawberry.pydantic.input(description="How much there was on a day.")
class MetricPointInput(BaseModel):
    day: date = Field(description="The day (UTC).")
    value: Decimal = Field(description="How much; not negative.")
    values: list[MetricValueInput] = Field(
        default_factory=list, max_length=MOST_VALUES, description="What it is of; nothing for all of it."
    )


@strawberry.pydantic.input(description="Points of a metric; each takes the place of the one of its day and values.")
class RecordMetricInput(BaseModel):
    metric_id: strawberry.ID = METRIC_ID
    points: list[MetricPointInput] = Field(default_factory=list, max_length=1000, description="Points.")
    csv: str | None = Field(
        default=None,
        max_length=800_000,
        description="Points as CSV instead: a line with day, value and what else points are of, then a line each.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.type(description="A point that was not taken.")
class RefusedMetricPoint:
    line: int = said("Its line in the CSV text, or its place in the list, from 1.")
    reason: str = said("Why, and what to do.")


@strawberry.type(description="What became of an upload of points. What was refused leaves the others untouched.")
class RecordedMetric:
    metric: BusinessMetric = said("The metric.")
    recorded: int = said("How many points are stored.")
    refused: list[RefusedMetricPoint] = said("Those that are not.")


@strawberry.type(description="A business metric that is gone.")
class DeletedMetric:
    id: strawberry.ID = said("Its id.")
    points: int = said("How many points went with it.")


@strawberry.pydantic.input(description="Which costs, over which metric.")
class UnitCostsInput(BaseModel):
    metric_id: strawberry.ID = METRIC_ID
    first: date = Field(description="First day (UTC).")
    until: date = Field(description="The day after the last one (UTC).")
    grain: Grain = Field(default=Grain.MONTH, description="Length of a period.")
    metric: Metric = Field(default=Metric.EFFECTIVE, description="Which cost.")
    filter: CostFilterInput | None = Field(default=None, description="Which costs count; all when left out.")
    values: list[MetricValueInput] = Field(
        default_factory=list, max_length=MOST_VALUES, description="Only points with all of these; all when left out."
    )
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Needed only where costs are in several currencies."
    )

    def question(self) -> CostQuestion:
        """The costs that are asked for. Raises Invalid for a question that makes no sense."""
        return CostQuestion(
            first=self.first,
            until=self.until,
            grain=daily(self.grain),
            metrics=(self.metric,),
            currency=self.currency,
            where=CostFilter() if self.filter is None else self.filter.filter(),
        )


@strawberry.type(description="What one unit costs, in columns. Null: no points, or nothing to divide by.")
class UnitCosts:
    metric: BusinessMetric = said("The business metric.")
    currency: str | None = said("Currency of the amounts; null when there are no costs.")
    periods: list[date] = said("First day of each period.")
    costs: list[Decimal] = said("The cost of each period.")
    quantities: list[Decimal | None] = said("How many units there were; null where no point is.")
    unit_costs: list[Decimal | None] = said("Cost by quantity; null where the quantity is null or nothing.")
    changes: list[Decimal | None] = said(
        "By which ratio the unit cost is above that of the period before: 0.1 is ten percent. Null without one."
    )
    trend: Decimal | None = said("By how much a unit gets dearer with each period, by the line that fits best.")
    cost: Decimal = said("The cost of all days.")
    quantity: Decimal | None = said("How many units there were in all days.")
    unit_cost: Decimal | None = said("The one by the other.")


CreateBusinessMetricPayload = payload("CreateBusinessMetric", "metric", BusinessMetric, "The new metric.")
UpdateBusinessMetricPayload = payload("UpdateBusinessMetric", "metric", BusinessMetric, "The metric now.")
DeleteBusinessMetricPayload = payload("DeleteBusinessMetric", "deleted", DeletedMetric, "What is gone.")
RecordMetricPayload = payload("RecordMetric", "record", RecordedMetric, "What became of the points.")
