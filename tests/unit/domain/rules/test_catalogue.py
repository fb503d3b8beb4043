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
    "digitalocean droplet": ResourceKind.DIGITALOCEAN_DROPLET,
    "digitalocean volume": ResourceKind.DIGITALOCEAN_VOLUME,
    "digitalocean snapshot": ResourceKind.DIGITALOCEAN_SNAPSHOT,
    "digitalocean reserved_ip": ResourceKind.DIGITALOCEAN_RESERVED_IP,
    "digitalocean load_balancer": ResourceKind.DIGITALOCEAN_LOAD_BALANCER,
    "digitalocean database": ResourceKind.DIGITALOCEAN_DATABASE,
    "digitalocean registry": ResourceKind.DIGITALOCEAN_REGISTRY,
    "digitalocean firewall": ResourceKind.DIGITALOCEAN_FIREWALL,
    "github repository": ResourceKind.GITHUB_REPOSITORY,
    "github organization": ResourceKind.GITHUB_ORGANIZATION,
    "github deploy_key": ResourceKind.GITHUB_DEPLOY_KEY,
    "okta policy": ResourceKind.OKTA_POLICY,
    "okta policy_rule": ResourceKind.OKTA_POLICY_RULE,
    "okta user": ResourceKind.OKTA_USER,
    "okta user_role": ResourceKind.OKTA_ADMIN,
    "okta api_token": ResourceKind.OKTA_API_TOKEN,
}
# What the catalogue calls the providers in ids.
SHORT = {"azure": "az", "digitalocean": "do", "github": "gh"}
# The catalogue speaks of an allow-list and gives it no name.
UNNAMED = {"github-repo-public": {"allowed": ()}}


def id_there(rule_id: str) -> str:
    provider, _, rest = rule_id.partition("-")
    return f"{SHORT.get(provider, provider)}-{rest}"


@pytest.fixture(scope="module")
def catalogue(shared: Path) -> dict[str, dict]:
    entries = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    return {entry["id"]: entry for entry in entries}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_rule_is_the_one_of_the_catalogue(rule, catalogue):
    entry = catalogue[id_there(rule.id)]
    kind = entry["resource_type"]

    assert rule.category.lower() == entry["category"]
    assert rule.severity.lower() == entry["severity"]
    assert rule.risk.lower() == entry["risk"]
    assert rule.applies_to is (KINDS.get(kind) or KINDS[f"{entry['provider']} {kind}"])
    assert "iam_actions" not in entry or sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    assert rule.settings() == entry["detect"].get("parameters", {}) | UNNAMED.get(rule.id, {})
