"""Public list prices, for estimates before the first bill of a resource is known."""

from decimal import ROUND_HALF_UP, Decimal

from pydantic import BaseModel, ConfigDict

from domain.facts.money import Money

HOURS_PER_MONTH = Decimal(730)
CENT = Decimal("0.01")


class ListPrice(BaseModel):
    """US dollars for one `unit`, without discounts or tax."""

    model_config = ConfigDict(frozen=True)

    usd: Decimal
    unit: str
    source: str


def _aws(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"AWS price list, us-east-1, {page}")


# By the type AWS prints in VolumeType. Types without an entry are estimated only from their bill.
AWS_VOLUME = {
    "gp2": _aws("0.10", "GiB and month", "Amazon EBS pricing"),
    "gp3": _aws("0.08", "GiB and month", "Amazon EBS pricing"),
}
AWS_GP3_EXTRA_IOPS = _aws("0.005", "IOPS above 3000 and month", "Amazon EBS pricing")
AWS_GP3_EXTRA_THROUGHPUT = _aws("0.04", "MiB/s above 125 and month", "Amazon EBS pricing")
AWS_SNAPSHOT = _aws("0.05", "GiB and month", "Amazon EBS pricing")
AWS_PUBLIC_IPV4 = _aws("0.005", "hour", "Amazon VPC pricing")


def _azure(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"Azure retail prices, {page}")


AZURE_PUBLIC_IP = _azure("0.005", "hour of a standard static address", "IP addresses")
AZURE_HOT_BLOB = _azure("0.0184", "GiB and month", "Block blobs, hot")
AZURE_COOL_BLOB = _azure("0.01", "GiB and month", "Block blobs, cool")


def usd(amount: Decimal) -> Money:
    """An estimate in whole cents, never below zero."""
    return Money(amount=max(amount, Decimal(0)).quantize(CENT, ROUND_HALF_UP), currency="USD")
