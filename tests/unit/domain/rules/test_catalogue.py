"""The rules agree with the catalogue of remediation rules, word for word where it gives words."""

import json
from pathlib import Path

import pytest

from domain.facts.resource import ResourceKind
from domain.rules.registry import all_rules

KINDS = {
    "AWS::EC2::Volume": ResourceKind.AWS_EBS_VOLUME,
    "AWS::EC2::Instance": ResourceKind.AWS_EC2_INSTANCE,
    "AWS::EC2::EIP": ResourceKind.AWS_EC2_ADDRESS,
    "AWS::EC2::SecurityGroup": ResourceKind.AWS_SECURITY_GROUP,
    "AWS::IAM::User": ResourceKind.AWS_IAM_USER,
    "AWS::IAM::AccessKey": ResourceKind.AWS_IAM_ACCESS_KEY,
    "AWS::S3::Bucket": ResourceKind.AWS_S3_BUCKET,
    "AWS::CloudTrail::Trail": ResourceKind.AWS_CLOUDTRAIL_TRAIL,
    "compute.googleapis.com/Snapshot": ResourceKind.GCP_SNAPSHOT,
    "compute.googleapis.com/Instance": ResourceKind.GCP_INSTANCE,
    "compute.googleapis.com/Firewall": ResourceKind.GCP_FIREWALL,
    "compute.googleapis.com/Project": ResourceKind.GCP_PROJECT,
    "storage.googleapis.com/Bucket": ResourceKind.GCP_BUCKET,
    "sqladmin.googleapis.com/Instance": ResourceKind.GCP_SQL_INSTANCE,
    "iam.googleapis.com/ServiceAccountKey": ResourceKind.GCP_SERVICE_ACCOUNT_KEY,
    "cloudkms.googleapis.com/CryptoKey": ResourceKind.GCP_CRYPTO_KEY,
    # Its policy is a resource of its own.
    "cloudresourcemanager.googleapis.com/Project": ResourceKind.GCP_IAM_POLICY,
}
# Rules that follow Google's recommendations judge those, wherever they point.
RECOMMENDED = "recommender"
OF_BILLING = "cloudbilling.googleapis.com/BillingAccount"


@pytest.fixture(scope="module")
def catalogue(shared: Path) -> dict[str, dict]:
    entries = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    return {entry["id"]: entry for entry in entries}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_rule_is_the_one_of_the_catalogue(rule, catalogue):
    entry = catalogue[rule.id]

    assert rule.category.lower() == entry["category"]
    assert rule.severity.lower() == entry["severity"]
    assert rule.risk.lower() == entry["risk"]
    assert rule.applies_to is kind_of(entry)
    if "iam_actions" in entry:
        assert sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    assert plain(rule.settings()) == entry["detect"].get("parameters", {})
    assert rule.group in ("", entry["group"])


def kind_of(entry: dict) -> ResourceKind:
    if entry["service"] != RECOMMENDED:
        return KINDS[entry["resource_type"]]
    if entry["resource_type"] == OF_BILLING:
        return ResourceKind.GCP_BILLING_RECOMMENDATION
    return ResourceKind.GCP_RECOMMENDATION


def plain(settings: dict) -> dict:
    """As JSON prints it, which knows lists only."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
