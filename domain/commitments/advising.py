"""Advice on what to commit to for one bill: spend, open savings, held commitments and rates brought together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.commitments.bill import Bill, Spending, savings_in, spending_of
from domain.commitments.caveats import NAMES, Confidence, Seen, caveats, confidence, next_steps
from domain.commitments.coverable import Pool, pools_of
from domain.commitments.held import HeldCommitment, held_in
from domain.commitments.offers import PRINTED, RATE_STEP, RateSource
from domain.commitments.recommendation import Recommended
from domain.rules.commitment_advice import CENT, HOURS_PER_MONTH, NONE, Advice, Comparison, Rate, Theirs, advise

# Committing at no discount: what is left of a pool is the same at each rate, and is told without any.
_NO_RATE = Rate(months=1, payment="", discount_ratio=NONE)
HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class RatedAdvice:
    """One way to commit, and where its rate comes from; `says` names the page or the recommendations."""

    advice: Advice
    source: RateSource
    says: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A recommendation of the provider and how it stands to the advice, in words and, where it can be, in numbers."""

    recommended: Recommended
    says: str
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAdvice:
    """The advice for one pool of a bill; the ways to commit are alternatives, the most saving first.

    Amounts are a month, in the bill's currency: `on_demand` is what was spent, of which `other_savings` and then
    `unused_commitments` were taken off. `families` is the spend of each family and region, the most first.
    """

    bill: Bill
    pool: Pool
    rows: int
    on_demand: Decimal
    other_savings: Decimal
    unused_commitments: Decimal
    savings_count: int
    families: tuple[tuple[str, str, Decimal], ...]
    ways: tuple[RatedAdvice, ...]
    recommendations: tuple[Beside, ...]
    confidence: Confidence
    caveats: tuple[str, ...]
    next_steps: tuple[str, ...]

    @property
    def left(self) -> Decimal:
        """What is left to commit to."""
        return self.on_demand - self.other_savings - self.unused_commitments


def advice_on(bill: Bill) -> list[PoolAdvice]:
    """One for each pool in which something was spent on demand or is recommended. A bill without days has none."""
    if not bill.days:
        return []
    spending, nothing, held = spending_of(bill), Spending((), 0), held_in(bill)
    return [
        _advice(bill, pool, spending.get(pool.id, nothing), held)
        for pool in pools_of(bill.provider)
        if pool.id in spending or any(one.pool == pool.id for one in bill.recommended)
    ]


def _advice(bill: Bill, pool: Pool, spending: Spending, commitments: Sequence[HeldCommitment]) -> PoolAdvice:
    savings, left_out = savings_in(bill, pool.id, spending)
    own = [one for one in commitments if pool.id in one.pools]
    held = [one.held for one in own if one.held.unused_ratio > 0]
    offered = _offered(bill, pool)
    rates = _rates(bill, pool, spending, offered, own)
    theirs = [
        Theirs(rate=one.rate, hourly=one.hourly, monthly_saving=one.saving or NONE)
        for one in offered
        if one.currency == bill.currency and one.rate and one.hourly
    ]
    found = advise(spending.series, list(rates), savings, held, theirs, bill.currency)
    whole = next(iter(advise(spending.series, [_NO_RATE], savings, held)), None)
    on_demand = spending.total / (len(bill.days) * HOURS_PER_DAY) * HOURS_PER_MONTH
    seen = Seen(
        days=len(bill.days),
        by_day=spending.by_day(),
        is_hourly=bill.is_hourly,
        savings_left_out=left_out,
        lost_commitments=tuple(one.id for one in commitments if not one.pools and one.held.unused_ratio > 0),
    )
    return PoolAdvice(
        bill=bill,
        pool=pool,
        rows=spending.rows,
        on_demand=on_demand,
        other_savings=whole.other_savings if whole else NONE,
        unused_commitments=whole.unused_commitments if whole else NONE,
        savings_count=len({one.resource_id for one in savings}),
        families=_families(spending),
        ways=tuple(RatedAdvice(one, *rates[one.rate]) for one in found),
        recommendations=tuple(_beside(bill, one, found) for one in offered),
        confidence=confidence(bill, seen),
        caveats=caveats(bill, seen),
        next_steps=() if rates else next_steps(bill.provider),
    )


