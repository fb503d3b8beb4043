"""Saved views: questions about costs under a name."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import strawberry
from pydantic import BaseModel, Field

import documents
from domain.costs.series import MOST_GROUPS, Grain, Metric
from domain.costs.view import RelativePeriod, ViewGrouping, ViewQuestion
from domain.facts.cost_dimension import Dimension
from schema.cost import CURRENCY, CostGrouping, CostSeries
from schema.cost_filter import CostFilterInput
from schema.directives import Cost
from schema.errors import payload
from schema.node import Node, derived, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION
from schema.values import register_enum

VIEW_ID = Field(description="Global id of the view.")

register_enum(
    RelativePeriod,
    "Days that move along with today (UTC).",
    {
        RelativePeriod.LAST_7_DAYS: "The seven days before today.",
        RelativePeriod.LAST_30_DAYS: "The thirty days before today.",
        RelativePeriod.LAST_90_DAYS: "The ninety days before today.",
        RelativePeriod.MONTH_TO_DATE: "From the first of this month up to today.",
        RelativePeriod.LAST_MONTH: "The whole of last month.",
        RelativePeriod.LAST_12_MONTHS: "The twelve whole months before this one.",
        RelativePeriod.YEAR_TO_DATE: "From the first of January up to today.",
        RelativePeriod.LAST_YEAR: "The whole of last year.",
    },
)


@strawberry.type(description="What a view groups by: one of the two.")
class CostViewGrouping:
    dimension: Dimension | None = said("A dimension.")
    tag: str | None = said("The value of this tag, by its key.")


@strawberry.type(description="Values that a view takes or leaves out.")
class CostViewFilter:
    dimension: Dimension | None = said("Of this dimension; null where it is a tag.")
    tag: str | None = said("Of the tag with this key; null where it is a dimension.")
    values: list[str | None] = said("Any of these; null stands for rows without a value.")
    is_excluded: bool = said("Whether rows with one of them are left out instead.")


@strawberry.type(description="The question that a view keeps.")
class CostViewQuestion:
    period: RelativePeriod | None = said("Its days, where they move along with today.")
    first: date | None = said("Its first day, where they are fixed.")
    until: date | None = said("The day after its last one, where they are fixed.")
    grain: Grain = said("Length of a period.")
    group_by: list[CostViewGrouping] = said("What tells groups apart.", directives=(Cost(list_size=2),))
    metrics: list[Metric] = said("Which costs.")
    top: int = said("How many groups are told apart.")
    currency: str | None = said("Only costs in this currency.")
    convert_to: str | None = said("The currency that amounts are turned into.")
    filters: list[CostViewFilter] = said("Only costs that match all of these.", directives=(Cost(list_size=3),))


@view(documents.CostView, description="A question about costs that is kept under a name.")
class CostView(Node):
    name: str = said("What people call it.")
    owner: str = said("Who keeps it, as kind:id.")
    is_shared: bool = said("Whether everybody who sees costs in the organization sees it.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    question: strawberry.Private[Any]

    @derived("What it asks for.", reads=("question",), name="question")
    def told_question(self) -> CostViewQuestion:
        return told(ViewQuestion.model_validate(self.question, from_attributes=True))

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def told(question: ViewQuestion) -> CostViewQuestion:
    """The question as the graph tells it."""
    plain = ("period", "first", "until", "grain", "top", "currency", "convert_to")
    dimensions = [
        CostViewFilter(dimension=part.dimension, tag=None, values=list(part.values), is_excluded=part.is_excluded)
        for part in question.where.dimensions
    ]
    tags = [
        CostViewFilter(dimension=None, tag=part.tag, values=list(part.values), is_excluded=part.is_excluded)
        for part in question.where.tags
    ]
    return CostViewQuestion(
        **{name: getattr(question, name) for name in plain},
        group_by=[CostViewGrouping(dimension=part.dimension, tag=part.tag) for part in question.group_by],
        metrics=list(question.metrics),
        filters=[*dimensions, *tags],
    )


@strawberry.type(description="A saved view and what it shows today.")
class ShownCostView:
    view: CostView = said("The view.")
    compute: strawberry.Private[Callable[[], Awaitable[Any]]]

    @strawberry.field(description="The costs it asks for, as of today (UTC).", directives=(Cost(weight=20),))
    async def series(self) -> CostSeries:
        """Worked out only when asked for."""
        found: CostSeries = await self.compute()
        return found


@strawberry.pydantic.input(description="The question of a view: `period`, or `first` and `until`; the rest as costs.")
class CostViewQuestionInput(BaseModel):
    period: RelativePeriod | None = Field(default=None, description="Days that move along with today.")
    first: date | None = Field(default=None, description="First day (UTC), where they are fixed.")
    until: date | None = Field(default=None, description="The day after the last one (UTC), where they are fixed.")
    grain: Grain = Field(default=Grain.DAY, description="Length of a period.")
    group_by: list[CostGrouping] = Field(default_factory=list, max_length=3, description="What tells groups apart.")
    metrics: list[Metric] = Field(
        default=[Metric.BILLED], min_length=1, max_length=4, description="Which costs; groups are sorted by the first."
    )
    top: int = Field(default=20, ge=1, le=MOST_GROUPS, description="How many groups are told apart.")
    currency: str | None = Field(default=None, pattern=CURRENCY, description="Only costs in this currency.")
    convert_to: str | None = Field(default=None, pattern=CURRENCY, description="Turn amounts into this currency.")
    where: CostFilterInput | None = Field(default=None, description="Which costs; all when left out.")

    def fact(self, today: date) -> ViewQuestion:
        """The question as it is stored. Raises Invalid for one that could not be answered today."""
        plain = ("period", "first", "until", "grain", "top", "currency", "convert_to")
        question = ViewQuestion(
            **{name: getattr(self, name) for name in plain},
            group_by=tuple(ViewGrouping(dimension=part.dimension, tag=part.tag) for part in self.group_by),
            metrics=tuple(self.metrics),
            **({} if self.where is None else {"where": self.where.filter()}),
        )
        question.asked(today)
        return question


NAME = Field(min_length=1, max_length=100, description="What to call it; unique among your own.")
SHARED = "Whether everybody who sees costs in the organization sees it; takes costs:manage."


@strawberry.pydantic.input(description="A view to keep.")
class CreateCostViewInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    name: str = NAME
    question: CostViewQuestionInput = Field(description="What it asks for.")
    is_shared: bool = Field(default=False, description=SHARED)
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of a view; what is left out stays.")
class UpdateCostViewInput(BaseModel):
    cost_view_id: strawberry.ID = VIEW_ID
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    question: CostViewQuestionInput | None = Field(default=None, description="What it asks for.")
    is_shared: bool | None = Field(default=None, description=SHARED)
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A view to delete.")
class DeleteCostViewInput(BaseModel):
    cost_view_id: strawberry.ID = VIEW_ID


CreateCostViewPayload = payload("CreateCostView", "view", CostView, "The new view.")
UpdateCostViewPayload = payload("UpdateCostView", "view", CostView, "The view now.")
DeleteCostViewPayload = payload("DeleteCostView", "view", CostView, "The view that was deleted.")
