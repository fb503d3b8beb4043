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


def _gcp(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"Google Cloud price list, us-central1, {page}")


# By the type AWS prints in VolumeType. Types without an entry are estimated only from their bill.
AWS_VOLUME = {
    "gp2": _aws("0.10", "GiB and month", "Amazon EBS pricing"),
    "gp3": _aws("0.08", "GiB and month", "Amazon EBS pricing"),
}
AWS_GP3_EXTRA_IOPS = _aws("0.005", "IOPS above 3000 and month", "Amazon EBS pricing")
AWS_GP3_EXTRA_THROUGHPUT = _aws("0.04", "MiB/s above 125 and month", "Amazon EBS pricing")
AWS_SNAPSHOT = _aws("0.05", "GiB and month", "Amazon EBS pricing")
AWS_S3_STANDARD = _aws("0.023", "GiB and month", "Amazon S3 pricing")
AWS_S3_INFREQUENT = _aws("0.0125", "GiB and month in the infrequent tier of Intelligent-Tiering", "Amazon S3 pricing")
AWS_S3_WATCHING = _aws("0.0025", "1000 objects and month in Intelligent-Tiering", "Amazon S3 pricing")
AWS_CLOUDTRAIL_EVENTS = _aws("2.00", "100,000 events of management after the first copy", "AWS CloudTrail pricing")
AWS_SECRET = _aws("0.40", "secret and month", "AWS Secrets Manager pricing")
AWS_PUBLIC_IPV4 = _aws("0.005", "hour", "Amazon VPC pricing")

GCP_SNAPSHOT = _gcp("0.05", "GiB and month", "Compute Engine pricing, disks and images")
GCP_STANDARD = _gcp("0.020", "GiB and month", "Cloud Storage pricing, standard storage")
GCP_NEARLINE = _gcp("0.010", "GiB and month", "Cloud Storage pricing, nearline storage")


def _azure(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"Azure retail prices, {page}")


AZURE_PUBLIC_IP = _azure("0.005", "hour of a standard static address", "IP addresses")
AZURE_HOT_BLOB = _azure("0.0184", "GiB and month", "Block blobs, hot")
AZURE_COOL_BLOB = _azure("0.01", "GiB and month", "Block blobs, cool")


def usd(amount: Decimal) -> Money:
    """An estimate in whole cents, never below zero."""
    return Money(amount=max(amount, Decimal(0)).quantize(CENT, ROUND_HALF_UP), currency="USD")
