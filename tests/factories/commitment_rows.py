"""Bills of the last days, row by row, of what commitments cover."""

from datetime import UTC, datetime, timedelta

from domain.facts.provider import Provider
from tests.factories.focus import focus_row

TODAY = datetime.now(UTC).date()
# The newest day of a bill is not complete: of 32 days up to yesterday, the 30 before it are looked at.
FIRST = TODAY - timedelta(days=32)
EC2 = "Amazon Elastic Compute Cloud"
# By provider: ProviderName, its service, the meter of a SKU that is covered, region.
SOLD = {
    Provider.AWS: ("AWS", EC2, "BoxUsage:m5.large", "us-east-1"),
    Provider.AZURE: ("Microsoft", "Virtual Machines", "D4s v5", "westeurope"),
    Provider.GCP: ("Google Cloud", "Compute Engine", "N2 Instance Core running in Iowa", "us-central1"),
}


def used(at: datetime, hours: int, cost: str, provider: Provider = Provider.AWS, **columns: str) -> dict[str, str]:
    """A charge on demand of so many hours."""
    name, service, meter, region = SOLD[provider]
    month = at.replace(day=1, hour=0)
    plain = {
        "ProviderName": name,
        "BillingPeriodStart": f"{month:%Y-%m-%dT%H:%M:%SZ}",
        "BillingPeriodEnd": f"{(month + timedelta(days=32)).replace(day=1):%Y-%m-%dT%H:%M:%SZ}",
        "ChargePeriodStart": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "ChargePeriodEnd": f"{at + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}",
        "ServiceName": service,
        "RegionId": region,
        "SkuId": meter,
        "SkuMeter": meter,
        "PricingCategory": "Standard",
        "CommitmentDiscountId": "",
        "CommitmentDiscountStatus": "",
        "CommitmentDiscountType": "",
        "CommitmentDiscountCategory": "",
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost),
    }
    return focus_row(**plain | columns)


def hours(days: int = 32) -> list[datetime]:
    first = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    return [first + timedelta(hours=number) for number in range(24 * days)]


def steady(cost: str, provider: Provider = Provider.AWS) -> list[dict[str, str]]:
    """So much in each hour, billed by the hour."""
    return [used(at, 1, cost, provider) for at in hours()]
