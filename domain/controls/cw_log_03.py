"""Network and data access leave traces."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from domain.compliance.call_index import first_pages, joined
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import is_critical
from domain.compliance.google_scopes import aggregated, full_name, path_of
from domain.compliance.labels import label_of
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# The classes of data that must not be read unseen, of those of CW-DAT-06.
SENSITIVE = frozenset({"confidential", "restricted", "pii", "phi", "cardholder"})
BALANCER_LOG = "access_logs.s3.enabled"
# Below that share of the traffic sampled, what is not in the log says nothing.
ENOUGH = 0.5
# Subnets that belong to Google's own services record no flows. Source: VPC Flow Logs, "Supported configurations".
ORDINARY = ("PRIVATE", "PRIVATE_RFC_1918")
EXTERNAL = ("EXTERNAL", "EXTERNAL_MANAGED")


def _of_vpc(vpc: str, logs: list[Mapping[str, Any]]) -> Item:
    kinds = {log["TrafficType"] for log in logs if log["ResourceId"] == vpc and log["FlowLogStatus"] == "ACTIVE"}
    if "ALL" in kinds or kinds >= {"ACCEPT", "REJECT"}:
        return passed(vpc, "flow log of all traffic")
    if kinds:
        return warned(vpc, f"flow log of {kinds.pop()} only", "flow log of all traffic")
    return failed(vpc, "no flow log", "flow log of all traffic")


def _logs(resource: str, what: str, *, is_on: bool) -> Item:
    seen = f"{what} {'logged' if is_on else 'not logged'}"
    return passed(resource, seen) if is_on else failed(resource, seen, f"{what} logged")


def _vpcs(case: Case) -> Iterator[Item]:
    """Those with a network interface; a flow log of single subnets or interfaces does not count."""
    cards = case.answers.items("ec2.describe_network_interfaces", "NetworkInterfaces")
    used = {card["VpcId"] for card in cards}
    logs = list(case.answers.items("ec2.describe_flow_logs", "FlowLogs"))
    for vpc in case.answers.items("ec2.describe_vpcs", "Vpcs"):
        if vpc["VpcId"] in used:
            yield _of_vpc(vpc["VpcId"], logs)


def _balancers(case: Case) -> Iterator[Item]:
    attributes = first_pages(case.answers, "elbv2.describe_load_balancer_attributes", "LoadBalancerArn")
    for balancer in case.answers.items("elbv2.describe_load_balancers", "LoadBalancers"):
        # Those between networks have no scheme.
        if balancer.get("Scheme") != "internet-facing":
            continue
        arn = balancer["LoadBalancerArn"]
        values = {one["Key"]: one["Value"] for one in attributes[arn]["Attributes"]}
        yield _logs(arn, "requests", is_on=values[BALANCER_LOG] == "true")


def _web_acls(case: Case) -> Iterator[Item]:
    logged = first_pages(case.answers, "wafv2.get_logging_configuration", "ResourceArn")
    for acl in case.answers.items("wafv2.list_web_acls", "WebACLs"):
        where = (logged.get(acl["ARN"], {}).get("LoggingConfiguration") or {}).get("LogDestinationConfigs")
        yield _logs(acl["ARN"], "requests", is_on=bool(where))


def _buckets(case: Case) -> Iterator[Item]:
    """Those whose label says that they are sensitive."""
    logged = first_pages(case.answers, "s3.get_bucket_logging", "Bucket")
    for bucket, tags in joined(case.answers, "s3.get_bucket_tagging", "Bucket", "TagSet").items():
        if label_of(tags) in SENSITIVE:
            where = (logged.get(bucket, {}).get("LoggingEnabled") or {}).get("TargetBucket")
            yield _logs(bucket, "access", is_on=bool(where))


def _aws(case: Case) -> Iterator[Item]:
    """A bucket is sensitive when its label data-class says so; CW-DAT-06 asks for the label."""
    for part in (_vpcs, _balancers, _web_acls, _buckets):
        yield from part(case)


def _all_or_some(things: Mapping[str, bool], seen: str, missing: str) -> Iterator[Item]:
    """What does not log is a warning while something of its kind does."""
    say: Callable[[str, str, str], Item] = warned if any(things.values()) else failed
    for resource, is_on in things.items():
        yield passed(resource, seen) if is_on else say(resource, missing, seen)


def _is_covered(subnet: Mapping[str, Any], network: str, recorded: set[str]) -> bool:
    """By a flow log of the network, of the subnet, or of the group of rules that stands before it."""
    group = (subnet["properties"].get("networkSecurityGroup") or {}).get("id", "")
    return any(one.lower() in recorded for one in (network, subnet["id"], group))


def _networks(case: Case) -> dict[str, bool]:
    """Each network with something in it, and whether all of its subnets with something are recorded."""
    logs = case.answers.items("GET Microsoft.Network/networkWatchers/flowLogs", "value")
    recorded = {str(log["properties"]["targetResourceId"]).lower() for log in logs if log["properties"]["enabled"]}
    found = {}
    for network in case.answers.items("GET Microsoft.Network/virtualNetworks", "value"):
        subnets = network["properties"].get("subnets") or []
        used = [one for one in subnets if one["properties"].get("ipConfigurations")]
        if used:
            found[network["id"]] = all(_is_covered(one, network["id"], recorded) for one in used)
    return found


def _azure(case: Case) -> Iterator[Item]:
    """Networks, and vaults and blobs, which are the things whose settings are asked for beside the subscription's."""
    yield from _all_or_some(_networks(case), "flows recorded", "flows not recorded")
    stores = {}
    for call in case.answers.calls("GET Microsoft.Insights/diagnosticSettings"):
        kind = str(call.arguments["id"]).lower()
        if "/microsoft.keyvault/vaults/" in kind or "/microsoft.storage/" in kind:
            logs = [log for page in call.pages for one in page["value"] for log in one["properties"].get("logs") or []]
            stores[call.arguments["id"]] = any(log["enabled"] for log in logs)
    yield from _all_or_some(stores, "access logged", "access not logged")


