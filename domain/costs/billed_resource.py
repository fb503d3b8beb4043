"""How a bill names a resource, matched with the id its provider lists it by, as far as that can be done exactly."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from domain.facts.money import EXACT, Money
from domain.facts.resource import Resource

BILLED_DAYS = 14
# Days of a mean month: 365 / 12.
DAYS_OF_MONTH = Decimal("30.4167")
_PLACES = Decimal("0.0001")
# Ids that EC2 gives, such as vol-0123456789abcdef0: unique in all of AWS, so the end of the ARN says as much.
_EC2_ARN = re.compile(r"arn:[a-z-]+:ec2:[a-z0-9-]+:\d+:[a-z-]+/([a-z]+-[0-9a-f]{8,17})")
_EC2_ID = re.compile(r"[a-z]+-[0-9a-f]{8,17}")
_AZURE = "/subscriptions/"


def billed_name(billed_id: str) -> str:
    """One spelling of what a bill prints. Ids of Azure know no case: exports have them in small letters."""
    ec2 = _EC2_ARN.fullmatch(billed_id)
    if ec2 is not None:
        return ec2[1]
    return billed_id.lower() if billed_id.lower().startswith(_AZURE) else billed_id


def names_of(resource: Resource) -> Iterator[str]:
    """How a bill may name a resource: by its id, or by an ARN of its own that its provider has shown."""
    yield billed_name(resource.native_id)
    for key, value in resource.config.items():
        is_own = isinstance(value, str) and value.startswith("arn:") and value.endswith(_ends(resource.native_id))
        if is_own and key.lower().endswith("arn"):
            yield billed_name(value)


def spellings(name: str) -> tuple[str | re.Pattern[str], ...]:
    """Everything a bill may print for what `billed_name` spells so: texts, and patterns that match from end to end."""
    if _EC2_ID.fullmatch(name) is not None:
        return name, re.compile(rf"^arn:[a-z-]+:ec2:[a-z0-9-]+:[0-9]+:[a-z-]+/{re.escape(name)}$")
    if name.startswith(_AZURE):
        return name, re.compile(f"^{re.escape(name)}$", re.IGNORECASE)
    return (name,)


def _ends(native_id: str) -> tuple[str, str]:
    return f"/{native_id}", f":{native_id}"


def monthly(daily_sum: Decimal, currency: str) -> Money:
    """What the sum of BILLED_DAYS days comes to in a month."""
    amount = EXACT.multiply(EXACT.divide(daily_sum, Decimal(BILLED_DAYS)), DAYS_OF_MONTH)
    return Money(amount=amount.quantize(_PLACES), currency=currency)


def by_name(sums: Iterable[tuple[str, Money]]) -> dict[str, Money]:
    """Monthly costs by the one spelling; what is billed in two currencies has none that could be told as one."""
    found: dict[str, Money] = {}
    mixed: set[str] = set()
    for billed_id, cost in sums:
        name = billed_name(billed_id)
        before = found.get(name)
        if before is not None and before.currency != cost.currency:
            mixed.add(name)
        amount = cost.amount if before is None else EXACT.add(before.amount, cost.amount)
        found[name] = Money(amount=amount, currency=cost.currency)
    return {name: cost for name, cost in found.items() if name not in mixed}


def bills_of(resources: Iterable[Resource], costs: Mapping[str, Money]) -> dict[str, Money]:
    """Monthly costs by native id, of those of these resources that `costs`, by the one spelling, knows."""
    found: dict[str, Money] = {}
    for resource in resources if costs else ():
        cost = next((costs[name] for name in names_of(resource) if name in costs), None)
        if cost is not None:
            found[resource.native_id] = cost
    return found
