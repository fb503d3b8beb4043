"""What commitments cost, cover and save, from usage by day. Source: FOCUS 1.2, commitment discount columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from domain.costs.unit_cost import quotient
from domain.costs.value import SUMS

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentUse:
    """Sums of charges alike in everything but their amounts, in one period. `commitment_id` is None on demand.

    `status` is Used or Unused on usage of a commitment. `unlisted` counts the rows without a list cost.
    """

    period: date
    provider: str
    billing_account_id: str = ""
    service: str
    region: str | None = None
    unit: str | None = None
    charge_category: str = "Usage"
    pricing_category: str | None = None
    commitment_id: str | None = None
    name: str | None = None
    type: str | None = None
    category: str | None = None
    commitment_unit: str | None = None
    status: str | None = None
    billed: Decimal = _ZERO
    effective: Decimal = _ZERO
    listed: Decimal = _ZERO
    quantity: Decimal = _ZERO
    unlisted: int = 0

    @property
    def is_unused(self) -> bool:
        return self.charge_category == "Usage" and self.commitment_id is not None and self.status == "Unused"

    @property
    def is_covered(self) -> bool:
        return self.charge_category == "Usage" and self.commitment_id is not None and self.status != "Unused"

    @property
    def is_on_demand(self) -> bool:
        return self.charge_category == "Usage" and self.commitment_id is None and self.pricing_category == "Standard"


@dataclass(frozen=True, slots=True)
class Covered:
    """What a commitment covers in one service and region: at list price, and what it costs with the commitment."""

    service: str
    region: str | None
    listed: Decimal
    effective: Decimal


@dataclass(slots=True)
class Commitment:
    """One commitment, in columns aligned with the periods.

    `used` and `unused` are amortised costs (EffectiveCost); together they are what it cost in the period. `billed` is
    what was invoiced for it as purchases. Quantities are in `unit`.
    """

    id: str
    provider: str
    name: str | None
    type: str | None
    category: str | None
    unit: str | None
    used: list[Decimal]
    unused: list[Decimal]
    billed: list[Decimal]
    used_quantity: list[Decimal]
    unused_quantity: list[Decimal]
    covers: list[Covered] = field(default_factory=list)

    @property
    def utilizations(self) -> list[Decimal | None]:
        """The used share of each period, 0 to 1; None where it cost nothing."""
        return [quotient(used, used + unused) for used, unused in zip(self.used, self.unused, strict=True)]

    @property
    def cost(self) -> Decimal:
        return total(self.used) + total(self.unused)

    @property
    def utilization(self) -> Decimal | None:
        return quotient(total(self.used), self.cost)


def commitments_of(rows: Sequence[CommitmentUse], periods: Sequence[date]) -> list[Commitment]:
    """Every commitment that the rows name, the dearest first."""
    by_id: dict[str, list[CommitmentUse]] = {}
    for row in rows:
        if row.commitment_id is not None:
            by_id.setdefault(row.commitment_id, []).append(row)
    found = [_commitment(id, own, periods) for id, own in by_id.items()]
    return sorted(found, key=lambda one: (-one.cost, one.id))


def _commitment(id: str, rows: Sequence[CommitmentUse], periods: Sequence[date]) -> Commitment:
    used, unused = [row for row in rows if row.is_covered], [row for row in rows if row.is_unused]
    purchases = [row for row in rows if row.charge_category == "Purchase"]
    return Commitment(
        id=id,
        provider=rows[0].provider,
        name=_named(row.name for row in rows),
        type=_named(row.type for row in rows),
        category=_named(row.category for row in rows),
        unit=_named(row.commitment_unit for row in rows),
        used=by_period(used, periods, lambda row: row.effective),
        unused=by_period(unused, periods, lambda row: row.effective),
        billed=by_period(purchases, periods, lambda row: row.billed),
        used_quantity=by_period(used, periods, lambda row: row.quantity),
        unused_quantity=by_period(unused, periods, lambda row: row.quantity),
        covers=_covers(used),
    )


def _named(names: Iterable[str | None]) -> str | None:
    return next((name for name in names if name), None)


def _covers(rows: Sequence[CommitmentUse]) -> list[Covered]:
    places: dict[tuple[str, str | None], list[CommitmentUse]] = {}
    for row in rows:
        places.setdefault((row.service, row.region), []).append(row)
    found = [
        Covered(service, region, total(row.listed for row in own), total(row.effective for row in own))
        for (service, region), own in places.items()
    ]
    return sorted(found, key=lambda one: (-one.listed, one.service, one.region or ""))


@dataclass(frozen=True, slots=True)
class Eligible:
    """Usage that commitments cover, or could: `covered`, `unused` and `on_demand` are disjoint."""

    covered: list[CommitmentUse]
    unused: list[CommitmentUse]
    on_demand: list[CommitmentUse]

    @property
    def unlisted(self) -> int:
        """How many rows have no list cost, and so lack in every sum at list price."""
        return sum(row.unlisted for row in (*self.covered, *self.on_demand))


def eligible_of(rows: Sequence[CommitmentUse], services: Sequence[str] | None = None) -> Eligible:
    """On demand is eligible what is sold at the standard price in the services named; without names, in each service
    and unit (hours, not gigabytes) in which a commitment covers something in these rows.
    """
    covered = [row for row in rows if row.is_covered]
    kinds = {(row.provider, row.service, row.unit) for row in covered}

    def is_eligible(row: CommitmentUse) -> bool:
        if services is None:
            return (row.provider, row.service, row.unit) in kinds
        return row.service in services

    return Eligible(
        covered=[row for row in covered if services is None or row.service in services],
        unused=[row for row in rows if row.is_unused],
        on_demand=[row for row in rows if row.is_on_demand and is_eligible(row)],
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """At list price: what commitments covered, and what was eligible and paid on demand. Aligned with the periods."""

    covered: list[Decimal]
    on_demand: list[Decimal]

    @property
    def ratios(self) -> list[Decimal | None]:
        """The covered share of each period, 0 to 1; None where nothing was eligible."""
        return [quotient(one, one + other) for one, other in zip(self.covered, self.on_demand, strict=True)]

    @property
    def ratio(self) -> Decimal | None:
        return quotient(total(self.covered), total(self.covered) + total(self.on_demand))


def coverage_of(eligible: Eligible, periods: Sequence[date]) -> Coverage:
    """How much of what could be covered is."""
    return Coverage(
        covered=by_period(eligible.covered, periods, lambda row: row.listed),
        on_demand=by_period(eligible.on_demand, periods, lambda row: row.listed),
    )


def coverage_by_service(eligible: Eligible, periods: Sequence[date]) -> dict[str, Coverage]:
    """The same of each service, the one with the most on demand first."""
    services = {row.service for row in (*eligible.covered, *eligible.on_demand)}
    found = {
        service: coverage_of(
            Eligible(
                [row for row in eligible.covered if row.service == service],
                [],
                [row for row in eligible.on_demand if row.service == service],
            ),
            periods,
        )
        for service in services
    }
    return dict(sorted(found.items(), key=lambda one: (-total(one[1].on_demand), one[0])))


@dataclass(frozen=True, slots=True)
class Savings:
    """Eligible usage at list price, and what was paid for it, `unused` commitments included. Aligned with periods."""

    listed: list[Decimal]
    paid: list[Decimal]
    unused: list[Decimal]

    @property
    def rates(self) -> list[Decimal | None]:
        """1 - paid / listed of each period; negative where unused commitments cost more than the others save."""
        return [_rate(paid, listed) for paid, listed in zip(self.paid, self.listed, strict=True)]

    @property
    def rate(self) -> Decimal | None:
        return _rate(total(self.paid), total(self.listed))


def _rate(paid: Decimal, listed: Decimal) -> Decimal | None:
    return None if listed <= 0 else quotient(SUMS.subtract(listed, paid), listed)


def savings_of(eligible: Eligible, periods: Sequence[date]) -> Savings:
    """The effective savings rate. Source: FinOps Foundation, "Effective Savings Rate": 1 - actual spend with discounts
    over on-demand equivalent spend, of usage that commitments may cover; what was committed and not used is spend.
    """
    used = [*eligible.covered, *eligible.on_demand]
    return Savings(
        listed=by_period(used, periods, lambda row: row.listed),
        paid=by_period([*used, *eligible.unused], periods, lambda row: row.effective),
        unused=by_period(eligible.unused, periods, lambda row: row.effective),
    )


def by_period(
    rows: Iterable[CommitmentUse], periods: Sequence[date], amount: Callable[[CommitmentUse], Decimal]
) -> list[Decimal]:
    """The sum of each period."""
    sums: dict[date, Decimal] = dict.fromkeys(periods, _ZERO)
    for row in rows:
        sums[row.period] = SUMS.add(sums[row.period], amount(row))
    return list(sums.values())


def total(amounts: Iterable[Decimal]) -> Decimal:
    """All of them, exact."""
    found = _ZERO
    for amount in amounts:
        found = SUMS.add(found, amount)
    return found


THRESHOLDS = (60, 30, 7)


def commitment_key(id: str) -> str:
    """What ids of one commitment have in common: bills give AWS's as ARN, its API the last part alone."""
    return id.rstrip("/").rpartition("/")[2].lower()


def threshold_of(days_left: int) -> int | None:
    """The nearest of 60, 30 and 7 days before the end that is reached; None before the first, and after the end."""
    if days_left < 0:
        return None
    return min((days for days in THRESHOLDS if days_left <= days), default=None)


def end_in(config: Mapping[str, object]) -> date | None:
    """The end of a commitment in what its provider says of it; None where it says none that can be read.

    Sources: EC2 ReservedInstances.End, SavingsPlan.end, Azure ReservationProperties.expiryDate, Compute Engine
    Commitment.endTimestamp.
    """
    properties = config.get("properties")
    places = [config, properties] if isinstance(properties, Mapping) else [config]
    for place in places:
        for name in ("End", "end", "expiryDate", "expiryDateTime", "endTimestamp"):
            if isinstance(text := place.get(name), str):
                try:
                    return date.fromisoformat(text[:10])
                except ValueError:
                    continue
    return None