def _of_config(resource: str, config: Mapping[str, Any] | None, rate: str, default: float) -> Item:
    """`default` is what Google samples where the rate is not named. Source: Compute Engine API."""
    wanted = f"logged, at least {ENOUGH:.0%} sampled"
    if not config or not config.get("enable"):
        return failed(resource, "not logged", wanted)
    share = config.get(rate, default)
    say = passed(resource, f"{share:.0%} sampled")
    return say if share >= ENOUGH else warned(resource, f"{share:.0%} sampled", wanted)


def _gcp(case: Case) -> Iterator[Item]:
    """A subnet is used when a machine stands in it."""
    machines = aggregated(case.answers, "compute.v1:instances.aggregatedList", "instances")
    cards = (card for machine in machines for card in machine.get("networkInterfaces") or [])
    used = {path_of(card["subnetwork"]) for card in cards if card.get("subnetwork")}
    for subnet in aggregated(case.answers, "compute.v1:subnetworks.list", "subnetworks"):
        if path_of(subnet["selfLink"]) in used and subnet.get("purpose", ORDINARY[0]) in ORDINARY:
            yield _of_config(full_name(subnet), subnet.get("logConfig"), "flowSampling", 0.5)
    for backend in aggregated(case.answers, "compute.v1:backendServices.list", "backendServices"):
        if backend["loadBalancingScheme"] in EXTERNAL:
            yield _of_config(full_name(backend), backend.get("logConfig"), "sampleRate", 1.0)


def _digitalocean(case: Case) -> Iterator[Item]:
    """Every database counts as production that does not say otherwise by its tags."""
    sinks = joined(case.answers, "GET /v2/databases/{database_cluster_uuid}/logsink", "database_cluster_uuid", "sinks")
    for database in case.answers.items("GET /v2/databases", "databases"):
        if not is_critical(database.get("tags")):
            continue
        kinds = [sink["sink_type"] for sink in sinks.get(database["id"], [])]
        if kinds:
            yield passed(database["id"], f"logs sent to {', '.join(kinds)}")
        else:
            yield failed(database["id"], "no log sink", "a log sink")


CONTROL = Control(
    id="CW-LOG-03",
    name="Network and data access leave traces",
    category="logging",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.2", "CC6.6"),
    objective="Flow, balancer, bucket, firewall and database logs exist where data crosses a boundary.",
    owner_role="security",
    remediations=("aws.ec2.create_flow_logs", "gcp.compute.enable_subnet_logs"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "ec2.describe_vpcs",
                "ec2.describe_flow_logs",
                "elbv2.describe_load_balancer_attributes",
                "s3.get_bucket_logging",
                "wafv2.get_logging_configuration",
                "ec2.describe_network_interfaces",
                "elbv2.describe_load_balancers",
                "wafv2.list_web_acls",
                "s3.get_bucket_tagging",
            ),
            passes=(
                "Every used VPC has an active flow log of all traffic, and public balancers, web ACLs and "
                "sensitive buckets log."
            ),
            warns="A flow log takes up only accepted or only rejected traffic.",
            fails="A used VPC has no flow log, or a public balancer, a web ACL or a sensitive bucket does not log.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Network/networkWatchers/flowLogs",
                "GET Microsoft.Insights/diagnosticSettings",
                "GET Microsoft.Network/virtualNetworks",
            ),
            passes=(
                "Flows of every used network are recorded, and access to every vault and store of blobs is logged."
            ),
            warns="Only some of them are.",
            fails="None of the networks, or none of the vaults and stores, is.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(
                "compute.v1:subnetworks.list",
                "compute.v1:backendServices.list",
                "compute.v1:instances.aggregatedList",
            ),
            passes="Every used subnet and external backend logs, at least half of its traffic.",
            warns="It logs less than half.",
            fails="It does not log.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/databases/{database_cluster_uuid}/logsink", "GET /v2/databases"),
            passes="Each production database sends its logs to a sink.",
            fails="A production database has no log sink.",
            judge=_digitalocean,
        ),
    ),
)
