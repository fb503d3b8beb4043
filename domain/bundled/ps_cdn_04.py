"""Compression is on.

In CloudFront which formats a behaviour compresses to is settled by its cache policy. Only policies of AWS are known by
their ids: of others brotli is not seen, which is a warning. What Azure compresses at all it compresses with both.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.facts.compliance import Integration

DISTRIBUTIONS = "cloudfront.list_distributions"
PROFILES, ENDPOINTS = "GET Microsoft.Cdn/profiles", "GET Microsoft.Cdn/profiles/endpoints"
FRONTS, ROUTES = "GET Microsoft.Cdn/profiles/afdEndpoints", "GET Microsoft.Cdn/profiles/afdEndpoints/routes"
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


def _azure(case: Case) -> Iterator[Item]:
    """Each route of Front Door and each endpoint of the older CDN. What a route does not keep it does not compress.

    Source: Azure Front Door, "Improve performance by compressing files"; Azure REST reference, Routes and Endpoints.
    """
    for operation in (PROFILES, FRONTS):
        case.answers.calls(operation)
    for one in case.answers.items(ROUTES, "value"):
        own = one["properties"]
        if own["enabledState"] == "Enabled":
            kept = own.get("cacheConfiguration") or {}
            yield _squeezed(one["id"], is_on=(kept.get("compressionSettings") or {}).get("isCompressionEnabled", False))
    for one in case.answers.items(ENDPOINTS, "value"):
        if one["properties"].get("resourceState") == "Running":
            yield _squeezed(one["id"], is_on=one["properties"]["isCompressionEnabled"])


def _squeezed(name: str, *, is_on: bool) -> Item:
    return passed(name, WANTED) if is_on else failed(name, "not compressed", WANTED)


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
    Procedure(
        integration=Integration.AZURE,
        scope="resource",
        operations=(PROFILES, FRONTS, ROUTES, ENDPOINTS),
        passes="Each route of Front Door that is on keeps and compresses, and so does each running endpoint.",
        fails="A route or an endpoint does not.",
        judge=_azure,
    ),
)
