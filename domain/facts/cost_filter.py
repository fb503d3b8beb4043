"""Which costs count, as budgets, views, exports and rules of allocation keep it."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.cost_dimension import Dimension

MOST_VALUES = 100


class DimensionFilter(BaseModel):
    """Costs with one of the values in the dimension; None stands for no value. `is_excluded`: those without any."""

    model_config = ConfigDict(frozen=True)

    dimension: Dimension
    values: tuple[str | None, ...] = Field(min_length=1, max_length=MOST_VALUES)
    is_excluded: bool = False


class TagFilter(BaseModel):
    """The same for the value of a tag."""

    model_config = ConfigDict(frozen=True)

    tag: str
    values: tuple[str | None, ...] = Field(min_length=1, max_length=MOST_VALUES)
    is_excluded: bool = False


class CostFilter(BaseModel):
    """Costs that match every part; without parts all costs."""

    model_config = ConfigDict(frozen=True)

    dimensions: tuple[DimensionFilter, ...] = ()
    tags: tuple[TagFilter, ...] = ()

    @classmethod
    def of(
        cls,
        dimensions: Mapping[Dimension, Sequence[str | None]] | None = None,
        tags: Mapping[str, Sequence[str | None]] | None = None,
    ) -> "CostFilter":
        """A filter that names what counts, by dimension and tag."""
        return cls(
            dimensions=tuple(
                DimensionFilter(dimension=dimension, values=tuple(values))
                for dimension, values in (dimensions or {}).items()
            ),
            tags=tuple(TagFilter(tag=tag, values=tuple(values)) for tag, values in (tags or {}).items()),
        )

    def holds(self, values: Mapping[Dimension, str | None], tags: Mapping[str, str]) -> bool:
        """Whether a cost with these values and tags counts. A dimension that is not named has no value."""
        return all(
            (values.get(part.dimension) in part.values) is not part.is_excluded for part in self.dimensions
        ) and all((tags.get(part.tag) in part.values) is not part.is_excluded for part in self.tags)
