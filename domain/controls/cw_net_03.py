"""Networks are split and deny by default."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.google_scopes import aggregated, full_name, path_of
from domain.compliance.open_doors import worldly
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

DEFAULT = "default"
# What Azure itself puts between networks, where groups are refused or break it. Source: "Network security groups
# overview" and the pages of each gateway.
GATEWAYS = frozenset({"gatewaysubnet", "azurefirewallsubnet", "azurefirewallmanagementsubnet", "routeserversubnet"})


def _aws(case: Case) -> Iterator[Item]:
    interfaces = list(case.answers.items("ec2.describe_network_interfaces", "NetworkInterfaces"))
    attached = {group["GroupId"] for one in interfaces for group in one["Groups"]}
    for group in case.answers.items("ec2.describe_security_groups", "SecurityGroups"):
        if group["GroupName"] == DEFAULT:
            yield _default_group(group, group["GroupId"] in attached)
    held = Counter(one["VpcId"] for one in interfaces)
    subnets = list(case.answers.items("ec2.describe_subnets", "Subnets"))
    public = Counter(one["VpcId"] for one in subnets if one["MapPublicIpOnLaunch"])
    for vpc in case.answers.items("ec2.describe_vpcs", "Vpcs"):
        if vpc["IsDefault"]:
            yield _default_vpc(vpc["VpcId"], held[vpc["VpcId"]], public[vpc["VpcId"]])


def _default_group(group: Mapping[str, Any], is_attached: bool) -> Item:
    rules = len(group["IpPermissions"]) + len(group["IpPermissionsEgress"])
    if not rules:
        return passed(group["GroupId"], "default group without a rule")
    if is_attached:
        return failed(group["GroupId"], f"default group with {rules} rules on an interface", "no rule")
    return warned(group["GroupId"], f"default group with {rules} rules, attached to nothing", "no rule")


def _default_vpc(vpc: str, interfaces: int, public: int) -> Item:
    """A default VPC in use is worse than an empty one, which is a warning already."""
    if interfaces:
        observed = f"default VPC with {interfaces} interfaces, {public} of its subnets give public addresses"
        return failed(vpc, observed, "nothing in default VPCs")
    return warned(vpc, f"empty default VPC, {public} of its subnets give public addresses", "no default VPC")


def _azure(case: Case) -> Iterator[Item]:
    for network in case.answers.items("GET Microsoft.Network/virtualNetworks", "value"):
        for subnet in network["properties"].get("subnets") or []:
            yield _subnet(subnet)


def _subnet(subnet: Mapping[str, Any]) -> Item:
    group = (subnet.get("properties") or {}).get("networkSecurityGroup")
    if group:
        return passed(subnet["id"], f"group {group['id'].rpartition('/')[2]}")
    if subnet["name"].lower() in GATEWAYS:
        return warned(subnet["id"], "gateway subnet without a network security group", "a group on every subnet")
    return failed(subnet["id"], "no network security group", "a group on every workload subnet")


def _gcp(case: Case) -> Iterator[Item]:
    instances = aggregated(case.answers, "compute.v1:instances.aggregatedList", "instances")
    cards = [card for instance in instances for card in instance["networkInterfaces"]]
    held = Counter(path_of(card["network"]) for card in cards)
    subnetworks = aggregated(case.answers, "compute.v1:subnetworks.list", "subnetworks")
    split = Counter(path_of(one["network"]) for one in subnetworks)
    for network in case.answers.items("compute.v1:networks.list", "items"):
        own = path_of(network["selfLink"])
        yield _network(network, held[own], split[own])


def _network(network: Mapping[str, Any], instances: int, subnetworks: int) -> Item:
    name = full_name(network)
    if network["name"] == DEFAULT and instances:
        return failed(name, f"the default network holds {instances} interfaces of instances", "no default network")
    if network["name"] == DEFAULT:
        return warned(name, "the default network is there, without instances", "no default network")
    # Networks of the legacy kind have no subnetworks, and then not the field either.
    if network.get("autoCreateSubnetworks", True):
        return warned(name, "makes a subnetwork in every region by itself", "subnetworks made on purpose")
    return passed(name, f"{subnetworks} subnetworks made on purpose")


def _digitalocean(case: Case) -> Iterator[Item]:
    droplets = list(case.answers.items("GET /v2/droplets", "droplets"))
    clusters = list(case.answers.items("GET /v2/kubernetes/clusters", "kubernetes_clusters"))
    for droplet in droplets:
        if droplet.get("vpc_uuid"):
            yield passed(str(droplet["id"]), f"in VPC {droplet['vpc_uuid']}")
        else:
            yield warned(str(droplet["id"]), "in no VPC", "a VPC for every droplet")
    for cluster in clusters:
        yield _control_plane(cluster)
    used = {one["vpc_uuid"] for one in (*droplets, *clusters) if one.get("vpc_uuid")}
    vpcs = case.answers.items("GET /v2/vpcs", "vpcs")
    default = {vpc["id"] for vpc in vpcs if vpc["default"]}
    for vpc in sorted(used):
        yield _vpc(vpc, used <= default)


def _control_plane(cluster: Mapping[str, Any]) -> Item:
    # A cluster that was made without the setting has no firewall before its control plane.
    firewall = cluster.get("control_plane_firewall") or {"enabled": False}
    if not firewall["enabled"]:
        return failed(cluster["id"], "the control plane is open to any address", "a control plane firewall")
    if world := worldly(firewall["allowed_addresses"] or []):
        return failed(cluster["id"], f"the control plane lets in {', '.join(world)}", "named addresses only")
    return passed(cluster["id"], "control plane firewall on")


def _vpc(vpc: str, only_defaults: bool) -> Item:
    """Each region has a default VPC."""
    if only_defaults:
        return warned(vpc, "everything shares the default VPC of its region", "tiers in VPCs of their own")
    return passed(vpc, "resources are split between VPCs")


CONTROL = Control(
    id="CW-NET-03",
    name="Networks are split and deny by default",
    category="network",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.6", "CC6.1", "CC5.2"),
    objective="Default networks and default groups carry nothing; tiers are separate.",
    owner_role="security",
    remediations=("aws.ec2.strip_default_sg",),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "ec2.describe_security_groups",
                "ec2.describe_vpcs",
                "ec2.describe_subnets",
                "ec2.describe_network_interfaces",
            ),
            passes="No default security group has a rule, and there is no default VPC.",
            warns="A default VPC is there and empty, or a default group has rules but is attached to nothing.",
            fails="A default group with rules is on an interface, or a default VPC holds one.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("GET Microsoft.Network/virtualNetworks",),
            passes="Every workload subnet has a network security group.",
            warns="A gateway or firewall subnet has none.",
            fails="A workload subnet has none.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=(
                "compute.v1:networks.list",
                "compute.v1:subnetworks.list",
                "compute.v1:instances.aggregatedList",
            ),
            passes="No network is named default, and none makes subnetworks by itself.",
            warns="The default network is there without instances, or another makes subnetworks by itself.",
            fails="The default network holds instances.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/vpcs", "GET /v2/droplets", "GET /v2/kubernetes/clusters"),
            passes="Every droplet is in a VPC, and every cluster has a control plane firewall.",
            warns="Everything shares the default VPC of its region, or a droplet is in none.",
            fails="The control plane of a cluster is open to any address.",
            judge=_digitalocean,
        ),
    ),
)
