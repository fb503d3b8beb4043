"""Data stores are unreachable from the internet."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.call_index import joined
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.open_doors import open_spans, within, worldly
from domain.compliance.resource_policy import lets_in_anyone, statements
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

POSTGRESQL_RULES = "GET Microsoft.DBforPostgreSQL/flexibleServers/firewallRules"
PRIVATE = "no way in from the internet"
# The addresses of a rule for everybody, and of one for everything that runs in Azure, of other customers too.
AZURE_WORLD, AZURE_SERVICES = ("0.0.0.0", "255.255.255.255"), ("0.0.0.0", "0.0.0.0")  # noqa: S104 - rules of firewalls


def _aws(case: Case) -> Iterator[Item]:
    groups = {one["GroupId"]: one for one in case.answers.items("ec2.describe_security_groups", "SecurityGroups")}
    for one in case.answers.items("rds.describe_db_instances", "DBInstances"):
        yield _reachable(one["DBInstanceArn"], one, groups)
    for one in case.answers.items("rds.describe_db_clusters", "DBClusters"):
        # Of other clusters each instance has the flag. Source: RDS API, DBCluster, PubliclyAccessible.
        if one.get("PubliclyAccessible") is not None:
            yield _reachable(one["DBClusterArn"], {**one, "Endpoint": {"Port": one.get("Port")}}, groups)
    for one in case.answers.items("redshift.describe_clusters", "Clusters"):
        yield _reachable(one.get("ClusterNamespaceArn") or one["ClusterIdentifier"], one, groups)
    for one in case.answers.items("opensearch.describe_domains", "DomainStatusList"):
        yield _search(one)


def _reachable(resource: str, store: Mapping[str, Any], groups: Mapping[str, Any]) -> Item:
    """A database or warehouse, by its flag and by the ports that its groups open."""
    if store.get("PubliclyAccessible") is False:
        return passed(resource, "not publicly accessible")
    # While it is made it has no port yet.
    ports = [port] if (port := (store.get("Endpoint") or {}).get("Port")) else range(65_536)
    own = [one["VpcSecurityGroupId"] for one in store["VpcSecurityGroups"]]
    opened = [name for name in own if within(ports, [span for span, _ in open_spans(groups[name])])]
    if opened:
        return failed(resource, f"publicly accessible, and open to the world by {', '.join(opened)}", PRIVATE)
    return warned(resource, "publicly accessible, but no security group lets the world in", "not publicly accessible")


def _search(domain: Mapping[str, Any]) -> Item:
    if (domain.get("VPCOptions") or {}).get("VPCId"):
        return passed(domain["ARN"], "in a VPC")
    policy = domain.get("AccessPolicies")
    if policy and any(lets_in_anyone(one) for one in statements(policy)):
        return failed(domain["ARN"], "outside a VPC with a policy for everybody", "in a VPC")
    return warned(domain["ARN"], "outside a VPC, with a policy for some only", "in a VPC")


def _azure(case: Case) -> Iterator[Item]:
    rules = joined(case.answers, "GET Microsoft.Sql/servers/firewallRules", "id", "value")
    for server in case.answers.items("GET Microsoft.Sql/servers", "value"):
        yield _server(server["id"], _is_closed(server["properties"]), rules.get(server["id"], []))
    rules = joined(case.answers, POSTGRESQL_RULES, "id", "value")
    for server in case.answers.items("GET Microsoft.DBforPostgreSQL/flexibleServers", "value"):
        yield _server(server["id"], _is_closed(server["properties"]["network"]), rules.get(server["id"], []))
    for account in case.answers.items("GET Microsoft.DocumentDB/databaseAccounts", "value"):
        yield _cosmos(account)


def _is_closed(settings: Mapping[str, Any]) -> bool:
    """Whether public access is off; services of Azure that leave the field out have it on."""
    return settings.get("publicNetworkAccess") in ("Disabled", "SecuredByPerimeter")


def _server(name: str, is_closed: bool, rules: list[Mapping[str, Any]]) -> Item:
    """A SQL or PostgreSQL server by its firewall."""
    spans = [(rule["properties"]["startIpAddress"], rule["properties"]["endIpAddress"]) for rule in rules]
    if not is_closed and AZURE_WORLD in spans:
        return failed(name, "public access with a rule for every address", PRIVATE)
    named = [f"{first}-{last}" if (first, last) != AZURE_SERVICES else "all of Azure" for first, last in spans]
    return _ruled(name, is_closed, named, "public access without a rule")


def _cosmos(account: Mapping[str, Any]) -> Item:
    own = account["properties"]
    addresses = [rule["ipAddressOrRange"] for rule in own.get("ipRules") or []]
    if not _is_closed(own) and worldly(addresses):
        return failed(account["id"], "public access with a rule for every address", PRIVATE)
    networks = own.get("virtualNetworkRules") or [] if own.get("isVirtualNetworkFilterEnabled") else []
    named = [*addresses, *(rule["id"] for rule in networks)]
    return _ruled(account["id"], _is_closed(own), named, "public access without a rule")


def _ruled(resource: str, is_closed: bool, named: list[str], without: str) -> Item:
    if is_closed:
        return passed(resource, "public access is off")
    if named:
        return warned(resource, f"public access for {', '.join(named)}", "public access off")
    return failed(resource, without, "public access off")


def _gcp(case: Case) -> Iterator[Item]:
    for instance in case.answers.items("sqladmin.v1:instances.list", "items"):
        settings = instance["settings"]["ipConfiguration"]
        networks = [one["value"] for one in settings.get("authorizedNetworks") or []]
        name = f"//cloudsql.googleapis.com/projects/{case.answers.account}/instances/{instance['name']}"
        if settings["ipv4Enabled"] is False:
            yield passed(name, "no public address")
        elif worldly(networks):
            yield failed(name, f"public address open to {', '.join(worldly(networks))}", PRIVATE)
        else:
            observed = f"public address, open to {', '.join(networks) or 'no network'}"
            yield warned(name, observed, "no public address")


def _digitalocean(case: Case) -> Iterator[Item]:
    operation = "GET /v2/databases/{database_cluster_uuid}/firewall"
    rules = joined(case.answers, operation, "database_cluster_uuid", "rules")
    for database in case.answers.items("GET /v2/databases", "databases"):
        sources = [rule["value"] for rule in rules.get(database["id"], [])]
        if not sources:
            yield failed(database["id"], "no trusted source, so open to the internet", "trusted sources only")
        elif worldly(sources):
            yield failed(database["id"], f"trusts {', '.join(worldly(sources))}", "trusted sources only")
        else:
            yield passed(database["id"], f"{len(sources)} trusted sources")


CONTROL = Control(
    id="CW-NET-02",
    name="Data stores are unreachable from the internet",
    category="network",
    severity=Severity.CRITICAL,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.6", "CC6.1"),
    objective="Databases, caches and search clusters answer only inside.",
    owner_role="security",
    remediations=(
        "aws.rds.disable_public_access",
        "digitalocean.db.set_trusted_sources",
        "azure.sql.disable_public_network",
    ),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "rds.describe_db_instances",
                "rds.describe_db_clusters",
                "redshift.describe_clusters",
                "opensearch.describe_domains",
                "ec2.describe_security_groups",
            ),
            passes="No database or warehouse is publicly accessible, and every search domain is in a VPC.",
            warns=(
                "One is publicly accessible but no security group lets the world in, or a search domain is outside a"
                " VPC with a policy for some only."
            ),
            fails=(
                "One is publicly accessible and a security group lets the world in, or a search domain is outside a"
                " VPC with a policy for everybody."
            ),
            judge=_aws,
            version=2,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Sql/servers",
                "GET Microsoft.Sql/servers/firewallRules",
                "GET Microsoft.DBforPostgreSQL/flexibleServers",
                POSTGRESQL_RULES,
                "GET Microsoft.DocumentDB/databaseAccounts",
            ),
            passes="Public network access is off.",
            warns="Public network access is on for named addresses and networks only.",
            fails="A rule lets in 0.0.0.0 to 255.255.255.255, or public network access is on and no rule is set.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("sqladmin.v1:instances.list",),
            passes="The instance has no public address.",
            warns="It has a public address for named networks.",
            fails="It has a public address, and the authorized networks contain 0.0.0.0/0.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/databases", "GET /v2/databases/{database_cluster_uuid}/firewall"),
            passes="The cluster names its trusted sources, and none of them is 0.0.0.0/0.",
            fails="It names no trusted source, which leaves it open to all, or trusts 0.0.0.0/0.",
            judge=_digitalocean,
        ),
    ),
)
