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
    "AWS::EC2::Account": ResourceKind.AWS_REGION,
    "AWS::ElasticLoadBalancingV2::Listener": ResourceKind.AWS_LISTENER,
    "AWS::S3::AccountPublicAccessBlock": ResourceKind.AWS_ACCOUNT,
    "AWS::S3::Bucket": ResourceKind.AWS_S3_BUCKET,
    "AWS::CloudTrail::Trail": ResourceKind.AWS_CLOUDTRAIL_TRAIL,
    "AWS::IAM::AccountPasswordPolicy": ResourceKind.AWS_ACCOUNT,
    "AWS::IAM::Role": ResourceKind.AWS_IAM_ROLE,
    "AWS::IAM::Root": ResourceKind.AWS_ACCOUNT,
    "AWS::KMS::Key": ResourceKind.AWS_KMS_KEY,
    "AWS::SNS::Topic": ResourceKind.AWS_SNS_TOPIC,
    "AWS::SQS::Queue": ResourceKind.AWS_SQS_QUEUE,
    "AWS::SecretsManager::Secret": ResourceKind.AWS_SECRET,
    # What is missing is missing in a region.
    "AWS::AccessAnalyzer::Analyzer": ResourceKind.AWS_REGION,
    "AWS::Config::ConfigurationRecorder": ResourceKind.AWS_REGION,
    "AWS::GuardDuty::Detector": ResourceKind.AWS_REGION,
    "AWS::SecurityHub::Hub": ResourceKind.AWS_REGION,
    "AWS::Logs::LogGroup": ResourceKind.AWS_LOG_GROUP,
    "AWS::DynamoDB::Table": ResourceKind.AWS_DYNAMODB_TABLE,
    "AWS::Lambda::Function": ResourceKind.AWS_LAMBDA_FUNCTION,
    "AWS::ElastiCache::ReplicationGroup": ResourceKind.AWS_ELASTICACHE_GROUP,
    "AWS::Redshift::Cluster": ResourceKind.AWS_REDSHIFT_CLUSTER,
    "AWS::EFS::FileSystem": ResourceKind.AWS_EFS_FILE_SYSTEM,
    "AWS::ECR::Repository": ResourceKind.AWS_ECR_REPOSITORY,
    "AWS::EKS::Cluster": ResourceKind.AWS_EKS_CLUSTER,
    "AWS::SavingsPlans::SavingsPlan": ResourceKind.AWS_SAVINGS_PLAN,
    "AWS::EC2::ReservedInstances": ResourceKind.AWS_RESERVED_INSTANCES,
}
# What the catalogue looks for in something that is not there yet, or in many things, is found in what they are part of.
OTHER_KINDS = {
    # A trail that is missing is missing in the account.
    "aws-cloudtrail-multiregion": ResourceKind.AWS_ACCOUNT,
    "aws-budget-missing": ResourceKind.AWS_ACCOUNT,
    "aws-cost-anomaly-monitor": ResourceKind.AWS_ACCOUNT,
    "aws-ec2-reserved-purchase": ResourceKind.AWS_RECOMMENDATION,
    "aws-lambda-provisioned-idle": ResourceKind.AWS_PROVISIONED_CONCURRENCY,
    "aws-rds-reserved-purchase": ResourceKind.AWS_RECOMMENDATION,
    "aws-savings-plan-purchase": ResourceKind.AWS_RECOMMENDATION,
    "aws-untagged-resource": ResourceKind.AWS_ACCOUNT,
}
# What only the customer can know, and nothing is planned without.
OWN_PARAMETERS = {
    "aws-budget-missing": {"emails", "limit_usd"},
    "aws-cost-anomaly-monitor": {"emails"},
    "aws-eks-public-endpoint": {"allowed_cidrs"},
    "aws-untagged-resource": {"values"},
}


def settled(value):
    return tuple(value) if isinstance(value, list) else value


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
    assert rule.applies_to is (OTHER_KINDS.get(rule.id) or KINDS[entry["resource_type"]])
    assert sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    own = OWN_PARAMETERS.get(rule.id, set())
    given = {name: value for name, value in rule.settings().items() if name not in own}
    assert given == {name: settled(value) for name, value in entry["detect"].get("parameters", {}).items()}
