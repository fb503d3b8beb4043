"""What advice on commitments is worked out from: one bill of the last days, and what is known beside it. No advice."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.commitments.coverable import place_of
from domain.commitments.recommendation import Recommended
from domain.costs.value import SUMS
from domain.facts.provider import Provider
from domain.facts.resource_kind import ResourceKind
from domain.rules.commitment_advice import NONE, OpenSaving, Spend

HOURS_PER_DAY = 24
# Google lists machines by their zone, which is that of a region and a letter; bills name the region.
_ZONE = re.compile(r"(?<=\d)-[a-z]$")
Words = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """Usage at the standard price that begins in the day or hour `at` (UTC), of one SKU in one region."""

    at: datetime
    service: str
    region: str | None
    sku: str | None
    cost: Decimal
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSaving:
    """An open saving a month on a resource. `resource` tells whether two are on the same one."""

    resource: str
    kind: ResourceKind
    region: str | None
    config: Mapping[str, Any]
    monthly: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentPart:
    """What one commitment did in these days for one SKU in one region, or did not: `is_unused`.

    `effective` is what it cost, `contracted` what the same would have cost without it.
    """

    commitment: str
    name: str | None = None
    kind: str | None = None
    is_spend_based: bool = False
    service: str
    region: str | None = None
    sku: str | None = None
    is_unused: bool = False
    effective: Decimal
    contracted: Decimal = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTerm:
    """What syncs or people know of a commitment: how long it runs in months, how it is paid, and what it is for."""

    months: int | None = None
    payment: str | None = None
    pool: str | None = None
    family: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one billing account was charged on the complete `days`, by the hour or by the day.

    `asked_on` is today. `words` say what SKUs are, by service and SKU. `terms` are by the key of a commitment
    (`commitment_key`).
    """

    provider: Provider
    billing_account_id: str
    currency: str
    days: Sequence[date]
    loaded_at: datetime
    asked_on: date
    is_hourly: bool = False
    charges: Sequence[Charge] = ()
    words: Mapping[tuple[str, str | None], Words] = field(default_factory=dict)
    commitments: Sequence[CommitmentPart] = ()
    terms: Mapping[str, KnownTerm] = field(default_factory=dict)
    savings: Sequence[ResourceSaving] = ()
    recommended: Sequence[Recommended] = ()

    @property
    def age(self) -> int:
        """How many days ago the newest day was. Only for a bill with days, as is `gaps`."""
        return (self.asked_on - self.days[-1]).days

    @property
    def gaps(self) -> int:
        """On how many days between the first and the last nothing was charged or loaded."""
        return (self.days[-1] - self.days[0]).days + 1 - len(self.days)

    def place(self, service: str, sku: str | None) -> tuple[str, str] | None:
        """The pool and family of a SKU; None for what no commitment covers, or whose words are not known."""
        return place_of(self.provider, service, self.words.get((service, sku), ()))


@dataclass(frozen=True, slots=True)
class Spending:
    """What one pool holds: a series for each family and region, of which hours, and out of how many rows."""

    series: tuple[Spend, ...]
    rows: int

    @property
    def total(self) -> Decimal:
        return _sum(cost for one in self.series for cost in one.costs)

    def by_day(self) -> list[Decimal]:
        """The sum of each day, oldest first."""
        if not self.series:
            return []
        each = HOURS_PER_DAY // self.series[0].hours_each
        hours = [_sum(costs) for costs in zip(*(one.costs for one in self.series), strict=True)]
        return [_sum(hours[first : first + each]) for first in range(0, len(hours), each)]


