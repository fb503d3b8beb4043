"""Data is kept for its term and then destroyed."""

from typing import Any

import pytest

from domain.controls.cw_dat_07 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

# The term of pii is 730 days.
RULE = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 730}}
TABLE = "arn:aws:dynamodb:eu-west-1:1:table/people"
PLAN = "arn:aws:backup:eu-west-1:1:backup-plan:p"
GROUP = "arn:aws:logs:eu-west-1:1:log-group:/app"
LIFECYCLES = [
    ([RULE], "PASS"),
    ([{**RULE, "Filter": {}}], "PASS"),
    ([{"Status": "Enabled", "Prefix": "", "Expiration": {"Days": 730}}], "PASS"),
    ([{**RULE, "Expiration": {"Days": 30}}], "WARNING"),
    ([{**RULE, "Expiration": {"Date": "2027-01-01"}}], "WARNING"),
    ([{**RULE, "Filter": {"Prefix": "tmp/"}}], "WARNING"),
    ([{"Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 730}}], "WARNING"),
    ([RULE, {**RULE, "Expiration": {"Days": 30}}], "WARNING"),
    ([{**RULE, "Status": "Disabled"}], "FAIL"),
    ([{"Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 730}]}], "FAIL"),
    ([], "FAIL"),
]


def tagged(arn: str, value: str = "pii") -> Any:
    row = {"ResourceARN": arn, "Tags": [{"Key": "data-class", "Value": value}]}
    return ("resourcegroupstaggingapi.get_resources", {"ResourceTagMappingList": [row, {**row, "Tags": []}]})


def on_aws(*asked: Any) -> dict[str, str]:
    return verdicts(judged(CONTROL, Integration.AWS, *asked))


@pytest.mark.parametrize(("rules", "expected"), LIFECYCLES)
def test_a_bucket_is_emptied_after_its_term(rules, expected):
    found = on_aws(
        ("s3.list_buckets", {"Buckets": [{"Name": "people"}, {"Name": "site"}]}),
        call("s3.get_bucket_lifecycle_configuration", {"Rules": rules}, Bucket="people"),
        tagged("arn:aws:s3:::people"),
    )

    assert found == {"people": expected}


@pytest.mark.parametrize("label", ["public", "internal"])
def test_a_label_without_a_term_asks_for_nothing(label):
    found = judged(
        CONTROL,
        Integration.AWS,
        ("s3.list_buckets", {"Buckets": [{"Name": "site"}]}),
        tagged("arn:aws:s3:::site", label),
    )

    assert found.status is CheckStatus.NOT_APPLICABLE


@pytest.mark.parametrize(("status", "expected"), [("ENABLED", "WARNING"), ("DISABLED", "FAIL")])
def test_when_items_of_a_table_end_is_not_seen(status, expected):
    found = on_aws(
        call("dynamodb.describe_table", {"Table": {"TableArn": TABLE, "TableName": "people"}}, TableName="people"),
        call(
            "dynamodb.describe_time_to_live",
            {"TimeToLiveDescription": {"TimeToLiveStatus": status}},
            TableName="people",
        ),
        tagged(TABLE),
    )

    assert found == {TABLE: expected}


@pytest.mark.parametrize(
    ("lives", "expected"),
    [
        ([{"DeleteAfterDays": 730}, {"DeleteAfterDays": 730}], "PASS"),
        ([{"DeleteAfterDays": 35}], "WARNING"),
        ([{"DeleteAfterDays": 730}, {}], "WARNING"),
        ([{}, None], "FAIL"),
    ],
)
def test_copies_of_a_backup_plan_are_kept_for_the_term(lives, expected):
    plan = {"BackupPlan": {"Rules": [{"Lifecycle": life} for life in lives]}}
    found = on_aws(
        ("backup.list_backup_plans", {"BackupPlansList": [{"BackupPlanArn": PLAN, "BackupPlanId": "p"}]}),
        call("backup.get_backup_plan", plan, BackupPlanId="p"),
        tagged(PLAN),
    )

    assert found == {PLAN: expected}


# CloudWatch offers 731 days, and not 730.
@pytest.mark.parametrize(("days", "expected"), [(731, "PASS"), (730, "PASS"), (365, "WARNING"), (None, "FAIL")])
def test_a_group_of_logs_is_kept_for_what_is_offered_next_to_the_term(days, expected):
    group = {"arn": f"{GROUP}:*", "logGroupName": "/app", "retentionInDays": days}

    assert on_aws(("logs.describe_log_groups", {"logGroups": [group]}), tagged(GROUP)) == {GROUP: expected}


AFTER_TERM = {"daysAfterModificationGreaterThan": 730.0}


@pytest.mark.parametrize(
    ("delete", "filters", "enabled", "expected"),
    [
        (AFTER_TERM, None, True, "PASS"),
        (AFTER_TERM, {"blobTypes": ["blockBlob"]}, True, "PASS"),
        (AFTER_TERM, {"blobTypes": ["blockBlob"], "prefixMatch": ["tmp/"]}, True, "WARNING"),
        (AFTER_TERM, {"blobTypes": ["appendBlob"]}, True, "WARNING"),
        (AFTER_TERM, {"blobIndexMatch": [{"name": "kind"}]}, True, "WARNING"),
        ({"daysAfterCreationGreaterThan": 30}, None, True, "WARNING"),
        ({**AFTER_TERM, "daysAfterCreationGreaterThan": 10}, None, True, "WARNING"),
        (AFTER_TERM, None, False, "FAIL"),
        (None, None, True, "FAIL"),
    ],
)
def test_blobs_are_deleted_after_the_term_of_their_account(delete, filters, enabled, expected):
    definition = {"actions": {"baseBlob": {"delete": delete}}, "filters": filters}
    policy = {"properties": {"policy": {"rules": [{"definition": definition, "enabled": enabled}]}}}
    found = judged(
        CONTROL,
        Integration.AZURE,
        ("GET Microsoft.Storage/storageAccounts", {"value": [{"id": "a", "tags": {"data-class": "pii"}}]}),
        call("GET Microsoft.Storage/storageAccounts/managementPolicies", policy, id="a"),
    )

    assert verdicts(found) == {"a": expected}


def test_an_account_without_a_policy_fails():
    accounts = [{"id": "a", "tags": {"data-class": "phi"}}, {"id": "b"}]
    asked = ("GET Microsoft.Storage/storageAccounts", {"value": accounts})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"a": "FAIL"}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"action": {"type": "Delete"}, "condition": {"age": 730}}], "PASS"),
        ([{"action": {"type": "Delete"}, "condition": {"age": 30}}], "WARNING"),
        ([{"action": {"type": "Delete"}, "condition": {"age": 730, "matchesPrefix": ["tmp/"]}}], "WARNING"),
        ([{"action": {"type": "SetStorageClass"}, "condition": {"age": 730}}], "FAIL"),
        (None, "FAIL"),
    ],
)
def test_objects_of_google_are_deleted_after_the_term_of_their_bucket(rules, expected):
    bucket = {"name": "people", "labels": {"data-class": "pii"}, "lifecycle": rules and {"rule": rules}}

    found = judged(CONTROL, Integration.GCP, ("storage.v1:buckets.list", {"items": [bucket, {"name": "site"}]}))

    assert verdicts(found) == {"//storage.googleapis.com/people": expected}


def on_spaces(name: str, rules: list[Any]) -> dict[str, str]:
    found = judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("SPACES s3.list_buckets", {"Buckets": [{"Name": name}]}),
        call("SPACES s3.get_bucket_lifecycle_configuration", {"Rules": rules}, Bucket=name),
    )
    return verdicts(found)


@pytest.mark.parametrize(("rules", "expected"), LIFECYCLES)
def test_a_space_is_emptied_after_the_term_of_the_label_in_its_name(rules, expected):
    assert on_spaces("acme-pii-exports", rules) == {"acme-pii-exports": expected}


@pytest.mark.parametrize(
    ("rules", "expected"), [([RULE], "PASS"), ([{**RULE, "Expiration": {"Days": 30}}], "WARNING"), ([], "WARNING")]
)
def test_a_space_whose_name_tells_nothing_never_passes_in_silence(rules, expected):
    assert on_spaces("piiless.files", rules) == {"piiless.files": expected}
