"""The price class matches where buyers are.

Where buyers are is told by where the edges stand that served the account: what a narrow class serves from afar is
billed there and not seen. So a class can only be found too wide, and the narrowest is not judged.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.edge import DISTRIBUTIONS, distributions
from domain.facts.compliance import Integration

COSTS = "ce.get_cost_and_usage"
BY_USAGE = [{"Type": "DIMENSION", "Key": "USAGE_TYPE"}]
# What a request of each region is billed as. Source: CloudFront developer guide, "Interpreting your AWS bill".
_REQUESTS = re.compile(r"([A-Z]{2})-Requests-.*")
# Source: CloudFront developer guide, "Choosing the price class".
NARROWEST = frozenset({"US", "CA", "MX", "EU"})
NARROWER = NARROWEST | {"ZA", "ME", "JP", "AP", "IN"}
ALL, MOST = "PriceClass_All", "PriceClass_200"
NEARLY_ALL = Decimal("0.95")


def _aws(case: Case) -> Iterator[Item]:
    """Nothing where nobody asked for anything."""
    requests = _requests(case)
    total = sum(requests.values(), Decimal(0))
    for one in distributions(case.answers):
        if total and one["PriceClass"] in (ALL, MOST):
            is_all = one["PriceClass"] == ALL
            inside = NARROWER if is_all else NARROWEST
            near = sum((count for region, count in requests.items() if region in inside), Decimal(0))
            yield _fitting(one["ARN"], near / total, is_all=is_all)


def _fitting(name: str, share: Decimal, *, is_all: bool) -> Item:
    said = f"{share:.0%} of requests are served in the regions of a cheaper class"
    if share <= NEARLY_ALL:
        return passed(name, said)
    return (failed if is_all else warned)(name, said, "the cheaper class")


def _requests(case: Case) -> dict[str, Decimal]:
    """How many were served in each region in the last 30 days."""
    found: dict[str, Decimal] = {}
    for call in case.answers.asked(COSTS, GroupBy=BY_USAGE):
        groups = (group for page in call.pages for result in page["ResultsByTime"] for group in result["Groups"])
        for group in groups:
            kind = _REQUESTS.fullmatch(group["Keys"][0])
            if kind:
                count = Decimal(group["Metrics"]["UsageQuantity"]["Amount"])
                found[kind[1]] = found.get(kind[1], Decimal(0)) + count
    return found


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(COSTS, DISTRIBUTIONS),
        passes="5 % or more of the requests are served in regions that the next cheaper class lacks.",
        warns="PriceClass_200, and PriceClass_100 has the regions of more than 95 % of the requests.",
        fails="PriceClass_All, and PriceClass_200 has the regions of more than 95 % of the requests.",
        judge=_aws,
    ),
)
