"""More list prices of AWS, for what runs: disks of databases, gateways, endpoints and load balancers. No rules here."""

from decimal import Decimal

from domain.rules.list_price import ListPrice


def _aws(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"AWS price list, us-east-1, {page}")


IO_VOLUME = _aws("0.125", "GiB and month of io1 or io2", "Amazon EBS pricing")
IO_VOLUME_IOPS = _aws("0.065", "IOPS and month of io1 or io2", "Amazon EBS pricing")
ARCHIVED_SNAPSHOT = _aws("0.0125", "GiB and month", "Amazon EBS pricing")
NAT_GATEWAY = _aws("0.045", "hour", "Amazon VPC pricing")
NAT_TRAFFIC = _aws("0.045", "GB", "Amazon VPC pricing")
INTERFACE_ENDPOINT = _aws("0.01", "hour and Availability Zone", "AWS PrivateLink pricing")
LOAD_BALANCER = _aws("0.0225", "hour", "Elastic Load Balancing pricing")
# By the type AWS prints in StorageType. Types without an entry are not taken off a bill.
DATABASE_STORAGE = {
    "gp2": _aws("0.115", "GiB and month", "Amazon RDS pricing"),
    "gp3": _aws("0.115", "GiB and month", "Amazon RDS pricing"),
}
DATABASE_SNAPSHOT = _aws("0.095", "GiB and month", "Amazon RDS pricing")
