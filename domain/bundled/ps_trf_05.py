"""A queue or waiting room stands in front of the checkout."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.facts.compliance import Integration

QUEUES, ACLS = "sqs.get_queue_attributes", "wafv2.get_web_acl"
BALANCERS, DISTRIBUTIONS = "elbv2.describe_load_balancers", "cloudfront.list_distributions"
# Words by which queues of orders and rules for checkouts are known: what a rule looks for in requests is not kept.
CHECKOUT = frozenset({"order", "orders", "checkout", "cart", "basket", "payment", "payments"})
WANTED = "orders in a queue, and a rule that limits the rate at the checkout"


def _aws(case: Case) -> Iterator[Item]:
    """One item for an account that serves the internet; others have no checkout. A rule that only counts is none."""
    urls = [call.arguments["QueueUrl"] for call in case.answers.calls(QUEUES) if call.pages]
    pages = [page["WebACL"] for call in case.answers.calls(ACLS) for page in call.pages]
    has_queue = any(_is_about_checkout(url.rpartition("/")[2]) for url in urls)
    has_rule = any(_limits(rule) for acl in pages for rule in acl["Rules"])
    if _is_public(case):
        yield _said(case.answers.account, has_queue=has_queue, has_rule=has_rule)


def _is_public(case: Case) -> bool:
    balancers = case.answers.items(BALANCERS, "LoadBalancers")
    schemes = [one.get("Scheme") for one in balancers]
    return "internet-facing" in schemes or any(case.answers.items(DISTRIBUTIONS, "DistributionList.Items"))


def _is_about_checkout(name: str) -> bool:
    return bool(CHECKOUT.intersection(re.findall(r"[a-z]+", name.lower())))


def _limits(rule: Mapping[str, Any]) -> bool:
    """Whether it limits the rate of everything, or of the checkout as its name tells."""
    limit = rule["Statement"].get("RateBasedStatement")
    if limit is None or "Count" in (rule.get("Action") or {}):
        return False
    return not limit.get("ScopeDownStatement") or _is_about_checkout(rule["Name"])


def _said(account: str, *, has_queue: bool, has_rule: bool) -> Item:
    seen = f"{'a' if has_queue else 'no'} queue of orders, {'a' if has_rule else 'no'} rule at the checkout"
    if has_queue and has_rule:
        return passed(account, seen)
    return warned(account, seen, WANTED) if has_queue or has_rule else failed(account, seen, WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="account",
        operations=(QUEUES, ACLS, BALANCERS, DISTRIBUTIONS),
        passes="A queue is named for orders or the checkout, and a rule of a web ACL limits the rate there.",
        warns="There is only one of the two.",
        fails="There is neither.",
        judge=_aws,
    ),
)
