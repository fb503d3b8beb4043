"""Tags on what a step makes in AWS, so that a second try finds it. No rules here."""

from collections.abc import Mapping
from typing import Any

from domain.remediation.step import MARK_TAG, TOKEN, Call, Look

# AWS keeps names that begin so for itself.
RESERVED = "aws:"


def tags_with_mark(tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The tags as AWS takes them, and the mark of the step."""
    kept = [{"Key": key, "Value": value} for key, value in sorted(tags.items()) if not key.startswith(RESERVED)]
    return [one for one in kept if one["Key"] != MARK_TAG] + [{"Key": MARK_TAG, "Value": TOKEN}]


def marked(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """TagSpecifications of EC2 for one new thing. Source: EC2 API reference, TagSpecification."""
    return [{"ResourceType": resource_type, "Tags": tags_with_mark(tags)}]


def found_by_mark(operation: str, path: str, region: str | None) -> Look:
    """Looks for what carries the mark of this step, through a list of EC2 that filters by tags."""
    filters = [{"Name": f"tag:{MARK_TAG}", "Values": [TOKEN]}]
    return Look(call=Call(operation=operation, region=region, arguments={"Filters": filters}), path=path)
