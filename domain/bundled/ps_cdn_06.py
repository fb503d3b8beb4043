"""What was committed to for CloudFront fits what is used of it.

The commitment is that of security savings bundles on the bill of the account, held against its own usage. A price that
was agreed upon with AWS in private is not seen. Savings Plans do not cover CloudFront: those recommended do not matter.
"""

from collections.abc import Iterator
from decimal import Decimal

from domain.compliance.answers import NotOffered
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.facts.compliance import Integration

COSTS = "ce.get_cost_and_usage"
BY_RECORD = [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "RECORD_TYPE"}]
SERVICE = "Amazon CloudFront"
USAGE, CREDIT = "Usage", "Credit"
# Taken off what is paid, or put upon it: no part of the commitment.
NO_FEES = frozenset({CREDIT, "Refund", "Tax"})
# Of a bundle's price, so much less than of what it covers. Source: CloudFront developer guide, "CloudFront security
# savings bundle".
DISCOUNT = Decimal("0.30")
LEAST, MOST, WASTE = Decimal("0.70"), Decimal("0.95"), Decimal(1)
# By the first day of a month: by service and type of record, in the currency of the payer.
Months = dict[str, dict[tuple[str, str], Decimal]]


def _aws(case: Case) -> Iterator[Item]:
    """One item for an account that uses CloudFront, or pays for a bundle.

    Raises NotOffered where something is credited for CloudFront and no bundle is seen: it may be another account's.
    """
    months = _months(case)
    used = [records.get((SERVICE, USAGE), Decimal(0)) for _, records in sorted(months.items())]
    if not used:
        return
    last = months[max(months)]
    fee = sum((amount for (service, record), amount in last.items() if _is_fee(service, record)), Decimal(0))
    if fee <= 0 and last.get((SERVICE, CREDIT)):
        raise NotOffered(COSTS, "CloudFront is credited for something whose price is on no bill of this account")
    floor = min(used)
    if floor > 0:
        yield _fitting(case.answers.account, fee / (1 - DISCOUNT) / floor)
    elif fee > 0:
        yield failed(
            case.answers.account, "committed, and in one of three months CloudFront was not used", "70% to 95%"
        )


def _fitting(name: str, share: Decimal) -> Item:
    said = f"{share:.0%} of the least that a month of three has used is committed"
    if LEAST <= share <= MOST:
        return passed(name, said)
    return (failed if share > WASTE else warned)(name, said, "70% to 95%")


def _is_fee(service: str, record: str) -> bool:
    """Whether it is the price of a bundle, which the bill shows as a service of its own, by both words."""
    return "CloudFront" in service and "Bundle" in service and record not in NO_FEES


def _months(case: Case) -> Months:
    """The last three months that are over."""
    found: Months = {}
    for call in case.answers.asked(COSTS, GroupBy=BY_RECORD):
        for result in (result for page in call.pages for result in page["ResultsByTime"]):
            month = found.setdefault(result["TimePeriod"]["Start"], {})
            for group in result["Groups"]:
                service, record = group["Keys"]
                month[service, record] = Decimal(group["Metrics"]["UnblendedCost"]["Amount"])
    return found


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="account",
        operations=(COSTS,),
        passes="Security savings bundles cover 70 to 95 % of the CloudFront usage of the least of three months.",
        warns="They cover less than 70 %, or 95 to 100 %.",
        fails="They cover more than the least of three months has used.",
        judge=_aws,
    ),
)
