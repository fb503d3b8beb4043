"""Repositories of container images, and Kubernetes clusters."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

REPOSITORY, CLUSTER = ResourceKind.AWS_ECR_REPOSITORY, ResourceKind.AWS_EKS_CLUSTER


def untagged(pages: Sequence[Answer]) -> dict[str, Any]:
    """How many images without a tag there are, how big they are together in bytes, and when the first was pushed."""
    images = joined("imageDetails")(pages)
    return {
        "count": len(images),
        "sizeInBytes": sum(image.get("imageSizeInBytes") or 0 for image in images),
        "firstPushedAt": min((image["imagePushedAt"] for image in images if image.get("imagePushedAt")), default=None),
    }


def parse_cluster(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """By ARN, which is the same whether or not the cluster could be described."""
    own = {**item, "arn": fields.arn("eks", place, f"cluster/{item['name']}")}
    return fields.merged("cluster", fields.resource(CLUSTER, "arn", name="name", created="createdAt"))(
        own, details, place
    )


LISTINGS = (
    Listing(
        operation=fields.call("ecr.describe_repositories", "ecr:DescribeRepositories", page_size=1000),
        items=at("repositories"),
        kind=REPOSITORY,
        parse=fields.resource(REPOSITORY, "repositoryArn", name="repositoryName", created="createdAt"),
        details=(
            Detail(
                key="lifecyclePolicyText",
                operation=fields.call(
                    "ecr.get_lifecycle_policy", "ecr:GetLifecyclePolicy", absent=("LifecyclePolicyNotFoundException",)
                ),
                arguments=fields.asks(repositoryName="repositoryName"),
                pick=first("lifecyclePolicyText"),
            ),
            Detail(
                key="untaggedImages",
                operation=fields.call("ecr.describe_images", "ecr:DescribeImages", page_size=1000),
                arguments=lambda item, _: {
                    "repositoryName": item["repositoryName"],
                    "filter": {"tagStatus": "UNTAGGED"},
                },
                pick=untagged,
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("eks.list_clusters", "eks:ListClusters", page_size=100),
        items=lambda answer: [{"name": name} for name in at("clusters")(answer)],
        kind=CLUSTER,
        parse=parse_cluster,
        details=(
            Detail(
                key="cluster",
                operation=fields.call("eks.describe_cluster", "eks:DescribeCluster"),
                arguments=fields.asks(name="name"),
                pick=first("cluster"),
            ),
        ),
        is_regional=True,
    ),
)
