"""What kind of data a store says it holds, by its tag or label."""

from collections.abc import Mapping
from typing import Any

from domain.compliance.answers import Answers

LABEL_KEY = "data-class"
# The label of data that wants a key of the customer's own.
RESTRICTED = "restricted"
AWS_TAGS = "resourcegroupstaggingapi.get_resources"


def label_of(tags: Any, key: str = LABEL_KEY) -> str | None:
    """The label among the tags of a thing, in lower case; None without one.

    Tags are a mapping, a list of {Key, Value} as AWS writes them, or words such as "data-class:pii", the only form
    in which DigitalOcean has them. None has no tags.
    """
    found = tags if isinstance(tags, Mapping) else dict(_pair(tag) for tag in tags or [])
    return str(found[key]).lower() if found.get(key) else None


def is_restricted(tags: Any) -> bool:
    return label_of(tags) == RESTRICTED


def aws_labels(answers: Answers, key: str = LABEL_KEY) -> dict[str, str]:
    """The labels of everything in AWS that has one, by ARN without its partition. Raises as `Answers.calls`."""
    found = {}
    for one in answers.items(AWS_TAGS, "ResourceTagMappingList"):
        if label := label_of(one["Tags"], key):
            found[within_partition(one["ResourceARN"])] = label
    return found


def within_partition(arn: str) -> str:
    """An ARN without the partition: s3:::bucket."""
    return arn.split(":", 2)[2]


def _pair(tag: Any) -> tuple[str, str]:
    if isinstance(tag, Mapping):
        return tag["Key"], tag["Value"]
    key, _, value = tag.partition(":")
    return key, value
