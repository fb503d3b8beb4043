"""Data stores carry a sensitivity label."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.buckets import bucket_names
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.labels import aws_labels, label_of, within_partition
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# What holds data of its own. Disks of machines are left out: what lies on them is what the machine is for.
AZURE_STORES = frozenset(
    {
        "microsoft.storage/storageaccounts",
        "microsoft.sql/servers/databases",
        "microsoft.sql/managedinstances",
        "microsoft.dbforpostgresql/flexibleservers",
        "microsoft.dbformysql/flexibleservers",
        "microsoft.documentdb/databaseaccounts",
        "microsoft.synapse/workspaces",
        "microsoft.kusto/clusters",
    }
)
GCP_STORES = frozenset(
    {
        "storage.googleapis.com/Bucket",
        "sqladmin.googleapis.com/Instance",
        "bigquery.googleapis.com/Dataset",
        "spanner.googleapis.com/Instance",
        "bigtableadmin.googleapis.com/Instance",
        "firestore.googleapis.com/Database",
        "alloydb.googleapis.com/Cluster",
        "file.googleapis.com/Instance",
    }
)


def _aws(case: Case) -> Iterator[Item]:
    """The list of tags knows only what was tagged once: what else there is comes from the lists of the stores."""
    labels = aws_labels(case.answers, case.parameters["label_key"])
    # A bucket is known by its name everywhere else, and everything else by its ARN.
    found = {name: labels.get(f"s3:::{name}") for name in bucket_names(case.answers)}
    found |= {arn: labels.get(within_partition(arn)) for arn in _arns(case)}
    for region, one in case.answers.located("redshift.describe_clusters", "Clusters"):
        own = f"redshift:{region}:{case.answers.account}:cluster:{one['ClusterIdentifier']}"
        found[one.get("ClusterNamespaceArn") or one["ClusterIdentifier"]] = labels.get(own)
    return _share(case, found)


def _arns(case: Case) -> Iterator[str]:
    answers = case.answers
    yield from (one["DBInstanceArn"] for one in answers.items("rds.describe_db_instances", "DBInstances"))
    yield from (one["FileSystemArn"] for one in answers.items("efs.describe_file_systems", "FileSystems"))
    yield from (one["ARN"] for one in answers.items("opensearch.describe_domains", "DomainStatusList"))
    tables = (page["Table"] for call in answers.calls("dynamodb.describe_table") for page in call.pages)
    yield from (one["TableArn"] for one in tables)


def _azure(case: Case) -> Iterator[Item]:
    """Of the questions to Resource Graph only the one for everything there is names types."""
    rows = case.answers.items("POST Microsoft.ResourceGraph/resources", "data")
    stores = (row for row in rows if str(row.get("type")).lower() in AZURE_STORES)
    # Each SQL server has a master of its own, which holds no data of the customer's.
    own = (row for row in stores if row["name"] != "master")
    return _share(case, {row["id"]: _label(row["tags"], case.parameters) for row in own})


def _gcp(case: Case) -> Iterator[Item]:
    found = case.answers.items("cloudasset.v1:v1.searchAllResources", "results")
    stores = (one for one in found if one["assetType"] in GCP_STORES)
    # A thing without labels has no such field.
    return _share(case, {one["name"]: _label(one.get("labels"), case.parameters) for one in stores})


def _digitalocean(case: Case) -> Iterator[Item]:
    """Tags are words here: data-class:pii."""
    stores = [
        *case.answers.items("GET /v2/databases", "databases"),
        *case.answers.items("GET /v2/volumes", "volumes"),
    ]
    return _share(case, {one["id"]: _label(one.get("tags"), case.parameters) for one in stores})


def _label(tags: Any, parameters: Mapping[str, Any]) -> str | None:
    return label_of(tags, parameters["label_key"])


def _share(case: Case, labels: Mapping[str, str | None]) -> Iterator[Item]:
    """Stores without a label are as bad as the share of those with one makes it."""
    known, key = case.parameters["values"], case.parameters["label_key"]
    labelled = sum(label in known for label in labels.values())
    share = labelled / len(labels) if labels else 1.0
    for name, label in labels.items():
        observed = f"{key} is {label}" if label else f"no {key}"
        told = f"{observed}; {labelled} of {len(labels)} stores are labelled"
        expected = f"{key} on {case.parameters['pass_ratio']:.0%} of stores"
        if label in known or share >= case.parameters["pass_ratio"]:
            yield passed(name, observed if label in known else told)
        elif share >= case.parameters["warn_ratio"]:
            yield warned(name, told, expected)
        else:
            yield failed(name, told, expected)


CONTROL = Control(
    id="CW-DAT-06",
    name="Data stores carry a sensitivity label",
    category="data",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("C1.1", "CC3.2"),
    objective="Every store says what kind of data it holds, so stricter rules can follow the data.",
    owner_role="security",
    parameters={
        "label_key": "data-class",
        "values": ["public", "internal", "confidential", "restricted", "pii", "phi", "cardholder"],
        "pass_ratio": 0.98,
        "warn_ratio": 0.9,
    },
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "resourcegroupstaggingapi.get_resources",
                "s3.list_buckets",
                "rds.describe_db_instances",
                "efs.describe_file_systems",
                "opensearch.describe_domains",
                "dynamodb.describe_table",
                "redshift.describe_clusters",
            ),
            passes="The share of data stores with a label is pass_ratio or more.",
            warns="It is less, but warn_ratio or more.",
            fails="It is less than warn_ratio.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=("POST Microsoft.ResourceGraph/resources",),
            passes="The share of data stores with a label is pass_ratio or more.",
            warns="It is less, but warn_ratio or more.",
            fails="It is less than warn_ratio.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("cloudasset.v1:v1.searchAllResources",),
            passes="The share of data stores with a label is pass_ratio or more.",
            warns="It is less, but warn_ratio or more.",
            fails="It is less than warn_ratio.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/databases", "GET /v2/volumes"),
            passes="The share of data stores with a label is pass_ratio or more.",
            warns="It is less, but warn_ratio or more.",
            fails="It is less than warn_ratio.",
            judge=_digitalocean,
        ),
    ),
)
