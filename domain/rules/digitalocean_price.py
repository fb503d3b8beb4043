"""DigitalOcean's list prices, beside those it prints with each size of a droplet. No rules here."""

from decimal import Decimal

from domain.rules.list_price import ListPrice


def _digitalocean(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"DigitalOcean, {page}")


SNAPSHOT = _digitalocean("0.06", "GiB and month", "Snapshots pricing")
VOLUME = _digitalocean("0.10", "GiB and month", "Volumes pricing")
UNASSIGNED_ADDRESS = _digitalocean("5.00", "month", "Reserved IPs pricing")
LOAD_BALANCER_NODE = _digitalocean("12.00", "node and month", "Load Balancers pricing")
