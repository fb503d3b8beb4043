"""Which stores hold health data, and which findings tell of it. They say so by their label data-class: phi."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.answers import Answers
from domain.compliance.environments import Environment, aws_tags, environments_of
from domain.compliance.labels import label_of

PHI = "phi"
LISTED, FINDINGS = "macie2.list_findings", "macie2.get_findings"
# Words in the names of what Macie and Sensitive Data Protection look for in health records, and people's own names for
# it. Source: Macie user guide, "Managed data identifiers for PHI"; Sensitive Data Protection, "InfoType detectors".
MEDICAL = frozenset(
    {
        *("health", "healthcare", "medical", "medicare", "medication", "patient", "phi", "drug", "dea", "provider"),
        *("npi", "nhs", "udi", "icd", "fda", "phn", "ohip", "hin"),
    }
)
# Of what can bear tags those that hold data: buckets, databases and their clusters, tables, file systems.
_STORE = re.compile(
    r"arn:[\w-]+:(s3:::[^/:]+|rds:[^:]+:\d+:(db|cluster):[^:]+|dynamodb:[^:]+:\d+:table/[^/:]+"
    r"|elasticfilesystem:[^:]+:\d+:file-system/[^/:]+)"
)


def is_phi(tags: Any) -> bool:
    return label_of(tags) == PHI


def is_medical(names: Iterable[str]) -> bool:
    """Whether one of the things that were found is of a health record, by its name."""
    return any(MEDICAL.intersection(re.findall(r"[a-z]+", name.lower())) for name in names)


def macie_buckets(answers: Answers) -> Iterator[tuple[str, Any]]:
    """The bucket of each finding of Macie that names something medical, and when it was made.

    What people have Macie look for counts by the name they gave it. Raises as `Answers.calls`.
    """
    answers.calls(LISTED)
    for finding in answers.items(FINDINGS, "findings"):
        if finding["type"].startswith("SensitiveData:") and is_medical(_detected(finding)):
            yield finding["resourcesAffected"]["s3Bucket"]["name"], finding["createdAt"]


def _detected(finding: Mapping[str, Any]) -> Iterator[str]:
    result = finding["classificationDetails"]["result"]
    for group in result.get("sensitiveData") or []:
        yield from (one["type"] for one in group["detections"])
    yield from (one["name"] for one in (result.get("customDataIdentifiers") or {}).get("detections") or [])


def aws_stores(answers: Answers) -> list[str]:
    """The ARNs of all stores of an account in AWS that are labelled phi. Raises as `Answers.calls`."""
    tags = aws_tags(answers)
    return sorted(arn for arn in tags if _STORE.fullmatch(arn) and is_phi(tags[arn]))


def aws_buckets(answers: Answers) -> list[str]:
    """The names of the buckets among them."""
    return [bucket_of(arn) for arn in aws_stores(answers) if bucket_of(arn)]


def bucket_of(arn: str) -> str:
    """The name of the bucket, empty for what is none."""
    return arn.partition(":s3:::")[2]


def is_labelled(instance: Mapping[str, Any], stores: Collection[str]) -> bool:
    """Whether an instance of RDS is among the stores, by itself or by the cluster it belongs to."""
    arn = instance["DBInstanceArn"]
    cluster = f"{arn.rpartition(':db:')[0]}:cluster:{instance.get('DBClusterIdentifier')}"
    return arn in stores or cluster in stores


def is_outside_production(tags: Any) -> bool:
    """Whether the tags say so, and nothing else; what says nothing of it counts as production."""
    return environments_of(tags) == {Environment.OTHER}
