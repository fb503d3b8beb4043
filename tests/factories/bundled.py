"""Checks of bundles, and stores of health data in AWS as the list of tags tells of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.compliance.answers import Call
from domain.compliance.control import Control
from domain.compliance.registry import bundled_controls
from tests.factories.answers import call

TAGS = "resourcegroupstaggingapi.get_resources"
BUCKET, TABLE = "arn:aws:s3:::records", "arn:aws:dynamodb:eu-west-1:123:table/visits"
DATABASE, FILES = "arn:aws:rds:eu-west-1:123:db:clinic", "arn:aws:elasticfilesystem:eu-west-1:123:file-system/fs-1"
CLUSTER = "arn:aws:rds:eu-west-1:123:cluster:ward"


def check_of(id: str) -> Control:
    """The check of a bundle with this id."""
    return next(control for control in bundled_controls() if control.id == id)


def tagged(tags: Mapping[str, Mapping[str, str]]) -> Call:
    """The list of tags: by ARN the tags of a thing."""
    rows = [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in own.items()]}
        for arn, own in tags.items()
    ]
    return call(TAGS, {"ResourceTagMappingList": rows})


def labelled(*arns: str) -> Call:
    """The list of tags, where these are labelled phi and nothing else is."""
    return tagged({**{arn: {"data-class": "phi"} for arn in arns}, "arn:aws:s3:::others": {"data-class": "internal"}})


def finding(bucket: str, at: str, detected: Sequence[str] = (), own: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """A finding of Macie that names what was detected; `own` are names of people's own identifiers."""
    return {
        "type": "SensitiveData:S3Object/Personal",
        "createdAt": at,
        "resourcesAffected": {"s3Bucket": {"name": bucket}},
        "classificationDetails": {
            "result": {
                "sensitiveData": [
                    {"category": "PERSONAL_INFORMATION", "detections": [{"type": one} for one in detected]}
                ],
                "customDataIdentifiers": {"detections": [{"name": one} for one in own]},
            }
        },
        **more,
    }
