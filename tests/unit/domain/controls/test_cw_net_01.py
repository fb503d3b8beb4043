"""No admin ports open to the world."""

from typing import Any

import pytest

from domain.controls.cw_net_01 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.judged_alone import judged, verdicts

TCP_22 = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
WORLD = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": []}
OFFICE = {"IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
FIREWALL = "//compute.googleapis.com/projects/p/global/firewalls/one"


def on_aws(*rules: dict[str, Any], attached: bool = True) -> Any:
    interface = {"Groups": [{"GroupId": "sg-1"}] if attached else []}
    return judged(
        CONTROL,
        Integration.AWS,
        ("ec2.describe_security_groups", {"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": list(rules)}]}),
        ("ec2.describe_network_interfaces", {"NetworkInterfaces": [interface]}),
    )


def on_azure(*, attached: bool = True, **rule: Any) -> Any:
    usual = {"direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "Internet"}
    own: dict[str, Any] = {"securityRules": [{"properties": {**usual, "destinationPortRange": "3389", **rule}}]}
    if attached:
        own["subnets"] = [{"id": "subnet"}]
    page = {"value": [{"id": "nsg-1", "properties": own}]}
    return judged(CONTROL, Integration.AZURE, ("GET Microsoft.Network/networkSecurityGroups", page))


def on_gcp(**rule: Any) -> Any:
    usual = {"direction": "INGRESS", "disabled": False, "sourceRanges": ["0.0.0.0/0"]}
    link = "https://www.googleapis.com/compute/v1/projects/p/global/firewalls/one"
    allowed = [{"IPProtocol": "tcp", "ports": ["80", "20-25"]}]
    page = {"items": [{"selfLink": link, **usual, "allowed": allowed, **rule}]}
    return judged(CONTROL, Integration.GCP, ("compute.v1:firewalls.list", page))


def test_a_rule_without_an_address_of_its_own_is_called_by_its_name():
    rule = {"name": "one", "direction": "EGRESS", "disabled": False}

    assert verdicts(judged(CONTROL, Integration.GCP, ("compute.v1:firewalls.list", {"items": [rule]}))) == {
        "one": "PASS"
    }


def on_digitalocean(*, network: str = "public", tags: tuple[str, ...] = (), **firewall: Any) -> Any:
    droplet = {"id": 7, "tags": list(tags), "networks": {"v4": [{"type": network}], "v6": []}}
    usual = {"id": "fw", "droplet_ids": [7], "tags": None, "inbound_rules": []}
    return judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("GET /v2/firewalls", {"firewalls": [{**usual, **firewall}]}),
        ("GET /v2/droplets", {"droplets": [droplet]}),
    )


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({**TCP_22, **WORLD}, "FAIL"),
        ({**TCP_22, "FromPort": 0, "ToPort": 1024, **WORLD}, "FAIL"),
        ({**TCP_22, "IpRanges": [], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}, "FAIL"),
        ({"IpProtocol": "-1", **WORLD}, "FAIL"),
        ({**TCP_22, **OFFICE}, "PASS"),
        ({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **WORLD}, "PASS"),
        ({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, **WORLD}, "PASS"),
    ],
)
def test_a_security_group_is_judged_by_what_it_lets_the_world_reach(rule, expected):
    assert verdicts(on_aws(rule)) == {"sg-1": expected}


def test_a_group_attached_to_nothing_is_a_warning():
    found = on_aws({**TCP_22, **WORLD}, attached=False)

    assert verdicts(found) == {"sg-1": "WARNING"}
    assert found.items[0].observed == "port 22 open to 0.0.0.0/0; the group is attached to nothing"


def test_only_the_addresses_that_reach_an_admin_port_are_named():
    web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}

    assert on_aws({**TCP_22, "ToPort": 23, **WORLD}, web).items[0].observed == "ports 22, 23 open to 0.0.0.0/0"


