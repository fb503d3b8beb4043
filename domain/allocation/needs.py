"""What the rules of a month look at, so that no more is read than they need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.allocation.rule import (
    DIMENSION_OF,
    AllocationColumn,
    AllocationRule,
    ByPattern,
    ByTag,
    ByValue,
    InProportion,
)
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter

# What allocated costs are kept by, whatever the rules ask for.
ALWAYS = (Dimension.PROVIDER, Dimension.BILLING_ACCOUNT, Dimension.SUB_ACCOUNT, Dimension.SERVICE)


@dataclass(frozen=True, slots=True)
class Needs:
    """`resources`: ids of resources that rules name, None when every id is needed, empty when none is."""

    dimensions: tuple[Dimension, ...]
    tags: tuple[str, ...]
    resources: tuple[str, ...] | None

    @property
    def is_of_lines(self) -> bool:
        """Whether daily sums are too coarse."""
        return self.resources is None or bool(self.resources)


def needs_of(rules: Iterable[AllocationRule]) -> Needs:
    """What these rules look at."""
    kept = list(rules)
    filters = [one for rule in kept for one in _filters(rule)]
    columns = {rule.take.column for rule in kept if isinstance(rule.take, ByValue | ByPattern)} - {None}
    dimensions = {part.dimension for one in filters for part in one.dimensions}
    dimensions |= {
        DIMENSION_OF[column] for column in columns if column is not None and column is not AllocationColumn.RESOURCE
    }
    tags = {part.tag for one in filters for part in one.tags}
    tags |= {rule.take.key for rule in kept if isinstance(rule.take, ByTag)}
    tags |= {rule.take.tag for rule in kept if isinstance(rule.take, ByPattern) and rule.take.tag}
    extra = sorted(dimensions - set(ALWAYS))
    return Needs((*ALWAYS, *extra), tuple(sorted(tags)), _resources(kept))


def _filters(rule: AllocationRule) -> Sequence[CostFilter]:
    return (rule.where, rule.take.among) if isinstance(rule.take, InProportion) else (rule.where,)


def _resources(rules: Sequence[AllocationRule]) -> tuple[str, ...] | None:
    named: set[str] = set()
    for rule in rules:
        if isinstance(rule.take, ByPattern) and rule.take.column is AllocationColumn.RESOURCE:
            return None
        if isinstance(rule.take, ByValue) and rule.take.column is AllocationColumn.RESOURCE:
            named |= {entry.value for entry in rule.take.table}
    return tuple(sorted(named))
