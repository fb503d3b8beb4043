"""Networks are split and deny by default."""

from typing import Any

import pytest

from domain.controls.cw_net_03 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.judged_alone import judged, verdicts

COMPUTE = "https://www.googleapis.com/compute/v1/projects/p"
NETWORK = "//compute.googleapis.com/projects/p/global/networks/"
SUBNET = {"id": "/subscriptions/s/virtualNetworks/v/subnets/one", "name": "one", "properties": {}}


def on_aws(*, rules: int = 0, name: str = "default", default: bool = True, attached: bool = False) -> dict[str, str]:
    group = {"GroupId": "sg-1", "GroupName": name, "IpPermissions": [], "IpPermissionsEgress": [{}] * rules}
    interface = {"VpcId": "vpc-1", "Groups": [{"GroupId": "sg-1"}]}
    found = judged(
        CONTROL,
        Integration.AWS,
        ("ec2.describe_security_groups", {"SecurityGroups": [group]}),
        ("ec2.describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": default}]}),
        ("ec2.describe_subnets", {"Subnets": [{"VpcId": "vpc-1", "MapPublicIpOnLaunch": True}]}),
        ("ec2.describe_network_interfaces", {"NetworkInterfaces": [interface] if attached else []}),
    )
    return verdicts(found)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"default": False}, {"sg-1": "PASS"}),
        ({"default": False, "rules": 1}, {"sg-1": "WARNING"}),
        ({"default": False, "rules": 1, "attached": True}, {"sg-1": "FAIL"}),
        ({"default": False, "name": "web", "rules": 1, "attached": True}, {}),
        ({}, {"sg-1": "PASS", "vpc-1": "WARNING"}),
        ({"attached": True}, {"sg-1": "PASS", "vpc-1": "FAIL"}),
    ],
)
def test_default_groups_and_default_vpcs_carry_nothing(given, expected):
    assert on_aws(**given) == expected


@pytest.mark.parametrize(
    ("subnet", "expected"),
    [
        ({**SUBNET, "properties": {"networkSecurityGroup": {"id": "/nsg/web"}}}, "PASS"),
        ({**SUBNET, "name": "GatewaySubnet"}, "WARNING"),
        ({**SUBNET, "name": "AzureFirewallSubnet"}, "WARNING"),
        ({**SUBNET, "name": "AzureBastionSubnet"}, "FAIL"),
        (SUBNET, "FAIL"),
    ],
)
def test_a_workload_subnet_of_azure_has_a_group(subnet, expected):
    networks = {"value": [{"properties": {"subnets": [subnet]}}, {"properties": {}}]}

    found = judged(CONTROL, Integration.AZURE, ("GET Microsoft.Network/virtualNetworks", networks))

    assert verdicts(found) == {SUBNET["id"]: expected}


@pytest.mark.parametrize(
    ("name", "automatic", "lives_in", "expected"),
    [
        ("default", True, "default", "FAIL"),
        ("default", True, "prod", "WARNING"),
        ("prod", True, "prod", "WARNING"),
        ("prod", None, "prod", "WARNING"),
        ("prod", False, "prod", "PASS"),
    ],
)
def test_a_network_of_google_is_made_on_purpose(name, automatic, lives_in, expected):
    network: dict[str, Any] = {"name": name, "selfLink": f"{COMPUTE}/global/networks/{name}"}
    if automatic is not None:
        network["autoCreateSubnetworks"] = automatic
    instance = {"networkInterfaces": [{"network": f"{COMPUTE}/global/networks/{lives_in}"}]}
    subnetwork = {"network": f"{COMPUTE}/global/networks/{name}"}
    found = judged(
        CONTROL,
        Integration.GCP,
        ("compute.v1:networks.list", {"items": [network]}),
        ("compute.v1:subnetworks.list", {"items": {"regions/r": {"subnetworks": [subnetwork]}}}),
        ("compute.v1:instances.aggregatedList", {"items": {"zones/a": {"instances": [instance]}, "zones/b": {}}}),
    )

    assert verdicts(found) == {NETWORK + name: expected}


def on_digitalocean(droplet: Any, *clusters: Any) -> dict[str, str]:
    found = judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("GET /v2/vpcs", {"vpcs": [{"id": "shared", "default": True}, {"id": "own", "default": False}]}),
        ("GET /v2/droplets", {"droplets": [{"id": 7, "vpc_uuid": droplet}]}),
        ("GET /v2/kubernetes/clusters", {"kubernetes_clusters": list(clusters)}),
    )
    return verdicts(found)


@pytest.mark.parametrize(
    ("vpc", "expected"),
    [
        ("own", {"7": "PASS", "own": "PASS"}),
        ("shared", {"7": "PASS", "shared": "WARNING"}),
        (None, {"7": "WARNING"}),
    ],
)
def test_droplets_are_split_between_vpcs(vpc, expected):
    assert on_digitalocean(vpc) == expected


@pytest.mark.parametrize(
    ("firewall", "expected"),
    [
        ({"enabled": True, "allowed_addresses": ["203.0.113.0/24"]}, "PASS"),
        ({"enabled": True, "allowed_addresses": None}, "PASS"),
        ({"enabled": True, "allowed_addresses": ["0.0.0.0/0"]}, "FAIL"),
        ({"enabled": False, "allowed_addresses": []}, "FAIL"),
        (None, "FAIL"),
    ],
)
def test_a_control_plane_is_closed_to_the_world(firewall, expected):
    cluster = {"id": "k8s", "vpc_uuid": "own", "control_plane_firewall": firewall}

    assert on_digitalocean("shared", cluster) == {"7": "PASS", "k8s": expected, "own": "PASS", "shared": "PASS"}
