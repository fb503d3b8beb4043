"""How fast each provider may be asked, how long it is waited for, and when it is let alone: one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from math import inf

from domain.facts.provider import Provider

# A limit is kept for each account and service (the `service` of an operation), by all processes of the installation
# together. Where a provider publishes its limit the number stands beside it, with the page it is from, and the tests
# compare the two. Limits that the customer's own programs share we use by half at most: a reading that takes longer is
# better than a deployment that fails. Where nothing is published the number is ours and says so; a provider that thinks
# otherwise answers with throttling, which empties the bucket of all processes.


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`rate` calls a second on average, `burst` at one go after a pause, `concurrency` at once by one reading.

    `timeout` is for one try; none begins later than `within`, nor after so many `attempts`. After `failures` tries in
    a row without an answer the breaker opens for `pause`; 0 is never. `published` are the provider's own words, as
    calls in seconds. `is_shared`: services without a limit of their own have one bucket and its places together.
    """

    rate: float = inf
    burst: int = 1
    concurrency: int = 8
    # A large page takes a provider up to half a minute; connecting takes five seconds at most.
    timeout: timedelta = timedelta(seconds=35)
    # One try and three more: with full jitter that is 3.5 s of pauses on average, 7 s at most.
    attempts: int = 4
    within: timedelta = timedelta(seconds=105)
    # More than the tries of one call and than one reading's calls at a time: a single slow list does not open it.
    failures: int = 10
    pause: timedelta = timedelta(seconds=60)
    published: tuple[tuple[int, int], ...] = ()
    is_shared: bool = False

    @property
    def interval(self) -> float:
        """Seconds one token takes to come back."""
        return 1 / self.rate

    @property
    def fills_within(self) -> float:
        """Seconds all but one token take to come back: a bucket that lacks no more has one to give."""
        return (self.burst - 1) * self.interval if self.burst > 1 else 0.0


# For connections that are no reading of an account, such as a mail server: nothing is shared, nothing is tried again.
PLAIN = Limit(attempts=1, failures=0)
# Ours: what no provider of ours takes amiss.
DEFAULT = Limit(rate=10, burst=20)

