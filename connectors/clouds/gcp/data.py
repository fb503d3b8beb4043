"""Where data lies: buckets, databases, BigQuery; and the keys and secrets it is guarded with, never their values."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from connectors.clouds.gcp import calling, parsing
from connectors.reading.listing import WHOLE, Answer, Arguments, Batch, Detail, Item, Listing, Place, at
from domain.facts.resource import ResourceKind

STORAGE = "storage.googleapis.com"
SQL = "sqladmin.googleapis.com"
BIGQUERY = "bigquery.googleapis.com"
KMS = "cloudkms.googleapis.com"
SECRETS = "secretmanager.googleapis.com"
MONITORING = "monitoring.googleapis.com"

BUCKETS = calling.call(
    "storage.v1:buckets.list",
    STORAGE,
    "GET /storage/v1/b",
    "storage.buckets.list",
    also=("storage.buckets.list",),
    asks_project=True,
)
SQL_INSTANCES = calling.call(
    "sqladmin.v1:instances.list",
    SQL,
    "GET /v1/projects/{project}/instances",
    "cloudsql.instances.list",
    also=("sql.instances.list",),
)
DATASETS = calling.call(
    "bigquery.v2:datasets.list", BIGQUERY, "GET /bigquery/v2/projects/{project}/datasets", "bigquery.datasets.get"
)
# Only of the newest runs and operations: what the last backup was, and whether a restore was tried.
NEWEST = 50


def _sql(item: Item, place: Place) -> str:
    return f"//cloudsql.googleapis.com/projects/{place.account_id}/instances/{item['name']}"


def _dataset(item: Item, place: Place) -> str:
    return f"//bigquery.googleapis.com/projects/{place.account_id}/datasets/{item['datasetReference']['datasetId']}"


def under_name(item: Item, _: Place) -> Arguments:
    return {"parent": item["name"]}


def under_parent(place: Place) -> Arguments:
    return {"parent": place.parent["name"]}


# What a bucket holds without what is deleted. Source: Cloud Monitoring, "Google Cloud metrics", storage.
SIZES = (
    'metric.type="storage.googleapis.com/storage/v2/total_bytes" AND '
    'metric.labels.type=one_of("live-object","noncurrent-object")'
)
# It is measured once a day and shown up to a day later.
MEASURED_WITHIN = timedelta(days=2)


def _sizes(_: Sequence[Item], place: Place) -> Arguments:
    """One series for each bucket, of one point: the mean of the time."""
    return {
        "filter": SIZES,
        "interval.startTime": (place.now - MEASURED_WITHIN).isoformat(),
        "interval.endTime": place.now.isoformat(),
        "aggregation.alignmentPeriod": f"{MEASURED_WITHIN.total_seconds():.0f}s",
        "aggregation.perSeriesAligner": "ALIGN_MEAN",
        "aggregation.crossSeriesReducer": "REDUCE_SUM",
        "aggregation.groupByFields": "resource.labels.bucket_name",
    }


def _size_of_each(items: Sequence[Item], answers: Sequence[Answer]) -> list[Any]:
    """Bytes; None for a bucket of which nothing was measured."""
    found = {}
    for series in parsing.merged("timeSeries")(answers):
        value = series["points"][0]["value"] if series.get("points") else {}
        number = value.get("doubleValue", value.get("int64Value"))
        found[(series["resource"].get("labels") or {}).get("bucket_name")] = None if number is None else int(number)
    return [found.get(item["name"]) for item in items]


LISTINGS = (
    Listing(
        operation=BUCKETS,
        items=at("items"),
        kind=ResourceKind.GCP_BUCKET,
        parse=parsing.resources(
            ResourceKind.GCP_BUCKET, lambda item, _: f"//storage.googleapis.com/{item['name']}", created="timeCreated"
        ),
        details=(
            Detail(
                key="iam_policy",
                operation=calling.call(
                    "storage.v1:buckets.getIamPolicy",
                    STORAGE,
                    "GET /storage/v1/b/{bucket}/iam",
                    "storage.buckets.getIamPolicy",
                    also=("storage.buckets.getIamPolicy",),
                ),
                arguments=lambda item, _: {"bucket": item["name"], "optionsRequestedPolicyVersion": 3},
                pick=WHOLE,
            ),
        ),
        batches=(
            Batch(
                key="total_bytes",
                operation=calling.call(
                    "monitoring.v3:projects.timeSeries.list",
                    MONITORING,
                    "GET /v3/projects/{project}/timeSeries",
                    "monitoring.timeSeries.list",
                ),
                # All buckets of a project come in one list.
                size=10_000,
                arguments=_sizes,
                values=_size_of_each,
            ),
        ),
        volatile=frozenset({"total_bytes"}),
    ),
    Listing(
        operation=SQL_INSTANCES,
        items=at("items"),
        kind=ResourceKind.GCP_SQL_INSTANCE,
        parse=parsing.resources(ResourceKind.GCP_SQL_INSTANCE, _sql, labels="settings.userLabels"),
        details=(
            Detail(
                key="backup_runs",
                operation=calling.call(
                    "sqladmin.v1:backupRuns.list",
                    SQL,
                    "GET /v1/projects/{project}/instances/{instance}/backupRuns",
                    "cloudsql.backupRuns.list",
                    is_one_page=True,
                ),
                arguments=lambda item, _: {"instance": item["name"], "maxResults": NEWEST},
                pick=parsing.merged("items"),
            ),
            Detail(
                key="operations",
                operation=calling.call(
                    "sqladmin.v1:operations.list",
                    SQL,
                    "GET /v1/projects/{project}/operations",
                    "cloudsql.instances.get",
                    is_one_page=True,
                ),
                arguments=lambda item, _: {"instance": item["name"], "maxResults": NEWEST},
                pick=parsing.merged("items"),
            ),
        ),
    ),
    Listing(
        operation=DATASETS,
        items=at("datasets"),
        kind=ResourceKind.GCP_DATASET,
        parse=parsing.resources(ResourceKind.GCP_DATASET, _dataset),
        arguments=lambda _: {"maxResults": 1000},
    ),
    Listing(
        operation=calling.call(
            "cloudkms.v1:projects.locations.list",
            KMS,
            "GET /v1/projects/{project}/locations",
            "cloudkms.locations.list",
        ),
        items=at("locations"),
        children=(
            Listing(
                operation=calling.call(
                    "cloudkms.v1:projects.locations.keyRings.list",
                    KMS,
                    "GET /v1/{+parent}/keyRings",
                    "cloudkms.keyRings.list",
                ),
                items=at("keyRings"),
                kind=ResourceKind.GCP_KEY_RING,
                parse=parsing.named(ResourceKind.GCP_KEY_RING, KMS),
                arguments=under_parent,
                children=(
                    Listing(
                        operation=calling.call(
                            "cloudkms.v1:projects.locations.keyRings.cryptoKeys.list",
                            KMS,
                            "GET /v1/{+parent}/cryptoKeys",
                            "cloudkms.cryptoKeys.list",
                            also=("cloudkms.projects.locations.keyRings.cryptoKeys.list",),
                        ),
                        items=at("cryptoKeys"),
                        kind=ResourceKind.GCP_CRYPTO_KEY,
                        parse=parsing.named(ResourceKind.GCP_CRYPTO_KEY, KMS),
                        arguments=under_parent,
                    ),
                ),
            ),
        ),
    ),
    Listing(
        operation=calling.call(
            "secretmanager.v1:projects.secrets.list",
            SECRETS,
            "GET /v1/projects/{project}/secrets",
            "secretmanager.secrets.list",
        ),
        items=at("secrets"),
        kind=ResourceKind.GCP_SECRET,
        parse=parsing.named(ResourceKind.GCP_SECRET, SECRETS),
    ),
)
