"""The rules, as they are stored and as a version of a rule set holds them. What they do stands in `taking`."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.facts.allocation import AllocationKind
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter

MOST_RULES = 200
MOST_ENTRIES = 500
HUNDRED = Decimal(100)


class AllocationColumn(StrEnum):
    """What a table of values or a pattern looks at."""

    BILLING_ACCOUNT = "BILLING_ACCOUNT"
    SUB_ACCOUNT = "SUB_ACCOUNT"
    SERVICE = "SERVICE"
    REGION = "REGION"
    RESOURCE = "RESOURCE"


DIMENSION_OF = {
    AllocationColumn.BILLING_ACCOUNT: Dimension.BILLING_ACCOUNT,
    AllocationColumn.SUB_ACCOUNT: Dimension.SUB_ACCOUNT,
    AllocationColumn.SERVICE: Dimension.SERVICE,
    AllocationColumn.REGION: Dimension.REGION,
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Entry(_Part):
    """Costs with this value go to the target."""

    value: str
    target_id: str


class Portion(_Part):
    """So much of a cost goes to the target: percent, or a weight among weights."""

    target_id: str
    amount: Decimal


class ByTag(_Part):
    """The value of a tag names the target: by `table`, then, with a `kind`, by the name or alias of a target of it.

    Spelling is folded, see `domain.allocation.spelling`.
    """

    type: Literal["TAG"] = "TAG"
    key: str
    kind: AllocationKind | None = None
    table: tuple[Entry, ...] = ()


class ByValue(_Part):
    """A column's value names the target, letter by letter."""

    type: Literal["VALUE"] = "VALUE"
    column: AllocationColumn
    table: tuple[Entry, ...]


class ByPattern(_Part):
    """Costs in whose column, or tag, the pattern is found go to the target. One of `column` and `tag` is given."""

    type: Literal["PATTERN"] = "PATTERN"
    column: AllocationColumn | None = None
    tag: str | None = None
    pattern: str
    target_id: str


class Fixed(_Part):
    """Everything the rule's filter lets through goes to the target."""

    type: Literal["FIXED"] = "FIXED"
    target_id: str


class Percentages(_Part):
    """Fixed percentages, together at most 100; the rest goes on to the rules that follow."""

    type: Literal["PERCENT"] = "PERCENT"
    portions: tuple[Portion, ...]


class Evenly(_Part):
    """The same to each target."""

    type: Literal["EVEN"] = "EVEN"
    target_ids: tuple[str, ...]


class ByMetric(_Part):
    """Points of a business metric whose value of `key` is the name or alias of a target of the `kind`."""

    metric_id: str
    key: str
    kind: AllocationKind


class InProportion(_Part):
    """In proportion to `weights` by target, to the points of a `metric` in the month, or without either to what the
    targets of `target_ids`, all when empty, got of the month's effective costs, in the same currency, by the rules
    named in `basis` (empty: every rule that does not share), as far as those costs match `among`.

    Without a basis or points, or where they are not above zero, the cost stays with nobody.
    """

    type: Literal["PROPORTION"] = "PROPORTION"
    metric: ByMetric | None = None
    target_ids: tuple[str, ...] = ()
    weights: tuple[Portion, ...] = ()
    basis: tuple[str, ...] = ()
    among: CostFilter = CostFilter()


Taking = Annotated[
    ByTag | ByValue | ByPattern | Fixed | Percentages | Evenly | InProportion, Field(discriminator="type")
]


class AllocationRule(_Part):
    """Costs that match `where` are given away as `take` says, in the months from `effective_from` to `effective_until`
    (YYYY-MM, both included, None: no limit). `name` is unique in its rule set.
    """

    name: str
    where: CostFilter = CostFilter()
    effective_from: str | None = None
    effective_until: str | None = None
    take: Taking

    def is_of(self, month: str) -> bool:
        """Whether it counts in this month (YYYY-MM)."""
        return (self.effective_from or month) <= month <= (self.effective_until or month)

    @property
    def is_sharing(self) -> bool:
        """Whether it splits costs over several targets."""
        return isinstance(self.take, Percentages | Evenly | InProportion)
