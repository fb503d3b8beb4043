"""File systems of EFS."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Listing, at, first
from domain.facts.resource import ResourceKind

FILE_SYSTEM = ResourceKind.AWS_EFS_FILE_SYSTEM
LISTINGS = (
    Listing(
        operation=fields.call("efs.describe_file_systems", "elasticfilesystem:DescribeFileSystems", page_size=100),
        items=at("FileSystems"),
        kind=FILE_SYSTEM,
        parse=fields.resource(FILE_SYSTEM, "FileSystemId", created="CreationTime"),
        # It moves with every file that is written.
        volatile=frozenset({"SizeInBytes"}),
        details=(
            Detail(
                key="LifecyclePolicies",
                operation=fields.call(
                    "efs.describe_lifecycle_configuration", "elasticfilesystem:DescribeLifecycleConfiguration"
                ),
                arguments=fields.asks(FileSystemId="FileSystemId"),
                pick=first("LifecyclePolicies"),
            ),
        ),
        is_regional=True,
    ),
)