# Source of what has none beside it: "Throttling" or "Quotas" in the API reference of the service.
AWS: Mapping[str, Limit] = {
    # Non-mutating calls: a bucket of 100 that fills by 20 a second, lists without filter 50 and 10; for each account,
    # Region and call. Source: EC2 Developer Guide, "Request throttling for the Amazon EC2 API".
    "ec2": Limit(rate=10, burst=50, published=((100 + 20 * 10, 10),)),
    # 5,500 GET a second for each prefix; calls about buckets have no published limit, ours is 20. Source: S3 User
    # Guide, "Best practices design patterns: optimizing Amazon S3 performance".
    "s3": Limit(rate=20, burst=50, published=((5500, 1),)),
    # No number is published; "Rate exceeded" is met at about 20 a second. IAM is one for all regions. Source: AWS
    # Security Blog, "How to monitor and query IAM resources at scale - Part 2" (that it is a token bucket).
    "iam": Limit(rate=10, burst=20, concurrency=6),
    # 600 a second for each account and Region. Source: IAM User Guide, "IAM and AWS STS quotas".
    "sts": Limit(rate=50, burst=50, published=((600, 1),)),
    # No number is published; each request costs 0.01 USD, so there is no hurry. One a second is what is borne.
    "ce": Limit(rate=1, burst=5, concurrency=2),
    # LookupEvents 2 a second, the describing calls 10. Source: CloudTrail User Guide, "Quotas in AWS CloudTrail".
    "cloudtrail": Limit(rate=1.5, burst=1, concurrency=4, published=((2, 1),)),
    # List calls 2 to 5 a second after a burst of 4 to 8, for each account. Source: Organizations User Guide, "Quotas".
    "organizations": Limit(rate=1, burst=4, concurrency=2, published=((4 + 2 * 10, 10),)),
    # GetFindings 3 a second with bursts of 6, all others 10 with 30. Source: Security Hub User Guide, "Quotas".
    "securityhub": Limit(rate=1.5, burst=3, concurrency=3, published=((6 + 3 * 10, 10),)),
    # No number is published; recorders in large accounts have been throttled from about 10 a second on.
    "config": Limit(rate=3, burst=10, concurrency=4),
    # GetMetricData 50 a second, DescribeAlarms 9. Source: CloudWatch User Guide, "CloudWatch service quotas".
    "cloudwatch": Limit(rate=4.5, burst=1, published=((9, 1),)),
    # DescribeLogGroups 10 a second for each account and Region. Source: CloudWatch Logs User Guide, "Quotas".
    "logs": Limit(rate=5, burst=1, published=((10, 1),)),
    # Calls of the control plane 15 a second together. Source: Lambda Developer Guide, "Lambda quotas".
    "lambda": Limit(rate=7, burst=1, published=((15, 1),)),
    # ListKeys and DescribeKey have quotas of their own, 500 and 2,000 a second; ListAliases 500, GetKeyPolicy 1,000.
    # Source: KMS Developer Guide, "Request quotas".
    "kms": Limit(rate=20, burst=50, published=((500, 1),)),
    # Five calls a second for each account. Source: Route 53 Developer Guide, "Quotas".
    "route53": Limit(rate=2.5, burst=1, concurrency=3, published=((5, 1),)),
    # No numbers are published, and what these answer changes daily. Ours.
    "cost-optimization-hub": Limit(rate=2, burst=5, concurrency=2),
    "compute-optimizer": Limit(rate=2, burst=5, concurrency=2),
    "support": Limit(rate=1, burst=2, concurrency=2),
}
AZURE: Mapping[str, Limit] = {
    # Reads of one principal in one subscription: a bucket of 250 that fills by 25 a second. Source: "Understand how
    # Azure Resource Manager throttles requests", the limits since 2024.
    "*": Limit(rate=12, burst=100, concurrency=16, published=((250 + 25 * 10, 10),), is_shared=True),
    # 15 in 5 seconds for each user. Source: "Guidance for throttled requests in Azure Resource Graph".
    "resourcegraph": Limit(rate=1.4, burst=8, concurrency=3, published=((15, 5),)),
    # 12 units in 10 seconds, 60 in a minute, 600 in an hour; a query of up to a month is one unit. Source: "Manage
    # costs with automation", Cost Management query limits.
    "costmanagement": Limit(rate=0.15, burst=4, concurrency=1, published=((12, 10), (60, 60), (600, 3600))),
    "consumption": Limit(rate=0.5, burst=5, concurrency=2),  # ours
    # Identity and access: 3,500 units in 10 seconds for the smallest tenants, reads cost 1 to 5; sign-in and audit
    # logs 5 calls in 10 seconds. Source: "Microsoft Graph service-specific throttling limits".
    "graph": Limit(rate=20, burst=50, published=((700, 10),)),
    "auditlogs": Limit(rate=0.25, burst=2, concurrency=1, published=((5, 10),)),
}
GCP: Mapping[str, Limit] = {
    "*": Limit(rate=5, burst=20),  # ours
    # Reads 100 a minute for each organization without a support package, 6,000 with one. Source: "Quotas and limits" of
    # the Recommender.
    "recommender": Limit(rate=0.8, burst=20, concurrency=3, published=((100, 60),)),
    # Reads 1,500 a minute for each project and group of calls, lists 1,500. Source: "Compute Engine rate quotas".
    "compute": Limit(rate=10, burst=50, published=((1500, 60),)),
    # ListAssets 100 and SearchAllResources 400 a minute for each project. Source: Cloud Asset Inventory, "Quotas".
    "cloudasset": Limit(rate=0.8, burst=20, concurrency=3, published=((100, 60),)),
    # Reads 600 a minute for each project. Source: Resource Manager, "Quotas and limits".
    "cloudresourcemanager": Limit(rate=4, burst=20, concurrency=4, published=((600, 60),)),
    # Reads 6,000 a minute. Source: Identity and Access Management, "Quotas and limits".
    "iam": Limit(rate=10, burst=20, published=((6000, 60),)),
    # Reads of entries 60 a minute for each project. Source: Cloud Logging, "Quotas and limits".
    "logging": Limit(rate=0.4, burst=5, concurrency=2, published=((60, 60),)),
    # 300 a minute for each project and user. Source: Cloud Billing, "Quotas and limits".
    "cloudbilling": Limit(rate=2, burst=10, concurrency=2, published=((300, 60),)),
}
# 5,000 an hour and 250 a minute for each token, which is ours alone. Source: DigitalOcean API reference, "Rate Limit".
DIGITALOCEAN: Mapping[str, Limit] = {
    "*": Limit(rate=1.3, burst=150, published=((5000, 3600), (250, 60)), is_shared=True),
    # Spaces has limits of its own, hundreds of requests a second. Ours.
    "spaces": Limit(rate=20, burst=50),
}
GITHUB: Mapping[str, Limit] = {
    # 5,000 an hour for each user or installation; beside it 900 points a minute for REST, one a read, and 100 calls at
    # once. Source: "Rate limits for the REST API".
    "*": Limit(rate=1.2, burst=300, published=((5000, 3600), (900, 60)), is_shared=True),
    # Searches 30 a minute, of code 10. Source: the same.
    "search": Limit(rate=0.1, burst=2, concurrency=1, published=((10, 60),)),
    # The audit log 1,750 an hour for each user and address. Source: "REST API endpoints for enterprise audit logs".
    "audit_log": Limit(rate=0.4, burst=50, concurrency=2, published=((1750, 3600),)),
    # 5,000 points an hour beside those of REST. Source: "Rate limits and query limits for the GraphQL API".
    "graphql": Limit(rate=1.2, burst=300, published=((5000, 3600),)),
    # 100 a minute. Source: "REST API endpoints for rate limits", the resource of this name.
    "dependency_sbom": Limit(rate=0.8, burst=20, concurrency=2, published=((100, 60),)),
}
OKTA: Mapping[str, Limit] = {
    # For each organization, smallest paid plan; 75 at once. Source: Okta, "Rate limits" and "Management rate limits".
    "*": Limit(rate=0.7, burst=20, concurrency=4, published=((100, 60),)),
    "users": Limit(rate=4, burst=50, published=((600, 60),)),
    "groups": Limit(rate=3, burst=50, published=((500, 60),)),
    "apps": Limit(rate=0.7, burst=20, concurrency=4, published=((100, 60),)),
    "logs": Limit(rate=0.7, burst=10, concurrency=2, published=((120, 60),)),
}
# The budget is in points that are not published; 10 a second is what small sites bear. Source: Jira Cloud, "Rate
# limiting".
JIRA: Mapping[str, Limit] = {"*": Limit(rate=5, burst=20, concurrency=4, is_shared=True)}
# By method and workspace: tier 2 is 20 a minute, tier 3 50. Source: Slack, "Rate limits", and the page of each method.
_TIER_3 = Limit(rate=0.7, burst=5, concurrency=4, published=((50, 60),))
SLACK: Mapping[str, Limit] = {
    "*": Limit(rate=0.3, burst=2, concurrency=2, published=((20, 60),)),
    "conversations.info": _TIER_3,
    "team.info": _TIER_3,
    # "Hundreds of calls a minute", as its page says.
    "auth.test": Limit(rate=1, burst=10, published=((100, 60),)),
}

LIMITS: Mapping[Provider, Mapping[str, Limit]] = {
    Provider.AWS: AWS,
    Provider.AZURE: AZURE,
    Provider.GCP: GCP,
    Provider.DIGITALOCEAN: DIGITALOCEAN,
    Provider.GITHUB: GITHUB,
    Provider.OKTA: OKTA,
    Provider.JIRA: JIRA,
    Provider.SLACK: SLACK,
}


def limit_of(provider: Provider | None, service: str) -> Limit:
    """What the table says of a service, else of the provider (its `*`), else DEFAULT.

    Services are found however they are spelt: `Microsoft.ResourceGraph`, `cloudasset.googleapis.com`, `Audit-Log`.
    """
    table = _TABLE.get(provider, {}) if provider else {}
    return table.get(_plain(service)) or table.get("*") or DEFAULT


@lru_cache(maxsize=1024)
def _plain(service: str) -> str:
    name = service.lower().removeprefix("microsoft.").removesuffix(".googleapis.com")
    return name if name == "*" else "".join(letter for letter in name if letter.isalnum())


_TABLE = {
    provider: {_plain(service): limit for service, limit in limits.items()} for provider, limits in LIMITS.items()
}
