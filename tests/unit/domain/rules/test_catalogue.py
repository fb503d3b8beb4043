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
    "AWS::IAM::AccountPasswordPolicy": ResourceKind.AWS_ACCOUNT,
    "AWS::IAM::Role": ResourceKind.AWS_IAM_ROLE,
    "AWS::IAM::Root": ResourceKind.AWS_ACCOUNT,
    "AWS::KMS::Key": ResourceKind.AWS_KMS_KEY,
    "AWS::Lambda::Function": ResourceKind.AWS_LAMBDA_FUNCTION,
    "AWS::SNS::Topic": ResourceKind.AWS_SNS_TOPIC,
    "AWS::SQS::Queue": ResourceKind.AWS_SQS_QUEUE,
    "AWS::SecretsManager::Secret": ResourceKind.AWS_SECRET,
    # What is missing is missing in a region.
    "AWS::AccessAnalyzer::Analyzer": ResourceKind.AWS_REGION,
    "AWS::Config::ConfigurationRecorder": ResourceKind.AWS_REGION,
    "AWS::GuardDuty::Detector": ResourceKind.AWS_REGION,
    "AWS::SecurityHub::Hub": ResourceKind.AWS_REGION,
}
# A trail that is missing is missing in the account.
OF_THE_WHOLE = {"aws-cloudtrail-multiregion": ResourceKind.AWS_ACCOUNT}


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
    assert rule.group in ("", entry["group"])
    assert rule.applies_to is OF_THE_WHOLE.get(rule.id, KINDS[entry["resource_type"]])
    assert sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    assert rule.settings() == entry["detect"].get("parameters", {})
