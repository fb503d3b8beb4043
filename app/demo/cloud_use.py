"""Who uses what in the made-up company: one series per resource, and how much it uses on a day."""

import calendar
import hashlib
import json
import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zlib import crc32

from app.demo.cloud_catalog import ENVIRONMENTS, INCIDENTS, PRODUCTS, Cloud, Environment, Offer

# Growth is counted from here, so that a day's use does not depend on when the rows are made.
_GROWTH_SINCE = date(2026, 1, 1)
_DAYS_A_MONTH = 30.44
_NOISE = 0.12
MICRO = Decimal("0.000001")
# The service whose resources say "enviroment".
MISSPELT = "Cloud Run"


@dataclass(frozen=True, slots=True)
class Series:
    """One resource: `columns` are the FOCUS cells that never change; `share` scales the offer's quantity."""

    offer: Offer
    columns: Mapping[str, str]
    contracted: Decimal
    share: float
    is_production: bool
    key: str

    def use_on(self, day: date, today: date) -> Decimal:
        """Units used on that day, to six places."""
        offer = self.offer
        use = offer.quantity * self.share * math.pow(1 + offer.growth, (day - _GROWTH_SINCE).days / _DAYS_A_MONTH)
        if day.weekday() >= 5:
            use *= offer.weekend
        if day.day > calendar.monthrange(day.year, day.month)[1] - 2:
            use *= offer.month_end
        if self.is_production:
            use *= _incident_factor(offer.service, (today - day).days)
        noise = crc32(f"{self.key}:{day.toordinal()}".encode()) / 2**32
        return Decimal(f"{use * (1 + _NOISE * (noise - 0.5)):.6f}")


def _incident_factor(service: str, days_ago: int) -> float:
    factors = (i.factor for i in INCIDENTS if i.service == service and i.days_ago - i.days < days_ago <= i.days_ago)
    return next(factors, 1.0)


def series_of(company: str, cloud: Cloud, copies: int, accounts: Mapping[str, str]) -> Iterator[Series]:
    """Every resource the company runs in this cloud. `accounts` fixes ids by "<cloud code>/<environment>"."""
    for environment in ENVIRONMENTS:
        seed = f"{company}/{cloud.code}/{environment.name}"
        account = accounts.get(f"{cloud.code}/{environment.name}") or _filled(cloud.sub_account_id, seed, environment)
        for region in cloud.regions[: environment.regions]:
            for offer in cloud.offers:
                count = (offer.resources if environment.has_all_resources else 1) * copies
                for number in range(count):
                    key = f"{seed}/{region[0]}/{offer.service}/{number}"
                    yield _series(cloud, environment, offer, region, account, key, copies)


def _series(
    cloud: Cloud, environment: Environment, offer: Offer, region: tuple[str, str], account: str, key: str, copies: int
) -> Series:
    resource_id = _filled(offer.resource_id, key, environment, account=account, region=region[0])
    sku = hex_of(f"{cloud.code}/{offer.meter}")[:10].upper()
    columns = {
        "AvailabilityZone": f"{region[0]}b" if offer.resource_type in {"Instance", "Virtual machine"} else "",
        "ChargeDescription": f"{offer.meter} in {region[1]}",
        "ChargeFrequency": "Usage-Based",
        "ConsumedUnit": offer.unit,
        "ListUnitPrice": str(offer.price),
        "PricingUnit": offer.unit,
        "RegionId": region[0],
        "RegionName": region[1],
        "ResourceId": resource_id,
        "ResourceName": resource_id.rsplit("/", 1)[-1].rsplit(":", 1)[-1],
        "ResourceType": offer.resource_type,
        "ServiceCategory": offer.category,
        "ServiceName": offer.service,
        "ServiceSubcategory": offer.subcategory,
        "SkuId": sku,
        "SkuMeter": offer.meter,
        "SkuPriceId": f"{sku}.{region[0]}",
        "SubAccountId": account,
        "SubAccountName": f"{cloud.code}-{environment.name}",
        "SubAccountType": cloud.sub_account_type,
        "Tags": _tags(cloud, environment, offer, key.rpartition("/")[0]),
    }
    contracted = offer.price * (1 - cloud.discount)
    share = environment.share / copies
    return Series(offer, columns, contracted, share, environment.has_all_resources, key)


def _tags(cloud: Cloud, environment: Environment, offer: Offer, seed: str) -> str:
    """Mostly complete; one group in nine has none, one service misspells a key, and each cloud spells teams its way."""
    number = crc32(seed.encode())
    if number % 9 == 0:
        return ""
    name = "enviroment" if offer.service == MISSPELT else "environment"
    tags = {name: environment.name, "team": cloud.team_tag.format(team=environment.team, TEAM=environment.team.upper())}
    if environment.has_all_resources:
        tags["product"] = PRODUCTS[number % len(PRODUCTS)]
    return json.dumps(tags)


def _filled(pattern: str, seed: str, environment: Environment, *, account: str = "", region: str = "") -> str:
    return pattern.format(
        account=account,
        region=region,
        team=environment.team,
        hex=hex_of(seed)[:17],
        short=hex_of(seed)[:6],
        digits=digits_of(seed),
        uuid=uuid.UUID(hex_of(seed)),
    )


def hex_of(seed: str) -> str:
    """32 hex digits that depend on the seed alone."""
    return hashlib.blake2b(seed.encode(), digest_size=16).hexdigest()


def digits_of(seed: str) -> str:
    """Twelve digits that depend on the seed alone, like an AWS account id."""
    return str(int(hex_of(seed), 16) % 9 * 10**11 + int(hex_of(seed), 16) % 10**11 + 10**11)


def days_of(first: date) -> list[date]:
    """The days of the month that begins on `first`."""
    return [first + timedelta(days=number) for number in range(calendar.monthrange(first.year, first.month)[1])]
