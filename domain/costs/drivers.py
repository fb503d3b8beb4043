"""What changed between two periods, and what drove it: new and gone things, prices, and how much was used."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal
from enum import StrEnum

from domain.costs.series import MOST_GROUPS, Metric, TagKey
from domain.costs.value import SUMS
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter

MOST_DAYS = 1_100
_MOST_GROUPINGS = 3
_EARLIEST = date(2000, 1, 1)
_LATEST = date(2100, 1, 1)
# A share of a cost is cut to twelve places; what is cut goes to the other share, so that nothing is lost.
_PLACES = Decimal("1e-12")
# A product of a quantity and a cost, before it is divided, has at most twice the digits of a sum.
_WIDE = Context(prec=400)
_ZERO = Decimal(0)


class DriverPart(StrEnum):
    """USAGE: more or less was used, at the old price. PRICE: what was used then costs another price, discounts of
    commitments and their unused rest included. NEW and GONE: charged in one of the two periods alone. OTHER: no
    quantity tells which. The last four are charges of those kinds, whatever changed about them.
    """

    NEW = "NEW"
    GONE = "GONE"
    PRICE = "PRICE"
    USAGE = "USAGE"
    OTHER = "OTHER"
    PURCHASE = "PURCHASE"
    CREDIT = "CREDIT"
    TAX = "TAX"
    CORRECTION = "CORRECTION"


class ChargeKind(StrEnum):
    """What a charge is, for telling drivers apart. UNUSED is the part of a commitment that nothing used."""

    USAGE = "USAGE"
    UNUSED = "UNUSED"
    PURCHASE = "PURCHASE"
    CREDIT = "CREDIT"
    TAX = "TAX"
    CORRECTION = "CORRECTION"


@dataclass(frozen=True, slots=True)
class DriversQuestion:
    """The days from `first` up to but without `until`, against those from `compared_first` to `compared_until`.

    Raises Invalid for a question that is too wide or makes no sense.
    """

    first: date
    until: date
    compared_first: date
    compared_until: date
    group_by: tuple[Dimension | TagKey, ...] = (Dimension.SERVICE,)
    metric: Metric = Metric.EFFECTIVE
    top: int = 20
    currency: str | None = None
    where: CostFilter = field(default_factory=CostFilter)

    def __post_init__(self) -> None:
        _check_days(self.first, self.until, "until")
        _check_days(self.compared_first, self.compared_until, "comparedUntil")
        if len(self.group_by) > _MOST_GROUPINGS or len(set(self.group_by)) < len(self.group_by):
            raise Invalid(f"Group by at most {_MOST_GROUPINGS} different things.", path=("groupBy",))
        if not 1 <= self.top <= MOST_GROUPS:
            raise Invalid(f"top must lie between 1 and {MOST_GROUPS}.", path=("top",))


def _check_days(first: date, until: date, name: str) -> None:
    if not _EARLIEST <= first < until <= _LATEST or until - first > timedelta(days=MOST_DAYS):
        raise Invalid(f"A period begins before it ends, in this century, with at most {MOST_DAYS} days.", path=(name,))


def period_before(first: date, until: date) -> tuple[date, date]:
    """The period of the same length right before: whole months before whole months, else as many days."""
    months = (until.year - first.year) * 12 + until.month - first.month
    if first.day == until.day == 1 and months > 0:
        year, month = divmod(first.year * 12 + first.month - 1 - months, 12)
        return date(year, month + 1, 1), first
    return first - (until - first), first


@dataclass(frozen=True, slots=True)
class Amount:
    """Sums of one period. `quantity` is None where no row has one; no rows means that nothing was charged."""

    cost: Decimal = _ZERO
    quantity: Decimal | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """Charges of one account, service, SKU, unit and region in one group, before and after."""

    values: tuple[str | None, ...]
    label: str | None
    kind: ChargeKind
    before: Amount
    after: Amount


def split(move: Movement) -> dict[DriverPart, Decimal]:
    """The parts of a difference, which sum exactly to it."""
    difference = SUMS.subtract(move.after.cost, move.before.cost)
    part = _single_part(move)
    if part is not None:
        return {part: difference}
    usage = _usage(move.before, move.after)
    if usage is None:
        return {DriverPart.OTHER: difference}
    return {DriverPart.USAGE: usage, DriverPart.PRICE: SUMS.subtract(difference, usage)}


def _single_part(move: Movement) -> DriverPart | None:
    if move.kind is ChargeKind.UNUSED:
        return DriverPart.PRICE
    if move.kind is not ChargeKind.USAGE:
        return DriverPart(move.kind.value)
    if not move.before.rows:
        return DriverPart.NEW
    return None if move.after.rows else DriverPart.GONE


def _usage(before: Amount, after: Amount) -> Decimal | None:
    """The change of the quantity at the old price; None where there is no old price or no new quantity."""
    if before.quantity is None or after.quantity is None or before.quantity <= 0 or after.quantity <= 0:
        return None
    change = _WIDE.subtract(after.quantity, before.quantity)
    return _WIDE.divide(_WIDE.multiply(change, before.cost), before.quantity).quantize(_PLACES, context=_WIDE)


@dataclass(slots=True)
class DriverGroup:
    """What a group cost before and after. `parts` sum to the difference; those that are not named are nothing."""

    values: tuple[str | None, ...]
    label: str | None = None
    before: Decimal = _ZERO
    after: Decimal = _ZERO
    parts: dict[DriverPart, Decimal] = field(default_factory=dict)

    @property
    def difference(self) -> Decimal:
        return SUMS.subtract(self.after, self.before)

    def add(self, other: "DriverGroup") -> None:
        """Take in all of another group."""
        self.before = SUMS.add(self.before, other.before)
        self.after = SUMS.add(self.after, other.after)
        for part, amount in other.parts.items():
            self.parts[part] = SUMS.add(self.parts.get(part, _ZERO), amount)


@dataclass(frozen=True, slots=True)
class Drivers:
    """`groups` changed most, up or down; `rest` adds up the `rest_count` others, `all` everything.

    `currency` is None when there are no rows at all.
    """

    currency: str | None
    groups: list[DriverGroup]
    rest: DriverGroup | None
    rest_count: int
    all: DriverGroup


class DriversBuilder:
    """Adds up movements, which come in any order, to groups. Holds one sum for each group."""

    def __init__(self, top: int, currency: str | None) -> None:
        self._top = top
        self._currency = currency
        self._groups: dict[tuple[str | None, ...], DriverGroup] = {}

    def add(self, move: Movement) -> None:
        """Take in the next movement."""
        group = self._groups.get(move.values)
        if group is None:
            group = self._groups[move.values] = DriverGroup(move.values)
        group.label = group.label or move.label
        group.add(DriverGroup(move.values, None, move.before.cost, move.after.cost, split(move)))

    def built(self) -> Drivers:
        """Everything that was added. Groups that changed alike stand in the order of their values."""
        ordered = sorted(self._groups.values(), key=_by_change)
        groups, others = ordered[: self._top], ordered[self._top :]
        return Drivers(
            currency=self._currency,
            groups=groups,
            rest=_sum(others) if others else None,
            rest_count=len(others),
            all=_sum(ordered),
        )


def _by_change(group: DriverGroup) -> tuple[Decimal, list[tuple[bool, str]]]:
    return group.difference.copy_abs().copy_negate(), [(value is not None, value or "") for value in group.values]


def _sum(groups: Sequence[DriverGroup]) -> DriverGroup:
    total = DriverGroup(())
    for group in groups:
        total.add(group)
    return total
