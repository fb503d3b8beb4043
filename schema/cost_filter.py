"""Which costs count: the filter that budgets, views, exports and rules share."""

from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

from domain.facts import cost_filter
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import MOST_VALUES

Values = Annotated[list[Annotated[str, Field(max_length=512)] | None], Field(min_length=1, max_length=MOST_VALUES)]


@strawberry.pydantic.input(description="Which values of a dimension count.")
class CostDimensionFilter(BaseModel):
    dimension: Dimension = Field(description="The dimension.")
    values: Values = Field(description="Any of these; null stands for rows without a value.")
    is_excluded: bool = Field(default=False, description="Whether rows with one of them are left out instead.")


@strawberry.pydantic.input(description="Which values of a tag count.")
class CostTagFilter(BaseModel):
    tag: str = Field(min_length=1, max_length=512, description="The tag's key.")
    values: Values = Field(description="Any of these; null stands for rows without the tag.")
    is_excluded: bool = Field(default=False, description="Whether rows with one of them are left out instead.")


@strawberry.pydantic.input(description="Which costs count: those that match every part; without parts all.")
class CostFilterInput(BaseModel):
    dimensions: list[CostDimensionFilter] = Field(
        default_factory=list, max_length=11, description="Only costs that match all of these."
    )
    tags: list[CostTagFilter] = Field(
        default_factory=list, max_length=10, description="Only costs that match all of these."
    )

    def filter(self) -> cost_filter.CostFilter:
        """The filter as it is stored."""
        return filter_of(self.dimensions, self.tags)


def filter_of(dimensions: list[CostDimensionFilter], tags: list[CostTagFilter]) -> cost_filter.CostFilter:
    """The filter these parts make."""
    return cost_filter.CostFilter(
        dimensions=tuple(cost_filter.DimensionFilter(**part.model_dump()) for part in dimensions),
        tags=tuple(cost_filter.TagFilter(**part.model_dump()) for part in tags),
    )