def _offered(bill: Bill, pool: Pool) -> list[Recommended]:
    return merged((one for one in bill.recommended if one.pool == pool.id), bill.billing_account_id)


def merged(recommended: Iterable[Recommended], payer: str) -> list[Recommended]:
    """Recommendations of several accounts for the same as one, the most saving first.

    What is recommended to the account that pays is for all accounts together, and stands for the others. Discounts are
    weighed by what they cover.
    """
    groups: dict[tuple[object, ...], list[Recommended]] = {}
    for one in recommended:
        key = (one.offer, one.months, one.payment, one.family, one.region, one.currency, one.discount_ratio is None)
        groups.setdefault(key, []).append(one)
    found = [_merged(own, payer) for own in groups.values()]
    return sorted(found, key=lambda one: (-(one.saving or NONE), one.offer, one.family or "", one.region or ""))


def _merged(own: Sequence[Recommended], payer: str) -> Recommended:
    for one in own:
        if one.is_shared or one.account == payer:
            return max(own, key=lambda one: one.saving or NONE) if one.is_shared else one
    hourly, saving = _all(one.hourly for one in own), _all(one.saving for one in own)
    covered = _all(one.hourly / (1 - one.discount_ratio) for one in own if one.hourly and one.discount_ratio)
    discount = (1 - hourly / covered).quantize(RATE_STEP) if hourly and covered else None
    reads = [one.read_at for one in own if one.read_at]
    return replace(own[0], hourly=hourly, saving=saving, discount_ratio=discount, read_at=min(reads) if reads else None)


def _all(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None where one is not known."""
    known = list(amounts)
    return None if None in known else sum((one for one in known if one is not None), NONE)


def _rates(
    bill: Bill, pool: Pool, spending: Spending, offered: Iterable[Recommended], held: Iterable[HeldCommitment]
) -> dict[Rate, tuple[RateSource, str]]:
    """Every rate that is known, with where from: what the provider recommends, what it prints for everybody, and only
    without these what is held already.
    """
    says = f"What {NAMES[bill.provider]} recommends: its discount is that of its own numbers."
    found = {one.rate: (RateSource.RECOMMENDATION, f"{says} {one.note}".strip()) for one in offered if one.rate}
    regions = [one.region for one in spending.series]
    for printed in PRINTED:
        if printed.pool == pool.id:
            found |= dict.fromkeys(printed.rates(regions), (RateSource.PRICE_LIST, printed.source))
    if found:
        return found
    own = "What is paid for a commitment that is held already, beside the price without it, on these days."
    return {one.rate: (RateSource.HELD, own) for one in held if one.rate is not None}


def _families(spending: Spending) -> tuple[tuple[str, str, Decimal], ...]:
    """The spend of a month of each family and region, the most first."""
    found = [
        (one.family, one.region, sum(one.costs, NONE) / (len(one.costs) * one.hours_each) * HOURS_PER_MONTH)
        for one in spending.series
    ]
    return tuple(sorted(found, key=lambda one: (-one[2], one[0], one[1])))


def _beside(bill: Bill, one: Recommended, found: Sequence[Advice]) -> Beside:
    """How a recommendation stands to the advice."""
    for way in found:
        if way.rate == one.rate and way.comparison is not None:
            return Beside(one, f"{way.comparison.why} {one.note}".strip(), way.comparison)
    return Beside(one, _not_compared(bill, one, found))


def _not_compared(bill: Bill, one: Recommended, found: Sequence[Advice]) -> str:
    if one.currency not in (None, bill.currency):
        return f"It is in {one.currency}, and the bill in {bill.currency}: they are not compared."
    if one.rate is not None:
        place = f" in {one.region}" if one.region else ""
        return f"Nothing of {one.family or 'what it covers'}{place} was billed on demand on these days."
    ours = next((way for way in found if way.rate.months == one.months and way.hourly), None)
    if ours is None:
        return one.note
    return (
        f"{one.note} For the same term the advice is {ours.hourly} {bill.currency} an hour ({ours.rate.offer}), which "
        f"saves {ours.monthly_saving.quantize(CENT)} {bill.currency} a month on what is left."
    ).strip()
