"""Compression is on.

Which formats a behaviour compresses to is settled by its cache policy. Only policies of AWS are known by their ids: of
others brotli is not seen, which is a warning.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.facts.compliance import Integration

DISTRIBUTIONS = "cloudfront.list_distributions"
# Those with both formats. Source: CloudFront developer guide, "Use managed cache policies".
WITH_BROTLI = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": "CachingOptimized",
    "2e54312d-136d-493c-8eb9-b001f22f67d2": "Amplify",
}
WANTED = "compressed with gzip and brotli"


def _aws(case: Case) -> Iterator[Item]:
    """Each distribution that is on, by the worst of its behaviours."""
    for one in case.answers.items(DISTRIBUTIONS, "DistributionList.Items"):
        behaviours = [one["DefaultCacheBehavior"], *((one.get("CacheBehaviors") or {}).get("Items") or [])]
        if one["Enabled"]:
            yield _compressed(one["ARN"], behaviours)


def _compressed(arn: str, behaviours: list[Mapping[str, Any]]) -> Item:
    off = [_path(one) for one in behaviours if not one["Compress"]]
    if off:
        return failed(arn, f"not compressed: {', '.join(off)}", WANTED)
    # Without a policy there is gzip alone.
    partly = [_path(one) for one in behaviours if one.get("CachePolicyId") not in WITH_BROTLI]
    if partly:
        return warned(arn, f"brotli is not seen: {', '.join(partly)}", WANTED)
    return passed(arn, WANTED)


def _path(behaviour: Mapping[str, Any]) -> str:
    return str(behaviour.get("PathPattern") or "default")


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(DISTRIBUTIONS,),
        passes="Every behaviour compresses, with a cache policy of AWS that has both gzip and brotli.",
        warns="Every behaviour compresses, but of one brotli is not seen.",
        fails="A behaviour does not compress.",
        judge=_aws,
    ),
)
