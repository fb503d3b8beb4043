"""Data stores carry a sensitivity label."""

from typing import Any

import pytest

from domain.controls.cw_dat_06 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

LABEL = {"data-class": "pii"}
TABLE = "arn:aws:dynamodb:eu-west-1:1:table/t"


def tagged(*arns: str, value: str = "pii", key: str = "data-class") -> Any:
    rows = [{"ResourceARN": arn, "Tags": [{"Key": key, "Value": value}]} for arn in arns]
    return ("resourcegroupstaggingapi.get_resources", {"ResourceTagMappingList": rows})


def buckets(count: int) -> Any:
    return ("s3.list_buckets", {"Buckets": [{"Name": f"b{number}"} for number in range(count)]})


def labelled(count: int) -> Any:
    return tagged(*(f"arn:aws:s3:::b{number}" for number in range(count)))


# 98 of 100 pass, and 90 of 100 are a warning.
@pytest.mark.parametrize(("count", "expected"), [(98, "PASS"), (97, "WARNING"), (90, "WARNING"), (89, "FAIL")])
def test_the_share_of_labelled_stores_decides(count, expected):
    found = verdicts(judged(CONTROL, Integration.AWS, buckets(100), labelled(count)))

    assert {name for name, verdict in found.items() if verdict == "PASS"} >= {f"b{number}" for number in range(count)}
    assert {found[f"b{number}"] for number in range(count, 100)} == {expected}


def test_a_store_without_a_label_is_told_with_the_share():
    found = judged(CONTROL, Integration.AWS, buckets(2), labelled(1))

    assert found.items[0].observed == "no data-class; 1 of 2 stores are labelled"
    assert found.items[0].expected == "data-class on 98% of stores"


def test_stores_that_were_never_tagged_count():
    found = judged(
        CONTROL,
        Integration.AWS,
        buckets(1),
        ("rds.describe_db_instances", {"DBInstances": [{"DBInstanceArn": "arn:aws:rds:eu-west-1:1:db:d"}]}),
        ("efs.describe_file_systems", {"FileSystems": [{"FileSystemArn": "arn:aws:efs:eu-west-1:1:file-system/f"}]}),
        ("opensearch.describe_domains", {"DomainStatusList": [{"ARN": "arn:aws:es:eu-west-1:1:domain/o"}]}),
        call("dynamodb.describe_table", {"Table": {"TableArn": TABLE}}, TableName="t"),
        call("redshift.describe_clusters", {"Clusters": [{"ClusterIdentifier": "dw"}]}, at="eu-west-1"),
        tagged(TABLE, "arn:aws:redshift:eu-west-1:the-account:cluster:dw", "arn:aws:ec2:eu-west-1:1:vpc/vpc-1"),
    )

    assert verdicts(found) == {
        "b0": "FAIL",
        "arn:aws:rds:eu-west-1:1:db:d": "FAIL",
        "arn:aws:efs:eu-west-1:1:file-system/f": "FAIL",
        "arn:aws:es:eu-west-1:1:domain/o": "FAIL",
        TABLE: "PASS",
        "dw": "PASS",
    }


def test_a_word_that_is_no_label_is_none():
    found = judged(CONTROL, Integration.AWS, buckets(1), tagged("arn:aws:s3:::b0", value="secret"))

    assert verdicts(found) == {"b0": "FAIL"}
    assert found.items[0].observed == "data-class is secret; 0 of 1 stores are labelled"


def test_a_tenant_names_its_own_key():
    asked = (buckets(1), tagged("arn:aws:s3:::b0", key="sensitivity"))

    assert verdicts(judged(CONTROL, Integration.AWS, *asked, label_key="sensitivity")) == {"b0": "PASS"}


@pytest.mark.parametrize(("tags", "expected"), [(LABEL, "PASS"), ({}, "FAIL"), (None, "FAIL")])
def test_stores_of_azure_are_found_by_their_type(tags, expected):
    rows = [
        {"id": "a", "name": "a", "type": "Microsoft.Storage/storageAccounts", "tags": tags},
        {"id": "m", "name": "master", "type": "microsoft.sql/servers/databases", "tags": None},
        {"id": "vm", "name": "vm", "type": "microsoft.compute/virtualmachines", "tags": None},
    ]
    operation = "POST Microsoft.ResourceGraph/resources"
    found = judged(
        CONTROL,
        Integration.AZURE,
        call(operation, {"data": rows}, query="resources"),
        call(operation, {"data": [{"id": "change", "properties": {}}]}, query="resourcechanges"),
    )

    assert verdicts(found) == {"a": expected}


@pytest.mark.parametrize(("labels", "expected"), [({"labels": LABEL}, "PASS"), ({}, "FAIL")])
def test_stores_of_google_are_found_by_their_type(labels, expected):
    results = [
        {"name": "//storage.googleapis.com/b", "assetType": "storage.googleapis.com/Bucket", **labels},
        {"name": "//compute.googleapis.com/i", "assetType": "compute.googleapis.com/Instance"},
    ]
    found = judged(CONTROL, Integration.GCP, ("cloudasset.v1:v1.searchAllResources", {"results": results}))

    assert verdicts(found) == {"//storage.googleapis.com/b": expected}


def test_stores_of_digitalocean_carry_words():
    found = judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("GET /v2/databases", {"databases": [{"id": "db", "tags": ["prod", "data-class:pii"]}]}),
        ("GET /v2/volumes", {"volumes": [{"id": "volume", "tags": ["pii"]}]}),
    )

    assert verdicts(found) == {"db": "PASS", "volume": "FAIL"}


# 90 of 100 is less than the 98 that pass, and enough for a warning.
MOST = [LABEL] * 90 + [{}] * 10


def azure_stores() -> Any:
    kind = "microsoft.storage/storageaccounts"
    rows = [{"id": f"s{number}", "name": "s", "type": kind, "tags": tags} for number, tags in enumerate(MOST)]
    return call("POST Microsoft.ResourceGraph/resources", {"data": rows}, query="resources")


def google_stores() -> Any:
    kind = "storage.googleapis.com/Bucket"
    rows = [{"name": f"s{number}", "assetType": kind, "labels": labels} for number, labels in enumerate(MOST)]
    return ("cloudasset.v1:v1.searchAllResources", {"results": rows})


def digitalocean_stores() -> Any:
    rows = [{"id": f"s{number}", "tags": ["data-class:pii"] if labels else []} for number, labels in enumerate(MOST)]
    return ("GET /v2/volumes", {"volumes": rows})


@pytest.mark.parametrize(
    ("integration", "stores"),
    [
        (Integration.AZURE, azure_stores()),
        (Integration.GCP, google_stores()),
        (Integration.DIGITALOCEAN, digitalocean_stores()),
    ],
    ids=lambda value: value.value if isinstance(value, Integration) else "",
)
def test_most_stores_with_a_label_are_a_warning_everywhere(integration, stores):
    found = verdicts(judged(CONTROL, integration, stores))

    assert [found[f"s{number}"] for number in range(100)] == ["PASS"] * 90 + ["WARNING"] * 10
