"""Public endpoints sit behind a shield."""

from typing import Any

import pytest

from domain.controls.cw_net_04 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

BLOCKS = {"Statement": {"ManagedRuleGroupStatement": {}}, "OverrideAction": {"None": {}}}
COUNTS = {**BLOCKS, "OverrideAction": {"Count": {}}}
OWN = {"Statement": {"RateBasedStatement": {}}, "Action": {"Block": {}}}
MANAGER = {"FirewallManagerStatement": {"ManagedRuleGroupStatement": {}}, "OverrideAction": {"None": {}}}
GCP = "https://www.googleapis.com/compute/v1/projects/p/global"
BACKEND = "//compute.googleapis.com/projects/p/global/backendServices/web"
ACL = "arn:aws:wafv2:us-east-1:1:global/webacl/a/1"


def acl(*rules: Any, **more: Any) -> dict[str, Any]:
    return {"Name": "a", "ARN": ACL, "Rules": list(rules), **more}


def on_aws(page: Any, **balancer: Any) -> dict[str, str]:
    usual = {"LoadBalancerArn": "lb", "Type": "application", "Scheme": "internet-facing"}
    found = judged(
        CONTROL,
        Integration.AWS,
        ("elbv2.describe_load_balancers", {"LoadBalancers": [{**usual, **balancer}]}),
        call("wafv2.get_web_acl_for_resource", *page, ResourceArn="lb"),
    )
    return verdicts(found)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ([{"WebACL": acl(OWN, BLOCKS)}], "PASS"),
        ([{"WebACL": acl(PostProcessFirewallManagerRuleGroups=[MANAGER])}], "PASS"),
        ([{"WebACL": acl(COUNTS)}], "WARNING"),
        ([{"WebACL": acl(OWN)}], "WARNING"),
        ([{}], "FAIL"),
        ([], "FAIL"),
    ],
)
def test_a_public_application_balancer_has_a_web_acl_that_blocks(page, expected):
    assert on_aws(page) == {"lb": expected}


def test_a_balancer_that_does_not_say_it_is_inside_is_outside():
    assert on_aws([], Scheme=None) == {"lb": "FAIL"}


@pytest.mark.parametrize("balancer", [{"Scheme": "internal"}, {"Type": "network"}])
def test_what_is_inside_or_passes_packets_on_has_no_web_acl(balancer):
    assert on_aws([], **balancer) == {}


@pytest.mark.parametrize(
    ("attached", "rules", "expected"),
    [
        (ACL, [BLOCKS], "PASS"),
        (ACL, [COUNTS], "WARNING"),
        ("of-the-older-kind", [BLOCKS], "WARNING"),
        ("", [BLOCKS], "FAIL"),
    ],
)
def test_every_distribution_has_a_web_acl_that_blocks(attached, rules, expected):
    distributions = {"DistributionList": {"Items": [{"ARN": "cdn", "WebACLId": attached}]}}
    found = judged(
        CONTROL,
        Integration.AWS,
        ("cloudfront.list_distributions", distributions),
        call("wafv2.get_web_acl", {"WebACL": acl(*rules)}, Name="a", Id="1", Scope="CLOUDFRONT"),
    )

    assert verdicts(found) == {"cdn": expected}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": "Prevention"}}, "PASS"),
        ({"webApplicationFirewallConfiguration": {"enabled": True, "firewallMode": "Detection"}}, "WARNING"),
        ({"webApplicationFirewallConfiguration": {"enabled": False, "firewallMode": "Prevention"}}, "FAIL"),
        ({"firewallPolicy": {"id": "/Policies/Web"}}, "PASS"),
        ({"firewallPolicy": {"id": "/policies/watching"}}, "WARNING"),
        ({"firewallPolicy": {"id": "/policies/off"}}, "FAIL"),
        ({"firewallPolicy": {"id": "/policies/of-another-subscription"}}, "WARNING"),
        ({}, "FAIL"),
    ],
)
def test_a_public_gateway_of_azure_has_a_policy(own, expected):
    front = [{"properties": {}}, {"properties": {"publicIPAddress": {"id": "ip"}}}]
    gateway = {"id": "gw", "properties": {"frontendIPConfigurations": front, **own}}
    inside = {"id": "inside", "properties": {"frontendIPConfigurations": front[:1]}}
    policies = [
        {"id": f"/policies/{name}", "properties": {"policySettings": {"state": state, "mode": mode}}}
        for name, state, mode in (
            ("web", "Enabled", "Prevention"),
            ("watching", "Enabled", "Detection"),
            ("off", "Disabled", "Prevention"),
        )
    ]
    found = judged(
        CONTROL,
        Integration.AZURE,
        ("GET Microsoft.Network/applicationGateways", {"value": [gateway, inside]}),
        ("GET Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", {"value": policies}),
    )

    assert verdicts(found) == {"gw": expected}


