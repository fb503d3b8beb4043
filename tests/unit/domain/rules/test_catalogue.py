"""The rules agree with the catalogue of remediation rules, word for word where it gives words."""

import json
from pathlib import Path

import pytest

from domain.facts.resource import ResourceKind
from domain.rules.registry import all_rules

KINDS = {
    "AWS::EC2::Volume": ResourceKind.AWS_EBS_VOLUME,
    "AWS::EC2::Snapshot": ResourceKind.AWS_EBS_SNAPSHOT,
    "AWS::EC2::Image": ResourceKind.AWS_AMI,
    "AWS::EC2::Instance": ResourceKind.AWS_EC2_INSTANCE,
    "AWS::EC2::NatGateway": ResourceKind.AWS_NAT_GATEWAY,
    "AWS::EC2::VPC": ResourceKind.AWS_VPC,
    "AWS::EC2::VPCEndpoint": ResourceKind.AWS_VPC_ENDPOINT,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ResourceKind.AWS_LOAD_BALANCER,
    "AWS::RDS::DBInstance": ResourceKind.AWS_RDS_INSTANCE,
    "AWS::RDS::DBSnapshot": ResourceKind.AWS_RDS_SNAPSHOT,
    "AWS::EC2::EIP": ResourceKind.AWS_EC2_ADDRESS,
    "AWS::EC2::SecurityGroup": ResourceKind.AWS_SECURITY_GROUP,
    "AWS::IAM::User": ResourceKind.AWS_IAM_USER,
    "AWS::IAM::AccessKey": ResourceKind.AWS_IAM_ACCESS_KEY,
    "AWS::S3::Bucket": ResourceKind.AWS_S3_BUCKET,
    "AWS::CloudTrail::Trail": ResourceKind.AWS_CLOUDTRAIL_TRAIL,
}


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
    assert rule.applies_to is KINDS[entry["resource_type"]]
    assert sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    settings = {name: list(one) if isinstance(one, tuple) else one for name, one in rule.settings().items()}
    assert settings == entry["detect"].get("parameters", {})
