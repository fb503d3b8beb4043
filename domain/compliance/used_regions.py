"""Which regions of an AWS account are read, and in which of them something is."""

from domain.compliance.answers import Answers

REGIONS = "ec2.describe_regions"
# Lists by which a region shows to be used, with where the things stand in an answer: what is in a network, functions,
# buckets, tables, and everything that was ever given a tag.
SIGNS = {
    "ec2.describe_network_interfaces": "NetworkInterfaces",
    "lambda.list_functions": "Functions",
    "s3.list_buckets": "Buckets",
    "dynamodb.list_tables": "TableNames",
    "resourcegroupstaggingapi.get_resources": "ResourceTagMappingList",
}


def read_regions(answers: Answers) -> list[str]:
    """The regions that are read: those enabled in the account, or those its owner chose to have read."""
    return sorted({region["RegionName"] for region in answers.items(REGIONS, "Regions")})


def used_regions(answers: Answers) -> frozenset[str]:
    """The regions in which something is. Raises Unread when a list that could show it was not read."""
    return frozenset(
        region for operation, path in SIGNS.items() for region, _ in answers.located(operation, path) if region
    )
