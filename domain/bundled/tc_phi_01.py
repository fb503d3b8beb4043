"""Every store holding health data is labelled phi."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import FINDINGS, LISTED, PHI, is_medical, macie_buckets
from domain.compliance.instants import age
from domain.compliance.labels import aws_labels, label_of
from domain.facts.compliance import Integration

TAGS = "resourcegroupstaggingapi.get_resources"
PROFILES = "dlp.v2:organizations.locations.fileStoreDataProfiles.list"
ASSETS = "cloudasset.v1:v1.searchAllResources"
NEW = timedelta(days=7)


def _aws(case: Case) -> Iterator[Item]:
    """A bucket counts from its oldest finding that names something medical; identifiers of one's own count by name."""
    labels = aws_labels(case.answers)
    since: dict[str, Any] = {}
    for bucket, at in macie_buckets(case.answers):
        since[bucket] = max(at, since.get(bucket, at), key=lambda one: age(one, case.now))
    for bucket, at in sorted(since.items()):
        yield _store(bucket, labels.get(f"s3:::{bucket}"), at, case)


def _gcp(case: Case) -> Iterator[Item]:
    """Profiles are of the whole organization; those of other projects are judged with them.

    `createTime` is that of the store: when something medical was first found in it is told by nothing.
    """
    labels = {one["name"]: label_of(one.get("labels")) for one in case.answers.items(ASSETS, "results")}
    for profile in case.answers.items(PROFILES, "fileStoreDataProfiles"):
        found = [one["infoType"]["name"] for one in profile.get("fileStoreInfoTypeSummaries") or []]
        if profile["fullResource"] in labels and is_medical(found):
            yield _store(profile["fullResource"], labels[profile["fullResource"]], profile["createTime"], case)


def _store(name: str, label: str | None, since: Any, case: Case) -> Item:
    if label == PHI:
        return passed(name, "labelled phi")
    say = warned if age(since, case.now) < NEW else failed
    return say(name, f"holds health data, {f'labelled {label}' if label else 'without a label'}", "labelled phi")


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(LISTED, FINDINGS, TAGS),
        passes="Each bucket in which Macie has found something medical is labelled phi.",
        warns="A bucket is not so labelled, and the oldest such finding is younger than 7 days.",
        fails="It is older.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.GCP,
        scope="resource",
        operations=(PROFILES, ASSETS),
        passes="Each store whose profile names something medical is labelled phi.",
        warns="A store is not so labelled, and is younger than 7 days.",
        fails="It is older.",
        judge=_gcp,
    ),
)
