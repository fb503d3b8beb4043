"""Health data is not copied to where production is not.

The tags of a bucket or snapshot tell its environment; without any it counts as production. A copy counts as masked when
its tag `masked` is true.
"""

from collections.abc import Iterator
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.environments import aws_tags, tags_of
from domain.compliance.health_data import (
    FINDINGS,
    LISTED,
    aws_stores,
    is_labelled,
    is_outside_production,
    is_phi,
    macie_buckets,
)
from domain.facts.compliance import Integration, Verdict

TAGS = "resourcegroupstaggingapi.get_resources"
DATABASES, SNAPSHOTS = "rds.describe_db_instances", "rds.describe_db_snapshots"
WANTED = "no health data outside production"


def _aws(case: Case) -> Iterator[Item]:
    """A snapshot that fails does so whatever Macie has found; otherwise Macie must have looked."""
    copies = list(_snapshots(case))
    yield from copies
    if not (case.answers.is_off(FINDINGS) and any(one.verdict is Verdict.FAIL for one in copies)):
        yield from _buckets(case)


def _buckets(case: Case) -> Iterator[Item]:
    tags = {arn.partition(":s3:::")[2]: found for arn, found in aws_tags(case.answers).items()}
    for name in sorted({bucket for bucket, _ in macie_buckets(case.answers)}):
        yield _copy(name, tags.get(name))


def _snapshots(case: Case) -> Iterator[Item]:
    """Those that are labelled phi, and those of a database that is, while it is there."""
    stores = aws_stores(case.answers)
    located = case.answers.located(DATABASES, "DBInstances")
    sources = {(region, one["DBInstanceIdentifier"]) for region, one in located if is_labelled(one, stores)}
    for region, one in case.answers.located(SNAPSHOTS, "DBSnapshots"):
        if is_phi(one.get("TagList")) or (region, one["DBInstanceIdentifier"]) in sources:
            yield _copy(one["DBSnapshotArn"], one.get("TagList"))


def _copy(name: str, tags: Any) -> Item:
    if not is_outside_production(tags):
        return passed(name, "in production")
    if tags_of(tags).get("masked", "").lower() == "true":
        return warned(name, "outside production, tagged as masked", WANTED)
    return failed(name, "outside production", WANTED)


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(LISTED, FINDINGS, SNAPSHOTS, DATABASES, TAGS),
        passes="No bucket with a medical finding, and no snapshot of health data, is tagged as outside production.",
        warns="One is, and is tagged as masked.",
        fails="One is, and is not.",
        judge=_aws,
    ),
)
