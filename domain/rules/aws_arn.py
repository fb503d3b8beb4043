"""The ARNs of resources that AWS lists by a shorter id. No rules here."""

from domain.facts.resource import Resource, ResourceKind

# Source: service authorization reference, resource types of each service.
PATHS = {
    ResourceKind.AWS_EBS_VOLUME: ("ec2", "volume/{}"),
    ResourceKind.AWS_EC2_ADDRESS: ("ec2", "elastic-ip/{}"),
    ResourceKind.AWS_EC2_INSTANCE: ("ec2", "instance/{}"),
    ResourceKind.AWS_EFS_FILE_SYSTEM: ("elasticfilesystem", "file-system/{}"),
    ResourceKind.AWS_NAT_GATEWAY: ("ec2", "natgateway/{}"),
}
# Source: AWS general reference, ARN format.
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def arn_of(resource: Resource, account_id: str) -> str:
    """Its native id where that is one. Raises KeyError for a kind whose ARNs are not known here."""
    if resource.native_id.startswith("arn:"):
        return resource.native_id
    region = resource.region or ""
    partition = next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")
    if resource.kind is ResourceKind.AWS_S3_BUCKET:
        return f"arn:{partition}:s3:::{resource.native_id}"
    service, path = PATHS[resource.kind]
    return f"arn:{partition}:{service}:{region}:{account_id}:{path.format(resource.native_id)}"
