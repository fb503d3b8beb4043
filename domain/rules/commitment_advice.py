"""How much to commit to: savings plans, reservations and committed use, computed on the spend that other savings leave.

Any provider's: what is sold by the hour for a term at a discount. Not for finding what can be saved otherwise. All
amounts that are given together are in one currency, whichever it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

HOURS_PER_MONTH = Decimal(730)
# The least commitment that AWS sells, and a step fine enough for all.
SMALLEST = Decimal("0.001")
NONE = Decimal(0)
# How much of an amount is told to people.
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What is billed on demand for what one kind of commitment could cover.

    `family` and `region` are the provider's words (m5 and us-east-1, Dv5 and westeurope, N2 and europe-west1).
    `costs` is one amount for each of a row of periods of `hours_each` hours (1, or 24 where only days are known).
    """

    family: str
    region: str
    costs: tuple[Decimal, ...]
    hours_each: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSaving:
    """A finding not yet mended on a resource whose cost is part of the spend of this family and region."""

    resource_id: str
    family: str
    region: str
    monthly: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A commitment there is. `hourly` of it are paid, and `unused_ratio` of that covers nothing.

    `family` and `region` None: it covers any.
    """

    hourly: Decimal
    unused_ratio: Decimal
    discount_ratio: Decimal
    family: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A way to commit: what is committed costs `1 - discount_ratio` of the price on demand for `months`.

    `offer` is what is sold, by its name; `payment` is the provider's word; `upfront_ratio` of the whole is paid at
    once. `family` and `region` None: any.
    """

    months: int
    payment: str
    discount_ratio: Decimal
    upfront_ratio: Decimal = NONE
    family: str | None = None
    region: str | None = None
    offer: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.discount_ratio < 1:
            raise ValueError(f"a discount of {self.discount_ratio}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What the provider recommends for a rate, and what it says that saves."""

    rate: Rate
    hourly: Decimal
    monthly_saving: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`saving_on_what_is_left` is what theirs would save a month once the other savings are made.

    `difference` is how much more ours saves then, a month; never below zero. `why` says it in words.
    """

    theirs: Theirs
    saving_on_what_is_left: Decimal
    difference: Decimal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """`hourly` to commit, in money paid, as savings plans count; divided by 1 - discount it is what it covers.

    Savings and what was taken off are amounts a month. `coverage_ratio` is the covered part of the spend left,
    `utilization_ratio` the used part of the commitment. `break_even_months` is after how many months of this use the
    whole commitment is earned, even were nothing used from then on. `is_by_day`: peaks within days were not seen.
    """

    rate: Rate
    hourly: Decimal
    monthly_saving: Decimal
    coverage_ratio: Decimal
    utilization_ratio: Decimal
    break_even_months: Decimal | None
    upfront: Decimal
    other_savings: Decimal
    unused_commitments: Decimal
    is_by_day: bool
    comparison: Comparison | None = None


def advise(
    spend: Sequence[Spend],
    rates: Sequence[Rate],
    savings: Sequence[OpenSaving] = (),
    held: Sequence[Held] = (),
    theirs: Sequence[Theirs] = (),
    currency: str = "USD",
) -> tuple[Advice, ...]:
    """For each rate the commitment with the least total cost over the time seen, the most saving first.

    They are alternatives: two rates that cover the same spend are never both to be bought. A rate for none of the spend
    is left out. `currency` is for the words. Raises ValueError when series differ in length or period.

    First everything else is taken off, as a commitment to waste keeps it for years: of the open savings on one
    resource the highest, spread over the hours in proportion to the spend of its family and region; then what the
    unused part of present commitments could still cover.

    With spend s of an hour on demand, discount d and commitment c, the hour costs c + max(0, s - c / (1 - d)). One
    unit more of c costs a unit in each of the N hours, and spares 1 / (1 - d) in each hour that is not covered
    yet, s (1 - d) > c. The sum is convex, so the cheapest c is the smallest at which no more than N (1 - d) hours are
    uncovered: (1 - d) times the d-quantile of the spend left. A discount of 28 % is worth committing to what runs in
    all but 28 % of the hours.

    Not modelled: growth, seasons longer than the time seen, and falling prices; interest on what is paid ahead; that
    one rate may discount families differently; that unused parts and savings fall in some hours and not in others;
    whole machines, in which reservations are counted; resale, return and exchange; sharing between accounts.
    """
    _check(spend)
    by_resource: dict[str, OpenSaving] = {}
    for one in sorted(savings, key=lambda one: one.monthly):
        by_resource[one.resource_id] = one
    seen = [replace(one, costs=tuple(cost / one.hours_each for cost in one.costs)) for one in spend]
    lean = [_after_savings(one, list(by_resource.values())) for one in seen]
    left = lean
    for commitment in held:
        left = _after_held(left, commitment)
    recommended = {one.rate: one for one in theirs}
    found = [
        _advice(rate, Pool.of(rate, seen, lean, left), recommended.get(rate), currency)
        for rate in rates
        if any(_covers(rate, one) for one in spend)
    ]
    return tuple(sorted(found, key=lambda one: -one.monthly_saving))


def total_cost(hourly: Decimal, spend: Sequence[Decimal], discount_ratio: Decimal) -> Decimal:
    """What hours of this spend on demand cost together with this commitment."""
    covered = hourly / (1 - discount_ratio)
    return sum((hourly + max(NONE, one - covered) for one in spend), NONE)


def best_commitment(spend: Sequence[Decimal], discount_ratio: Decimal) -> Decimal:
    """The smallest of the cheapest commitments for hours of this spend, in steps of a tenth of a cent; see `advise`."""
    levels = sorted((one * (1 - discount_ratio) for one in spend), reverse=True)
    uncovered = int(len(levels) * (1 - discount_ratio))
    exact = levels[uncovered] if uncovered < len(levels) else NONE
    lower = exact.quantize(SMALLEST, ROUND_DOWN)
    return min((lower, lower + SMALLEST), key=lambda one: (total_cost(one, spend, discount_ratio), one))


def _check(spend: Sequence[Spend]) -> None:
    if len({(len(one.costs), one.hours_each) for one in spend}) > 1 or any(not one.costs for one in spend):
        raise ValueError("series of spend are of one length and one period, and not empty")


def _covers(scope: Rate | Held, spend: Spend) -> bool:
    return scope.family in (None, spend.family) and scope.region in (None, spend.region)


def _after_savings(spend: Spend, savings: Sequence[OpenSaving]) -> Spend:
    """Its hours, less what is open to be saved on them."""
    monthly = _mean(spend.costs) * HOURS_PER_MONTH
    own = (one.monthly for one in savings if (one.family, one.region) == (spend.family, spend.region))
    kept = max(NONE, 1 - sum(own, NONE) / monthly) if monthly else NONE
    return replace(spend, costs=tuple(one * kept for one in spend.costs))


def _after_held(spend: Sequence[Spend], held: Held) -> list[Spend]:
    """What is left when the unused part of a commitment is used, by all it covers in proportion."""
    room = held.hourly * held.unused_ratio / (1 - held.discount_ratio)
    kept = [max(NONE, 1 - room / hour) if hour else NONE for hour in _pooled(held, spend)]
    return [
        replace(one, costs=tuple(cost * share for cost, share in zip(one.costs, kept, strict=True)))
        if _covers(held, one)
        else one
        for one in spend
    ]


def _pooled(scope: Rate | Held, spend: Sequence[Spend]) -> tuple[Decimal, ...]:
    """All it covers, hour by hour; without anything covered, no hour."""
    return tuple(sum(hour, NONE) for hour in zip(*(one.costs for one in spend if _covers(scope, one)), strict=True))


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, NONE) / len(values)


@dataclass(frozen=True, slots=True)
class Pool:
    """What a rate covers, by the hour: as it was seen, after other savings, and after unused commitments as well."""

    seen: tuple[Decimal, ...]
    lean: tuple[Decimal, ...]
    left: tuple[Decimal, ...]
    is_by_day: bool

    @classmethod
    def of(cls, rate: Rate, seen: Sequence[Spend], lean: Sequence[Spend], left: Sequence[Spend]) -> "Pool":
        """Of series by the hour that still say how long their periods were."""
        is_by_day = any(one.hours_each > 1 for one in seen)
        return cls(_pooled(rate, seen), _pooled(rate, lean), _pooled(rate, left), is_by_day)

    def saving(self, hourly: Decimal, rate: Rate) -> Decimal:
        """What this commitment saves a month on what is left; below zero when it is too large."""
        cost = total_cost(hourly, self.left, rate.discount_ratio) / len(self.left)
        return (_mean(self.left) - cost) * HOURS_PER_MONTH


def _advice(rate: Rate, pool: Pool, theirs: Theirs | None, currency: str) -> Advice:
    hourly = best_commitment(pool.left, rate.discount_ratio)
    reach = hourly / (1 - rate.discount_ratio)
    covered = _mean([min(one, reach) for one in pool.left])
    whole = _mean(pool.left)
    obligation = hourly * HOURS_PER_MONTH * rate.months
    lean = _mean(pool.lean)
    advice = Advice(
        rate=rate,
        hourly=hourly,
        monthly_saving=pool.saving(hourly, rate),
        coverage_ratio=covered / whole if whole else NONE,
        utilization_ratio=covered / reach if reach else NONE,
        break_even_months=obligation / (covered * HOURS_PER_MONTH) if covered else None,
        upfront=obligation * rate.upfront_ratio,
        other_savings=(_mean(pool.seen) - lean) * HOURS_PER_MONTH,
        unused_commitments=(lean - whole) * HOURS_PER_MONTH,
        is_by_day=pool.is_by_day,
    )
    return advice if theirs is None else replace(advice, comparison=_compared(advice, pool, theirs, currency))


def _compared(advice: Advice, pool: Pool, theirs: Theirs, currency: str) -> Comparison:
    saved = pool.saving(theirs.hourly, advice.rate)
    unlessened = best_commitment(pool.seen, advice.rate.discount_ratio)
    taken_off = (
        (advice.other_savings, "of other savings that are open"),
        (advice.unused_commitments, "that present commitments could still cover"),
    )
    named = " and ".join(f"{amount.quantize(CENT)} {currency} {what}" for amount, what in taken_off if amount)
    reason = (
        f"Of the spend {named} a month were taken off first; with them the advice were {unlessened} {currency} an hour."
        if named
        else "Nothing was taken off; theirs rests on other days or on another discount."
    )
    return Comparison(
        theirs=theirs,
        saving_on_what_is_left=saved,
        difference=advice.monthly_saving - saved,
        why=f"{advice.hourly} {currency} an hour instead of {theirs.hourly}. {reason}",
    )
