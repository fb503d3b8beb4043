"""Public endpoints sit behind a shield."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.google_scopes import aggregated, full_name, path_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

OF_GATEWAYS = "GET Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
MANAGED = "a web ACL with a managed rule group that blocks"
PREVENTS = "a policy in mode Prevention"
# The rule of Cloud Armor that every policy ends with. Source: Compute Engine API, securityPolicies, priority.
LAST_RULE = 2_147_483_647
PUBLIC_APP = "public-app"


def _aws(case: Case) -> Iterator[Item]:
    """The rules of an ACL that another account owns, or of the older WAF, cannot be seen: that is a warning."""
    attached = first_pages(case.answers, "wafv2.get_web_acl_for_resource", "ResourceArn")
    for balancer in case.answers.items("elbv2.describe_load_balancers", "LoadBalancers"):
        if balancer["Type"] == "application" and balancer.get("Scheme") != "internal":
            # AWS answers without the field where no ACL is attached.
            acl = (attached.get(balancer["LoadBalancerArn"]) or {}).get("WebACL")
            yield _shielded(balancer["LoadBalancerArn"], acl)
    own = {page["WebACL"]["ARN"]: page["WebACL"] for page in _pages(case, "wafv2.get_web_acl")}
    for one in case.answers.items("cloudfront.list_distributions", "DistributionList.Items"):
        acl_id = one["WebACLId"]
        yield _shielded(one["ARN"], own.get(acl_id, {"Name": acl_id, "Rules": []}) if acl_id else None)


def _pages(case: Case, operation: str) -> list[Any]:
    return [page for call in case.answers.calls(operation) for page in call.pages]


def _shielded(resource: str, acl: Mapping[str, Any] | None) -> Item:
    if acl is None:
        return failed(resource, "no web ACL", MANAGED)
    managers = [
        acl.get(key) or [] for key in ("PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups")
    ]
    if any(_blocks(rule) for rule in acl["Rules"]) or any(_blocks(rule) for found in managers for rule in found):
        return passed(resource, f"web ACL {acl['Name']}")
    return warned(resource, f"web ACL {acl['Name']} without a managed rule group that is seen to block", MANAGED)


def _blocks(rule: Mapping[str, Any]) -> bool:
    """Whether it is a managed rule group that does as it says; with the override Count it only counts."""
    statement = rule.get("Statement") or rule.get("FirewallManagerStatement") or {}
    return "ManagedRuleGroupStatement" in statement and "Count" not in (rule.get("OverrideAction") or {})


def _azure(case: Case) -> Iterator[Item]:
    policies = {
        one["id"].lower(): one["properties"]["policySettings"] for one in case.answers.items(OF_GATEWAYS, "value")
    }
    for gateway in case.answers.items("GET Microsoft.Network/applicationGateways", "value"):
        own = gateway["properties"]
        if any((front["properties"].get("publicIPAddress")) for front in own["frontendIPConfigurations"]):
            yield _gateway(gateway["id"], own, policies)
    for policy in case.answers.items("GET Microsoft.Network/frontdoorWebApplicationFirewallPolicies", "value"):
        own = policy["properties"]
        if own.get("frontendEndpointLinks") or own.get("securityPolicyLinks"):
            settings = own["policySettings"]
            yield _mode(policy["id"], settings["enabledState"] == "Enabled", settings["mode"])


def _gateway(resource: str, own: Mapping[str, Any], policies: Mapping[str, Any]) -> Item:
    """A policy goes before the settings of the gateway itself, and may be of another subscription."""
    if own.get("firewallPolicy"):
        link = own["firewallPolicy"]["id"]
        policy = policies.get(link.lower())
        if policy is None:
            return warned(resource, f"policy {link.rpartition('/')[2]}, whose mode is not known", PREVENTS)
        return _mode(resource, policy["state"] == "Enabled", policy["mode"])
    settings = own.get("webApplicationFirewallConfiguration") or {"enabled": False, "firewallMode": ""}
    return _mode(resource, settings["enabled"], settings["firewallMode"])


def _mode(resource: str, is_on: bool, mode: str) -> Item:
    if not is_on:
        return failed(resource, "no policy that is switched on", PREVENTS)
    if mode == "Prevention":
        return passed(resource, "mode Prevention")
    return warned(resource, f"mode {mode}", PREVENTS)


def _gcp(case: Case) -> Iterator[Item]:
    policies = {
        path_of(one["selfLink"]): one
        for one in aggregated(case.answers, "compute.v1:securityPolicies.list", "securityPolicies")
    }
    for service in aggregated(case.answers, "compute.v1:backendServices.list", "backendServices"):
        if service["loadBalancingScheme"] in ("EXTERNAL", "EXTERNAL_MANAGED"):
            link = path_of(service.get("securityPolicy") or "")
            yield _backend(full_name(service), link, policies)


def _backend(resource: str, link: str, policies: Mapping[str, Any]) -> Item:
    if not link:
        return failed(resource, "no security policy", "a security policy")
    policy = policies.get(link)
    if policy is not None and any(_is_enforced(rule) for rule in policy["rules"]):
        return passed(resource, f"policy {policy['name']}")
    return warned(
        resource, f"policy {link.rpartition('/')[2]} without a rule seen to be enforced", "rules out of preview"
    )


def _is_enforced(rule: Mapping[str, Any]) -> bool:
    """Whether it does more than watch, or let everything pass at the end."""
    # Compute Engine leaves the field out of rules that were never in preview.
    is_last = rule["priority"] == LAST_RULE and rule["action"] == "allow"
    return not rule.get("preview") and not is_last


def _digitalocean(case: Case) -> Iterator[Item]:
    """A shield of another vendor is recorded as an exception; nothing in the account shows it."""
    for balancer in case.answers.items("GET /v2/load_balancers", "load_balancers"):
        # Those of old have no such field, and are reached from outside.
        if balancer.get("network") == "INTERNAL":
            continue
        lists = balancer.get("firewall") or {}
        if lists.get("allow") or lists.get("deny"):
            yield passed(balancer["id"], "a firewall list")
        elif PUBLIC_APP in (balancer.get("tag"), *(balancer.get("tags") or [])):
            yield failed(balancer["id"], f"no firewall list, tagged {PUBLIC_APP}", "a firewall list or a shield")
        else:
            yield warned(balancer["id"], "no firewall list", "a firewall list")


CONTROL = Control(
    id="CW-NET-04",
    name="Public endpoints sit behind a shield",
    category="network",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.6", "CC6.8", "A1.2"),
    objective="Internet-facing applications have a web firewall and flood protection.",
    owner_role="security",
    remediations=("aws.wafv2.attach_web_acl",),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "elbv2.describe_load_balancers",
                "wafv2.get_web_acl_for_resource",
                "wafv2.get_web_acl",
                "cloudfront.list_distributions",
                "shield.describe_subscription",
            ),
            passes=(
                "Every internet-facing application balancer and every distribution has a web ACL with at least one"
                " managed rule group that blocks."
            ),
            warns="The web ACL only counts, or no managed rule group is seen to block.",
            fails="There is no web ACL.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Network/applicationGateways",
                OF_GATEWAYS,
                "GET Microsoft.Network/frontdoorWebApplicationFirewallPolicies",
                "GET Microsoft.Network/ddosProtectionPlans",
            ),
            passes="A policy is attached, in mode Prevention.",
            warns="The policy only detects, or its mode is not known.",
            fails="No policy is attached, or it is switched off.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("compute.v1:backendServices.list", "compute.v1:securityPolicies.list"),
            passes="Every backend service that is reached from outside has a security policy.",
            warns="No rule of the policy is seen to be enforced: it is in preview only.",
            fails="There is no security policy.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/load_balancers",),
            passes="The load balancer has a list of whom to allow or deny.",
            warns="It has no list, and is not tagged public-app.",
            fails="It has no list and is tagged public-app. A shield of another vendor is recorded as an exception.",
            judge=_digitalocean,
        ),
    ),
)
