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
    "Microsoft.Authorization/roleAssignments": ResourceKind.AZURE_ROLE_ASSIGNMENT,
    # What is bought is found where it is recommended, and what is missing on the subscription.
    "Microsoft.BillingBenefits/savingsPlanOrders": ResourceKind.AZURE_RECOMMENDATION,
    "Microsoft.Capacity/reservationOrders": ResourceKind.AZURE_RECOMMENDATION,
    "Microsoft.Consumption/budgets": ResourceKind.AZURE_SUBSCRIPTION,
    "Microsoft.Insights/activityLogAlerts": ResourceKind.AZURE_SUBSCRIPTION,
    "Microsoft.Capacity/reservations": ResourceKind.AZURE_RESERVATION,
    "Microsoft.Compute/disks": ResourceKind.AZURE_DISK,
    "Microsoft.Compute/snapshots": ResourceKind.AZURE_SNAPSHOT,
    "Microsoft.Compute/virtualMachines": ResourceKind.AZURE_VIRTUAL_MACHINE,
    "Microsoft.KeyVault/vaults": ResourceKind.AZURE_KEY_VAULT,
    # Rules and settings stand in the configuration of what they belong to.
    "Microsoft.Network/networkSecurityGroups/securityRules": ResourceKind.AZURE_NETWORK_SECURITY_GROUP,
    "Microsoft.Sql/servers/firewallRules": ResourceKind.AZURE_SQL_SERVER,
    "Microsoft.Web/sites/config": ResourceKind.AZURE_WEB_APP,
    "Microsoft.Network/publicIPAddresses": ResourceKind.AZURE_PUBLIC_IP,
    "Microsoft.OperationalInsights/workspaces": ResourceKind.AZURE_LOG_WORKSPACE,
    "Microsoft.Security/pricings": ResourceKind.AZURE_DEFENDER_PLAN,
    "Microsoft.Sql/servers": ResourceKind.AZURE_SQL_SERVER,
    "Microsoft.Sql/servers/databases": ResourceKind.AZURE_SQL_DATABASE,
    "Microsoft.Storage/storageAccounts": ResourceKind.AZURE_STORAGE_ACCOUNT,
    "Microsoft.Web/serverfarms": ResourceKind.AZURE_APP_SERVICE_PLAN,
    "Microsoft.Web/sites": ResourceKind.AZURE_WEB_APP,
}
# Our ids begin with the provider's whole name.
PREFIXES = {"azure": "az"}
# What the catalogue leaves to the tenant without giving it a name and a default.
ADDED = {
    "azure-budget-missing": {"monthly_amount": 1000},
    "azure-hybrid-benefit": {"licensed_machines": 0},
    "azure-vm-offhours": {"shutdown_time": "1900", "time_zone": "UTC", "on_hours_week": 55},
}


def told(rule) -> dict:
    """The parameters as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in rule.settings().items()}


@pytest.fixture(scope="module")
def catalogue(shared: Path) -> dict[str, dict]:
    entries = json.loads((shared / "facts" / "remediation_rules.json").read_text())["rules"]
    return {entry["id"]: entry for entry in entries}


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_rule_is_the_one_of_the_catalogue(rule, catalogue):
    provider, _, rest = rule.id.partition("-")
    entry = catalogue[f"{PREFIXES.get(provider, provider)}-{rest}"]

    assert rule.category.lower() == entry["category"]
    assert rule.severity.lower() == entry["severity"]
    assert rule.risk.lower() == entry["risk"]
    assert rule.applies_to is KINDS[entry["resource_type"]]
    if "iam_actions" in entry:
        assert sorted(rule.permissions) == sorted(entry["iam_actions"]["detect"])
    assert told(rule) == {**entry["detect"].get("parameters", {}), **ADDED.get(rule.id, {})}
