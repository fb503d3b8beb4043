"""Data stores are unreachable from the internet."""

import json
from typing import Any

import pytest

from domain.controls.cw_net_02 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

EVERYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "es:*"}
FROM_OFFICE = {**EVERYBODY, "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}
SQL = "//cloudsql.googleapis.com/projects/the-account/instances/main"


def on_aws(*, is_public: Any = True, cidr: str = "0.0.0.0/0", port: int = 5432, **store: Any) -> Any:
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}
    own = {
        "PubliclyAccessible": is_public,
        "Endpoint": {"Port": 5432},
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
        **store,
    }
    group = {"GroupId": "sg-1", "IpPermissions": [rule]}
    return judged(
        CONTROL,
        Integration.AWS,
        ("ec2.describe_security_groups", {"SecurityGroups": [group]}),
        ("rds.describe_db_instances", {"DBInstances": [{"DBInstanceArn": "db", **own}]}),
        ("redshift.describe_clusters", {"Clusters": [{"ClusterIdentifier": "dw", **own}]}),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "FAIL"),
        ({"port": 22, "Endpoint": None}, "FAIL"),
        ({"port": 22}, "WARNING"),
        ({"cidr": "10.0.0.0/8"}, "WARNING"),
        ({"is_public": False}, "PASS"),
        ({"is_public": None}, "FAIL"),
    ],
)
def test_a_database_is_judged_by_its_flag_and_its_groups(given, expected):
    assert verdicts(on_aws(**given)) == {"db": expected, "dw": expected}


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ({"VPCOptions": {"VPCId": "vpc-1"}}, "PASS"),
        ({"AccessPolicies": json.dumps({"Statement": EVERYBODY})}, "FAIL"),
        ({"AccessPolicies": json.dumps({"Statement": [FROM_OFFICE]})}, "WARNING"),
        ({"AccessPolicies": ""}, "WARNING"),
    ],
)
def test_a_search_domain_belongs_in_a_vpc(domain, expected):
    asked = ("opensearch.describe_domains", {"DomainStatusList": [{"ARN": "domain", **domain}]})

    assert verdicts(judged(CONTROL, Integration.AWS, asked)) == {"domain": expected}


@pytest.mark.parametrize(
    ("access", "rules", "expected"),
    [
        ("Disabled", [("0.0.0.0", "255.255.255.255")], "PASS"),
        ("SecuredByPerimeter", [], "PASS"),
        ("Enabled", [("203.0.113.7", "203.0.113.9")], "WARNING"),
        ("Enabled", [("0.0.0.0", "0.0.0.0")], "WARNING"),
        ("Enabled", [], "FAIL"),
        ("Enabled", [("203.0.113.7", "203.0.113.9"), ("0.0.0.0", "255.255.255.255")], "FAIL"),
    ],
)
def test_a_sql_server_is_judged_by_its_firewall(access, rules, expected):
    listed = [{"properties": {"startIpAddress": first, "endIpAddress": last}} for first, last in rules]
    found = judged(
        CONTROL,
        Integration.AZURE,
        ("GET Microsoft.Sql/servers", {"value": [{"id": "s", "properties": {"publicNetworkAccess": access}}]}),
        call("GET Microsoft.Sql/servers/firewallRules", {"value": listed}, id="s"),
        call("GET Microsoft.Sql/servers/firewallRules", {"value": []}, id="another"),
    )

    assert verdicts(found) == {"s": expected}


@pytest.mark.parametrize(
    ("access", "rules", "expected"),
    [
        ("Disabled", [], "PASS"),
        ("Enabled", [("203.0.113.7", "203.0.113.7")], "WARNING"),
        ("Enabled", [], "FAIL"),
        ("Enabled", [("0.0.0.0", "255.255.255.255")], "FAIL"),
    ],
)
def test_a_postgresql_server_is_judged_by_its_firewall(access, rules, expected):
    server = {"id": "pg", "properties": {"network": {"publicNetworkAccess": access}}}
    listed = [{"properties": {"startIpAddress": first, "endIpAddress": last}} for first, last in rules]
    asked = call("GET Microsoft.DBforPostgreSQL/flexibleServers/firewallRules", {"value": listed}, id="pg")
    found = judged(
        CONTROL,
        Integration.AZURE,
        ("GET Microsoft.DBforPostgreSQL/flexibleServers", {"value": [server]}),
        *([asked] if access == "Enabled" else []),
    )

    assert verdicts(found) == {"pg": expected}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        # Each instance of an Aurora cluster has the flag.
        ({}, None),
        ({"PubliclyAccessible": False}, "PASS"),
        ({"PubliclyAccessible": True, "Port": 3306}, "WARNING"),
        ({"PubliclyAccessible": True, "Port": 5432}, "FAIL"),
    ],
)
def test_a_cluster_of_rds_is_judged_as_its_databases_are(own, expected):
    everyone = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    cluster = {"DBClusterArn": "cluster", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg"}], **own}
    found = judged(
        CONTROL,
        Integration.AWS,
        ("rds.describe_db_clusters", {"DBClusters": [cluster]}),
        ("ec2.describe_security_groups", {"SecurityGroups": [{"GroupId": "sg", "IpPermissions": [everyone]}]}),
    )

    assert verdicts(found) == ({} if expected is None else {"cluster": expected})


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"publicNetworkAccess": "Disabled"}, "PASS"),
        ({}, "FAIL"),
        ({"ipRules": [{"ipAddressOrRange": "0.0.0.0/0"}]}, "FAIL"),
        ({"ipRules": [{"ipAddressOrRange": "203.0.113.7"}]}, "WARNING"),
        ({"virtualNetworkRules": [{"id": "subnet"}], "isVirtualNetworkFilterEnabled": True}, "WARNING"),
        ({"virtualNetworkRules": [{"id": "subnet"}], "isVirtualNetworkFilterEnabled": False}, "FAIL"),
        ({"isVirtualNetworkFilterEnabled": True}, "FAIL"),
    ],
)
def test_a_cosmos_account_is_judged_by_its_rules(own, expected):
    asked = ("GET Microsoft.DocumentDB/databaseAccounts", {"value": [{"id": "cosmos", "properties": own}]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"cosmos": expected}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"ipv4Enabled": False}, "PASS"),
        ({"ipv4Enabled": True}, "WARNING"),
        ({"ipv4Enabled": True, "authorizedNetworks": [{"value": "203.0.113.0/24"}]}, "WARNING"),
        ({"ipv4Enabled": True, "authorizedNetworks": [{"value": "0.0.0.0/0"}]}, "FAIL"),
    ],
)
def test_a_cloud_sql_instance_is_judged_by_its_address(settings, expected):
    instance = {"name": "main", "settings": {"ipConfiguration": settings}}

    found = judged(CONTROL, Integration.GCP, ("sqladmin.v1:instances.list", {"items": [instance]}))

    assert verdicts(found) == {SQL: expected}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"type": "droplet", "value": "7"}], "PASS"),
        ([{"type": "ip_addr", "value": "203.0.113.7"}, {"type": "ip_addr", "value": "0.0.0.0/0"}], "FAIL"),
        ([], "FAIL"),
        (None, "FAIL"),
    ],
)
def test_a_database_of_digitalocean_names_its_trusted_sources(rules, expected):
    found = judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("GET /v2/databases", {"databases": [{"id": "db"}]}),
        call("GET /v2/databases/{database_cluster_uuid}/firewall", {"rules": rules}, database_cluster_uuid="db"),
    )

    assert verdicts(found) == {"db": expected}