def test_a_tenant_names_ports_of_its_own():
    rule = {"IpProtocol": "tcp", "FromPort": 5900, "ToPort": 5900, **WORLD}
    group = {"GroupId": "sg-1", "IpPermissions": [rule]}
    asked = ("ec2.describe_security_groups", {"SecurityGroups": [group]})

    assert verdicts(judged(CONTROL, Integration.AWS, asked, admin_ports=[5900])) == {"sg-1": "WARNING"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "FAIL"),
        ({"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "0.0.0.0/0"]}, "FAIL"),
        ({"destinationPortRange": None, "destinationPortRanges": ["80", "5000-6000"]}, "FAIL"),
        ({"protocol": "*", "destinationPortRange": "*", "sourceAddressPrefix": "*"}, "FAIL"),
        ({"access": "Deny"}, "PASS"),
        ({"direction": "Outbound"}, "PASS"),
        ({"protocol": "Icmp"}, "PASS"),
        ({"sourceAddressPrefix": "203.0.113.7"}, "PASS"),
        ({"destinationPortRange": "443"}, "PASS"),
        ({"attached": False}, "WARNING"),
    ],
)
def test_a_network_security_group_is_judged_by_its_inbound_rules(rule, expected):
    assert verdicts(on_azure(**rule)) == {"nsg-1": expected}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "FAIL"),
        ({"allowed": [{"IPProtocol": "all"}]}, "FAIL"),
        ({"sourceRanges": None}, "FAIL"),
        ({"disabled": True}, "WARNING"),
        ({"sourceRanges": None, "sourceTags": ["bastion"]}, "PASS"),
        ({"sourceRanges": ["35.235.240.0/20"]}, "PASS"),
        ({"direction": "EGRESS"}, "PASS"),
        ({"allowed": [{"IPProtocol": "icmp"}]}, "PASS"),
        ({"allowed": None, "denied": [{"IPProtocol": "all"}]}, "PASS"),
    ],
)
def test_a_firewall_rule_of_google_is_judged_by_its_sources_and_ports(rule, expected):
    assert verdicts(on_gcp(**rule)) == {FIREWALL: expected}


@pytest.mark.parametrize(
    ("ports", "addresses", "expected"),
    [
        ("22", ["0.0.0.0/0"], "FAIL"),
        ("0", ["::/0"], "FAIL"),
        ("443", ["0.0.0.0/0"], "PASS"),
        ("22", ["203.0.113.7"], "PASS"),
        ("22", None, "PASS"),
    ],
)
def test_a_firewall_of_digitalocean_is_judged_by_its_inbound_rules(ports, addresses, expected):
    rule = {"protocol": "tcp", "ports": ports, "sources": {"addresses": addresses}}

    assert verdicts(on_digitalocean(inbound_rules=[rule])) == {"7": "PASS", "fw": expected}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"droplet_ids": []}, "FAIL"),
        ({"droplet_ids": [], "network": "private"}, "PASS"),
        ({"droplet_ids": None, "tags": ("web",)}, "FAIL"),
    ],
)
def test_a_public_droplet_needs_a_firewall(given, expected):
    assert verdicts(on_digitalocean(**given))["7"] == expected


def test_a_firewall_is_also_put_before_droplets_by_their_tag():
    droplet = {"id": 7, "tags": ["web"], "networks": {"v4": [], "v6": [{"type": "public"}]}}
    firewall = {"id": "fw", "droplet_ids": [], "tags": ["web"], "inbound_rules": None}
    found = judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("GET /v2/firewalls", {"firewalls": [firewall]}),
        ("GET /v2/droplets", {"droplets": [droplet]}),
    )

    assert verdicts(found) == {"7": "PASS", "fw": "PASS"}


def test_an_answer_of_another_shape_is_no_verdict():
    found = judged(CONTROL, Integration.AWS, ("ec2.describe_security_groups", {"SecurityGroups": [{}]}))

    assert (found.status.value, found.items) == ("ERROR", ())
