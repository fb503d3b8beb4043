"""What can be asked of allocated costs, and whose they are when seen from above."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from domain.allocation.needs import ALWAYS
from domain.allocation.target import Target, path_of
from domain.costs.series import CostQuestion, Grain, Metric, daily
from domain.errors import Invalid
from domain.facts.allocation import AllocationKind
from domain.facts.cost_filter import CostFilter


class AllocatedBy(StrEnum):
    """RULE groups by the rule's name; what nobody owes has none."""

    TARGET = "TARGET"
    TARGET_AND_SERVICE = "TARGET_AND_SERVICE"
    RULE = "RULE"


@dataclass(frozen=True, slots=True)
class AllocatedQuestion:
    """Allocated costs from the day `first` up to but without `until`, by period and group.

    With a `kind`, costs count for the nearest target of that kind above (or at) the one that owes them; with
    `is_rolled_up` for the highest. Raises Invalid as CostQuestion does, and for what allocated costs are not kept by.
    """

    first: date
    until: date
    grain: Grain = Grain.MONTH
    by: AllocatedBy = AllocatedBy.TARGET
    kind: AllocationKind | None = None
    is_rolled_up: bool = False
    metrics: tuple[Metric, ...] = (Metric.BILLED,)
    top: int = 20
    currency: str | None = None
    where: CostFilter = field(default_factory=CostFilter)

    def __post_init__(self) -> None:
        self.columns()
        if self.where.tags or any(part.dimension not in ALWAYS for part in self.where.dimensions):
            names = ", ".join(ALWAYS)
            raise Invalid(f"Allocated costs are kept by {names}: filter by those.", path=("input", "where"))

    def columns(self) -> CostQuestion:
        """The question that lines up the answer."""
        return CostQuestion(
            self.first, self.until, daily(self.grain), metrics=self.metrics, top=self.top, currency=self.currency
        )

    @property
    def is_coarse(self) -> bool:
        """Whether totals of months are fine enough to answer it."""
        is_whole = self.first.day == 1 and self.until.day == 1 and self.grain is Grain.MONTH
        return is_whole and self.by is not AllocatedBy.TARGET_AND_SERVICE and not self.where.dimensions


def seen_from(
    targets: Iterable[Target], kind: AllocationKind | None, *, is_rolled_up: bool
) -> Callable[[str | None], str | None]:
    """For whom the costs of a target count; None: for nobody, because none of that kind is above it."""
    known = {target.id: target for target in targets}
    parents = {id: target.parent_id for id, target in known.items()}

    def counted(id: str | None) -> str | None:
        path = [one for one in path_of(id, parents) if kind is None or (one in known and known[one].kind is kind)]
        return (path[-1] if is_rolled_up else path[0]) if path else None

    return counted
