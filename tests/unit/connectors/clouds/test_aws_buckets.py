from datetime import UTC, datetime
from typing import Any

from connectors.clouds.aws import metrics, s3
from connectors.reading.listing import Place

HERE = Place(account_id="123456789012", region="us-east-1", now=datetime(2026, 11, 26, 13, 45, tzinfo=UTC))
BUCKET = {"Name": "invoices", "CreationDate": "2025-01-01T00:00:00+00:00"}
EXPIRING = {"ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 7}}


def config(**details: Any) -> dict[str, Any]:
    return s3.parse_bucket(BUCKET, details, HERE).config


def test_lifecycle_rules_stand_beside_what_else_their_configuration_says():
    whole = {"Rules": [EXPIRING], "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}

    found = config(LifecycleRules=whole)

    assert found["LifecycleRules"] == [EXPIRING]
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


def test_bucket_without_lifecycle_is_told_from_one_whose_lifecycle_could_not_be_read():
    assert config(LifecycleRules=None)["LifecycleRules"] is None
    assert "LifecycleRules" not in config()


def test_size_is_asked_of_standard_storage_and_objects_of_all():
    asked = s3.SIZE.arguments([BUCKET, {**BUCKET, "Name": "orders"}], HERE)

    found = [
        (one["Id"], one["Label"], *(each["Value"] for each in one["MetricStat"]["Metric"]["Dimensions"]))
        for one in asked["MetricDataQueries"]
    ]
    assert found == [
        ("q0_0", "BucketSizeBytes.Average", "invoices", "StandardStorage"),
        ("q0_1", "NumberOfObjects.Average", "invoices", "AllStorageTypes"),
        ("q1_0", "BucketSizeBytes.Average", "orders", "StandardStorage"),
        ("q1_1", "NumberOfObjects.Average", "orders", "AllStorageTypes"),
    ]
    assert (asked["StartTime"], asked["EndTime"]) == ("2026-11-23T00:00:00+00:00", "2026-11-26T00:00:00+00:00")
    assert s3.SIZE.size * len(s3.MEASURED) <= metrics.QUERIES_AT_MOST
