"""File systems of EFS."""

from connectors.clouds.aws.fields import asks, call, resource
from connectors.reading.listing import Detail, Listing, at, first
from domain.facts.resource import ResourceKind

FILE_SYSTEM = ResourceKind.AWS_EFS_FILE_SYSTEM
LISTINGS = (
    Listing(
        operation=call("efs.describe_file_systems", "elasticfilesystem:DescribeFileSystems", page_size=100),
        items=at("FileSystems"),
        kind=FILE_SYSTEM,
        parse=resource(FILE_SYSTEM, "FileSystemId", created="CreationTime", passing=("SizeInBytes",)),
        details=(
            Detail(
                key="LifecyclePolicies",
                operation=call(
                    "efs.describe_lifecycle_configuration", "elasticfilesystem:DescribeLifecycleConfiguration"
                ),
                arguments=asks(FileSystemId="FileSystemId"),
                pick=first("LifecyclePolicies"),
            ),
        ),
        is_regional=True,
    ),
)
