"""Regions of AWS accounts, as rules on what is missing in a region see them. No rules here."""

from domain.facts.resource import Resource, ResourceKind
from domain.rules.rule import EXAMPLE_NOW, RuleContext

# What costs money or holds data, and by which a region shows to be used.
SIGNS = (
    ResourceKind.AWS_DYNAMODB_TABLE,
    ResourceKind.AWS_EC2_INSTANCE,
    ResourceKind.AWS_EKS_CLUSTER,
    ResourceKind.AWS_LAMBDA_FUNCTION,
    ResourceKind.AWS_NETWORK_INTERFACE,
    ResourceKind.AWS_RDS_INSTANCE,
    ResourceKind.AWS_S3_BUCKET,
)
BLIND = (
    "A region counts as used when it has buckets, network cards, instances, functions, tables, clusters or databases"
)


def is_used(region: Resource, context: RuleContext) -> bool:
    """Whether something is in the region."""
    return any(one.region == region.native_id for kind in SIGNS for one in context.every(kind))


def within(region: Resource, kind: ResourceKind, context: RuleContext) -> list[Resource] | None:
    """What is of this kind in the region; None when it was not listed in whole, so that nothing follows from it."""
    if not context.is_listed(kind, region.native_id):
        return None
    return [one for one in context.every(kind) if one.region == region.native_id]


def example_region(name: str = "eu-west-1") -> Resource:
    """A region for examples."""
    return Resource(kind=ResourceKind.AWS_REGION, native_id=name, name=name, region=name, config={"RegionName": name})


def example_instance(region: str = "eu-west-1") -> Resource:
    """Something that makes a region used, for examples."""
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE, native_id="i-1", name="web", region=region, created_at=EXAMPLE_NOW
    )
