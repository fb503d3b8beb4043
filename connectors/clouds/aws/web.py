"""What the internet meets first: APIs, distributions, certificates, names and their health checks."""

from dataclasses import replace

from connectors.clouds.aws import fields, hiding, metrics
from connectors.reading.listing import Detail, Item, Listing, Place, at, joined
from domain.facts.resource import ResourceKind

API, DISTRIBUTION, CERTIFICATE = (
    ResourceKind.AWS_API,
    ResourceKind.AWS_CLOUDFRONT_DISTRIBUTION,
    ResourceKind.AWS_CERTIFICATE,
)
# Unless asked for, AWS lists only certificates of the first two kinds. Source: ACM API reference, Filters.
KEY_TYPES = (
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
)


def _dimensions(item: Item, _: Place) -> dict[str, dict[str, str]]:
    return {"": {"DistributionId": item["Id"], "Region": "Global"}}


# CloudFront measures in one region, what is kept only where additional metrics are on. Source: CloudFront developer
# guide, "Types of metrics for CloudFront".
HITS = replace(
    metrics.measured(
        "AWS/CloudFront",
        _dimensions,
        metrics.Metric("Requests", "Sum"),
        metrics.Metric("CacheHitRate", "Average"),
        days=7,
    ),
    operation=replace(metrics.METRIC_DATA, options={"region": "us-east-1"}),
)
LISTINGS = (
    Listing(
        # API Gateway has one permission for everything that is read.
        operation=fields.call("apigateway.get_rest_apis", "apigateway:GET", page_size=500),
        items=at("items"),
        kind=API,
        parse=fields.resource(API, "id", name="name", created="createdDate"),
        details=(
            Detail(
                key="requestValidators",
                operation=fields.call("apigateway.get_request_validators", "apigateway:GET"),
                arguments=fields.asks(restApiId="id"),
                pick=joined("items"),
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "cloudfront.list_distributions",
            "cloudfront:ListDistributions",
            # Headers for the origin often hold the word by which it knows the distribution.
            hidden=hiding.without("HeaderValue"),
        ),
        items=at("DistributionList.Items"),
        kind=DISTRIBUTION,
        # What is measured is judged by bundles only.
        parse=fields.resource(DISTRIBUTION, "ARN", name="DomainName", is_global=True, passing=("Metrics",)),
        batches=(HITS,),
    ),
    # What bundles judge of distributions, which name their policies.
    Listing(
        operation=fields.call("cloudfront.list_cache_policies", "cloudfront:ListCachePolicies"),
        items=at("CachePolicyList.Items"),
    ),
    Listing(
        operation=fields.call("acm.list_certificates", "acm:ListCertificates", page_size=1000),
        arguments=lambda _: {"Includes": {"keyTypes": list(KEY_TYPES)}},
        items=at("CertificateSummaryList"),
        kind=CERTIFICATE,
        parse=fields.resource(CERTIFICATE, "CertificateArn", name="DomainName", created="CreatedAt"),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("route53.list_hosted_zones", "route53:ListHostedZones"),
        items=at("HostedZones"),
        kind=ResourceKind.AWS_ROUTE53_ZONE,
        parse=fields.resource(ResourceKind.AWS_ROUTE53_ZONE, "Id", name="Name", is_global=True),
    ),
    Listing(
        operation=fields.call("route53.list_health_checks", "route53:ListHealthChecks"),
        items=at("HealthChecks"),
        kind=ResourceKind.AWS_HEALTH_CHECK,
        parse=fields.resource(ResourceKind.AWS_HEALTH_CHECK, "Id", is_global=True),
    ),
)
