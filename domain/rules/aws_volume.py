"""What an EBS volume costs a month, and what is left to pay when only its snapshot remains. No rules here."""

from decimal import Decimal

from domain.facts.money import Money
from domain.facts.resource import Resource
from domain.rules.list_price import AWS_SNAPSHOT, AWS_VOLUME, usd
from domain.rules.rule import RuleContext


def size_gib(volume: Resource) -> Decimal:
    return Decimal(volume.config.get("Size") or 0)


def described(volume: Resource) -> str:
    """The volume as sentences call it."""
    return f"Volume {volume.native_id} ({size_gib(volume)} GiB {volume.config.get('VolumeType', 'of unknown type')})"


def monthly_usd(volume: Resource, context: RuleContext) -> Decimal | None:
    """The bill where it is known in US dollars, else size times list price; None for a type without a list price."""
    billed = context.billed_usd(volume.native_id)
    if billed is not None:
        return billed
    price = AWS_VOLUME.get(volume.config.get("VolumeType", ""))
    return size_gib(volume) * price.usd if price else None


def saving_with_snapshot(volumes: list[Resource], context: RuleContext) -> tuple[Money, str] | None:
    """What is saved a month by keeping snapshots in place of these volumes, with its arithmetic; None without a price.

    A snapshot is counted at the full size of its volume; it is cheaper when the volume is not full.
    """
    costs = [monthly_usd(volume, context) for volume in volumes]
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        return None
    size = sum((size_gib(volume) for volume in volumes), Decimal(0))
    formula = f"{usd(sum(known, Decimal(0))).amount} USD of storage - {size} GiB * {AWS_SNAPSHOT.usd} USD for snapshots"
    return usd(sum(known, Decimal(0)) - size * AWS_SNAPSHOT.usd), formula
