"""The parts AWS is made of: ARNs name them, and regions tell them."""

# By how the names of regions begin; all others are in the commercial part. Source: botocore's partitions.
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}


def partition_of(region: str) -> str:
    """The partition of a region, as ARNs begin with it."""
    return next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")
