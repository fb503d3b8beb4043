"""No admin ports open to the world."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.google_scopes import full_name
from domain.compliance.open_doors import EVERY_PORT, Span, open_spans, said, span_of, within, worldly
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

CLOSED = "no admin port open to the world"
# How a rule of Azure says that it is about everybody. Source: "Network security groups", service tags.
AZURE_WORLD = frozenset({"*", "any", "internet", "0.0.0.0/0", "::/0"})
# Protocols with ports, and the words for all protocols, as the clouds write them.
WITH_PORTS = frozenset({"tcp", "udp", "6", "17", "all", "*"})


def _aws(case: Case) -> Iterator[Item]:
    interfaces = case.answers.items("ec2.describe_network_interfaces", "NetworkInterfaces")
    attached = {group["GroupId"] for interface in interfaces for group in interface["Groups"]}
    for group in case.answers.items("ec2.describe_security_groups", "SecurityGroups"):
        found = open_spans(group)
        ports = within(case.parameters["admin_ports"], [span for span, _ in found])
        world = sorted({one for span, sources in found for one in sources if within(ports, [span])})
        is_attached = group["GroupId"] in attached
        yield _verdict(group["GroupId"], ports, world, "" if is_attached else "the group is attached to nothing")


def _azure(case: Case) -> Iterator[Item]:
    """Rules that deny first are not weighed against those that allow."""
    for group in case.answers.items("GET Microsoft.Network/networkSecurityGroups", "value"):
        own = group["properties"]
        spans = [span for rule in own["securityRules"] for span in _azure_spans(rule["properties"])]
        ports = within(case.parameters["admin_ports"], spans)
        # Resource Manager leaves out what a group is not attached to.
        is_attached = bool(own.get("subnets") or own.get("networkInterfaces"))
        world = ["the internet"]
        yield _verdict(group["id"], ports, world, "" if is_attached else "the group is attached to nothing")


def _azure_spans(rule: Mapping[str, Any]) -> list[Span]:
    """The ports that a rule lets everybody in at. One or many are written in different fields."""
    sources = [rule.get("sourceAddressPrefix"), *(rule.get("sourceAddressPrefixes") or [])]
    is_open = (
        rule["direction"].lower() == "inbound"
        and rule["access"].lower() == "allow"
        and rule["protocol"].lower() in WITH_PORTS
        and any(source and source.lower() in AZURE_WORLD for source in sources)
    )
    ports = [rule.get("destinationPortRange"), *(rule.get("destinationPortRanges") or [])]
    return [span_of(text) for text in ports if text] if is_open else []


def _gcp(case: Case) -> Iterator[Item]:
    for rule in case.answers.items("compute.v1:firewalls.list", "items"):
        is_inward = rule["direction"] == "INGRESS"
        spans = [span for allowed in rule.get("allowed") or [] for span in _gcp_spans(allowed)] if is_inward else []
        world = worldly(_gcp_sources(rule))
        ports = within(case.parameters["admin_ports"], spans) if world else []
        yield _verdict(full_name(rule), ports, world, "the rule is disabled" if rule["disabled"] else "")


def _gcp_sources(rule: Mapping[str, Any]) -> list[str]:
    """A rule that names no source at all is for everybody. Source: Compute Engine API, firewalls, sourceRanges."""
    named = any(rule.get(key) for key in ("sourceRanges", "sourceTags", "sourceServiceAccounts"))
    return rule.get("sourceRanges") or [] if named else ["0.0.0.0/0"]


def _gcp_spans(allowed: Mapping[str, Any]) -> list[Span]:
    if allowed["IPProtocol"].lower() not in WITH_PORTS:
        return []
    # Without ports it is about all of them.
    return [span_of(text) for text in allowed.get("ports") or []] or [EVERY_PORT]


def _digitalocean(case: Case) -> Iterator[Item]:
    firewalls = list(case.answers.items("GET /v2/firewalls", "firewalls"))
    behind = {droplet for one in firewalls for droplet in one.get("droplet_ids") or []}
    tags = {tag for one in firewalls for tag in one.get("tags") or []}
    for droplet in case.answers.items("GET /v2/droplets", "droplets"):
        is_behind = droplet["id"] in behind or bool(tags.intersection(droplet.get("tags") or []))
        yield _shielded(str(droplet["id"]), _is_public(droplet), is_behind)
    for firewall in firewalls:
        rules = [rule for rule in firewall.get("inbound_rules") or [] if rule["protocol"] in WITH_PORTS]
        world = [(rule, worldly(rule["sources"].get("addresses") or [])) for rule in rules]
        ports = within(case.parameters["admin_ports"], [span_of(rule["ports"]) for rule, found in world if found])
        yield _verdict(firewall["id"], ports, sorted({one for _, found in world for one in found}), "")


def _is_public(droplet: Mapping[str, Any]) -> bool:
    networks = droplet["networks"]
    return any(one["type"] == "public" for version in ("v4", "v6") for one in networks.get(version) or [])


def _shielded(droplet: str, is_public: bool, is_behind: bool) -> Item:
    if not is_public:
        return passed(droplet, "no public address")
    if is_behind:
        return passed(droplet, "behind a firewall")
    return failed(droplet, "public address without a firewall", "a firewall before every public droplet")


def _verdict(resource: str, ports: list[int], world: list[str], excuse: str) -> Item:
    """What is said of one set of rules. `excuse` is why what it lets in reaches nothing now."""
    if not ports:
        return passed(resource, CLOSED)
    observed = f"{said(ports)} open to {', '.join(world)}"
    return warned(resource, f"{observed}; {excuse}", CLOSED) if excuse else failed(resource, observed, CLOSED)


CONTROL = Control(
    id="CW-NET-01",
    name="No admin ports open to the world",
    category="network",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.6", "CC6.1"),
    objective="Remote administration is reachable only from named networks.",
    owner_role="security",
    parameters={"admin_ports": [22, 3389, 5985, 5986, 23, 2375, 2376, 6443, 10250]},
    remediations=(
        "aws.ec2.revoke_open_admin_rule",
        "gcp.compute.disable_firewall_rule",
        "digitalocean.firewall.remove_rule",
        "azure.nsg.delete_rule",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=("ec2.describe_security_groups", "ec2.describe_network_interfaces"),
            passes="No rule lets 0.0.0.0/0 or ::/0 in at a port of admin_ports.",
            warns="A rule does, in a group that is attached to nothing.",
            fails="A rule does, in a group that is attached to an interface.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("GET Microsoft.Network/networkSecurityGroups",),
            passes="No inbound rule allows *, Internet, 0.0.0.0/0 or ::/0 to a port of admin_ports.",
            warns="A rule does, in a group that is attached to nothing.",
            fails="A rule does, in a group that is attached to a subnet or an interface.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("compute.v1:firewalls.list",),
            passes="No ingress rule lets 0.0.0.0/0 or ::/0 in at a port of admin_ports.",
            warns="A rule does, but it is disabled.",
            fails="A rule does, and it is enabled.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/firewalls", "GET /v2/droplets"),
            passes=(
                "Every public droplet is behind a firewall, and no firewall lets 0.0.0.0/0 or ::/0 in at a port of"
                " admin_ports."
            ),
            fails="A public droplet has no firewall, or a firewall lets the world in at an admin port.",
            judge=_digitalocean,
        ),
    ),
)