@pytest.mark.parametrize(
    ("state", "mode", "expected"),
    [
        ("Enabled", "Prevention", "PASS"),
        ("Enabled", "Detection", "WARNING"),
        ("Disabled", "Prevention", "FAIL"),
    ],
)
def test_a_policy_of_front_door_that_is_attached_prevents(state, mode, expected):
    settings = {"policySettings": {"enabledState": state, "mode": mode}}
    value = [
        {"id": "new", "properties": {**settings, "securityPolicyLinks": [{"id": "profile"}]}},
        {"id": "old", "properties": {**settings, "frontendEndpointLinks": [{"id": "endpoint"}]}},
        {"id": "unused", "properties": {**settings, "securityPolicyLinks": []}},
    ]
    asked = ("GET Microsoft.Network/frontdoorWebApplicationFirewallPolicies", {"value": value})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"new": expected, "old": expected}


def on_gcp(link: str | None, *rules: Any, scheme: str = "EXTERNAL_MANAGED") -> dict[str, str]:
    last = {"priority": 2_147_483_647, "action": "allow", "preview": False}
    policy = {"name": "edge", "selfLink": f"{GCP}/securityPolicies/edge", "rules": [*rules, last]}
    service: dict[str, Any] = {"selfLink": f"{GCP}/backendServices/web", "loadBalancingScheme": scheme}
    if link:
        service["securityPolicy"] = f"{GCP}/securityPolicies/{link}"
    found = judged(
        CONTROL,
        Integration.GCP,
        ("compute.v1:backendServices.list", {"items": {"global": {"backendServices": [service]}}}),
        ("compute.v1:securityPolicies.list", {"items": {"global": {"securityPolicies": [policy]}}}),
    )
    return verdicts(found)


@pytest.mark.parametrize(
    ("link", "rules", "expected"),
    [
        ("edge", [{"priority": 1, "action": "deny(403)"}], "PASS"),
        ("edge", [{"priority": 1, "action": "deny(403)", "preview": True}], "WARNING"),
        ("edge", [], "WARNING"),
        ("of-another-project", [], "WARNING"),
        (None, [], "FAIL"),
    ],
)
def test_an_external_backend_has_a_policy_with_an_enforced_rule(link, rules, expected):
    assert on_gcp(link, *rules) == {BACKEND: expected}


def test_an_internal_backend_needs_no_policy():
    assert on_gcp(None, scheme="INTERNAL_MANAGED") == {}


@pytest.mark.parametrize(
    ("balancer", "expected"),
    [
        ({"firewall": {"allow": ["cidr:203.0.113.0/24"], "deny": []}}, {"lb": "PASS"}),
        ({"firewall": {"allow": [], "deny": ["ip:198.51.100.4"]}}, {"lb": "PASS"}),
        ({"firewall": {"allow": [], "deny": []}, "tag": "web"}, {"lb": "WARNING"}),
        ({"tag": "public-app"}, {"lb": "FAIL"}),
        ({"tags": ["public-app"]}, {"lb": "FAIL"}),
        ({"network": "INTERNAL"}, {}),
    ],
)
def test_a_balancer_of_digitalocean_has_a_list(balancer, expected):
    asked = ("GET /v2/load_balancers", {"load_balancers": [{"id": "lb", **balancer}]})

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked)) == expected