def spending_of(bill: Bill) -> dict[str, Spending]:
    """What could be committed to, by pool. Hours and days without a charge count with nothing."""
    periods = {at: number for number, at in enumerate(_periods(bill))}
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    rows: dict[str, int] = {}
    places = {(service, sku): bill.place(service, sku) for service, sku in bill.words}
    for charge in bill.charges:
        place, number = places.get((charge.service, charge.sku)), periods.get(charge.at)
        if place is None or number is None:
            continue
        pool, family = place
        costs = sums.setdefault((pool, family, charge.region or ""), [NONE] * len(periods))
        costs[number] = SUMS.add(costs[number], charge.cost)
        rows[pool] = rows.get(pool, 0) + charge.rows
    hours_each = 1 if bill.is_hourly else HOURS_PER_DAY
    return {
        pool: Spending(
            tuple(
                Spend(family=family, region=region, costs=tuple(costs), hours_each=hours_each)
                for (of, family, region), costs in sorted(sums.items())
                if of == pool
            ),
            rows[pool],
        )
        for pool in sorted(rows)
    }


def untold(bill: Bill) -> Decimal:
    """The cost of services that commitments cover, on SKUs of which no row that was looked at says what they are."""
    return _sum(charge.cost for charge in bill.charges if (charge.service, charge.sku) not in bill.words)


def savings_in(bill: Bill, pool: str, spending: Spending) -> tuple[list[OpenSaving], int]:
    """The open savings on resources of the pool, and how many of these are left out: they are on a family that is not
    billed on demand in their region, or in another currency than the bill.
    """
    billed = {(one.family, one.region) for one in spending.series}
    found, left_out = [], 0
    for saving in bill.savings:
        place = resource_place(bill.provider, saving)
        if place is None or place[0] != pool:
            continue
        spot = (place[1], _ZONE.sub("", saving.region or ""))
        if spot in billed and saving.currency == bill.currency:
            found.append(
                OpenSaving(resource_id=saving.resource, family=spot[0], region=spot[1], monthly=saving.monthly)
            )
        else:
            left_out += 1
    return found, left_out


def resource_place(provider: Provider, saving: ResourceSaving) -> tuple[str, str] | None:
    """The pool and family of a resource, by how its provider describes it; None for what no commitment covers."""
    if saving.kind not in RESOURCES:
        return None
    service, path, words = RESOURCES[saving.kind]
    value: Any = saving.config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str):
        return None
    return place_of(provider, service, [words.format(value.rpartition("/")[2], series=_series(value))])


def _series(machine_type: str) -> str:
    """N2 of .../machineTypes/n2-standard-4."""
    return machine_type.rpartition("/")[2].partition("-")[0].upper()


# Kind of resource -> its service on the bill, where its description says of what size it is, and how a SKU says that.
RESOURCES: Mapping[ResourceKind, tuple[str, tuple[str, ...], str]] = {
    ResourceKind.AWS_EC2_INSTANCE: ("Amazon Elastic Compute Cloud", ("InstanceType",), "{0}"),
    ResourceKind.AWS_RDS_INSTANCE: ("Amazon Relational Database Service", ("DBInstanceClass",), "{0}"),
    ResourceKind.AWS_LAMBDA_FUNCTION: ("AWS Lambda", ("FunctionName",), "GB-Second"),
    ResourceKind.AZURE_VIRTUAL_MACHINE: ("Virtual Machines", ("properties", "hardwareProfile", "vmSize"), "{0}"),
    ResourceKind.AZURE_APP_SERVICE_PLAN: ("Azure App Service", ("sku", "name"), "{0}"),
    ResourceKind.GCP_INSTANCE: ("Compute Engine", ("machineType",), "{series} Instance Core"),
    ResourceKind.GCP_SQL_INSTANCE: ("Cloud SQL", ("settings", "tier"), "vCPU of {0}"),
}


def _periods(bill: Bill) -> Iterable[datetime]:
    hours = range(HOURS_PER_DAY) if bill.is_hourly else range(1)
    for day in bill.days:
        for hour in hours:
            yield midnight(day) + timedelta(hours=hour)


def midnight(day: date) -> datetime:
    """The beginning of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    found = NONE
    for amount in amounts:
        found = SUMS.add(found, amount)
    return found
