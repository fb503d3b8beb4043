"""Buckets that take logs of a service of AWS, for plans that need one. No rules here."""

from domain.facts.resource import Resource, ResourceKind
from domain.rules.aws_policy import ANYONE, conditions, many, principals, statements
from domain.rules.rule import RuleContext

# Conditions on who writes, which hold for every log of the own account. Source: "Amazon S3 bucket policy for
# CloudTrail", and "Permissions for the Amazon S3 bucket for the AWS Config delivery channel".
HARMLESS = frozenset({"s3:x-amz-acl", "aws:sourceaccount", "aws:securetransport"})


def bucket_for(service: str, context: RuleContext) -> str | None:
    """The first bucket, by name, whose policy lets the service write logs of every trail or recorder in it."""
    buckets = context.every(ResourceKind.AWS_S3_BUCKET)
    return next((one.name for one in buckets if _takes_logs(one, service)), None)


def _takes_logs(bucket: Resource, service: str) -> bool:
    return any(
        statement.get("Effect") == "Allow"
        and not {service, ANYONE}.isdisjoint(principals(statement, "Service"))
        and not {"s3:PutObject", "s3:Put*", "s3:*"}.isdisjoint(many(statement.get("Action")))
        and all(key in HARMLESS for _, key, _ in conditions(statement))
        for statement in statements(bucket.config.get("Policy"))
    )


def example_bucket(service: str, name: str = "logs", region: str = "us-east-1") -> Resource:
    """A bucket that takes logs of this service, for examples."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:PutObject", "Resource": "*"}
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id=name,
        name=name,
        region=region,
        config={"Policy": {"Version": "2012-10-17", "Statement": [statement]}},
    )
