"""Stores of health data sit only on services that a signed business associate agreement covers.

The list of services is of the day it was written. What an agreement says is not read: it is known by its name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.environments import AWS_TAGS, aws_tags
from domain.compliance.health_data import is_phi
from domain.facts.compliance import Integration

AGREEMENTS = "artifact.list_customer_agreements"
# As AWS calls the agreement of an account and that of an organization. Source: AWS Artifact user guide.
ADDENDUM = "business associate addendum"
# By the word that stands for them in ARNs. Source: AWS, "HIPAA Eligible Services Reference".
ELIGIBLE = frozenset(
    {
        *("s3", "glacier", "rds", "dynamodb", "elasticfilesystem", "fsx", "ec2", "redshift", "es", "elasticache"),
        *("memorydb", "cassandra", "timestream", "healthlake", "backup", "storagegateway", "glue", "sagemaker"),
        *("sqs", "sns", "kinesis", "firehose", "kafka", "mq", "transfer", "lambda", "ecs", "eks", "ecr", "logs"),
        *("secretsmanager", "kms", "states"),
    }
)
WANTED = "an eligible service, and an agreement in force"


def _aws(case: Case) -> Iterator[Item]:
    """Everything that is labelled phi, whether or not it is known as a store."""
    agreements = [one for one in case.answers.items(AGREEMENTS, "customerAgreements") if _is_in_force(one)]
    is_dated = any(one.get("effectiveStart") for one in agreements)
    tags = aws_tags(case.answers)
    for arn in sorted(arn for arn in tags if is_phi(tags[arn])):
        service = arn.split(":")[2]
        if service not in ELIGIBLE:
            yield failed(arn, f"{service} is not on the list of eligible services", WANTED)
        elif not agreements:
            yield failed(arn, "no business associate addendum is in force", WANTED)
        elif not is_dated:
            yield warned(arn, "covered by an addendum, since when is not told", WANTED)
        else:
            yield passed(arn, f"{service} is covered by an addendum")


def _is_in_force(agreement: Mapping[str, Any]) -> bool:
    return ADDENDUM in str(agreement.get("name", "")).lower() and agreement.get("state") == "ACTIVE"


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(AGREEMENTS, AWS_TAGS),
        passes="Everything labelled phi is of an eligible service, and a business associate addendum is active.",
        warns="Of the active addendum it is not told since when.",
        fails="Something labelled phi is of another service, or no addendum is active.",
        judge=_aws,
    ),
)
