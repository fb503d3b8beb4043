"""Security groups that let the whole internet in where only few should knock, or that lie open unused."""

from collections.abc import Mapping
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_security_group import covered_ports, open_to_world, revoked, without_friends, world_sources
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

INTERFACE = ResourceKind.AWS_NETWORK_INTERFACE
ADMIN_PORTS = {22: "SSH", 3389: "RDP"}
# Where these listen unless told otherwise. Source: the service names and port numbers of IANA, and their manuals.
DATABASE_PORTS = {
    1433: "SQL Server",
    1521: "Oracle",
    3306: "MySQL",
    5432: "PostgreSQL",
    5439: "Redshift",
    6379: "Redis",
    9200: "Elasticsearch",
    11211: "Memcached",
    27017: "MongoDB",
}


def is_admin_open(group: Resource, _: RuleContext) -> Observation | None:
    """Fires when an ingress rule lets every IPv4 or IPv6 address reach port 22 or 3389."""
    return _open(group, ADMIN_PORTS)


def is_database_open(group: Resource, _: RuleContext) -> Observation | None:
    """Fires when an ingress rule lets every IPv4 or IPv6 address reach the usual port of a database."""
    return _open(group, DATABASE_PORTS)


def _open(group: Resource, named_ports: Mapping[int, str]) -> Observation | None:
    guilty = open_to_world(group, named_ports)
    if not guilty:
        return None
    ports = sorted({port for permission in guilty for port in covered_ports(permission, named_ports)})
    sources = sorted({source for permission in guilty for source in world_sources(permission)})
    named = " and ".join(f"{named_ports[port]} (port {port})" for port in ports)
    return Observation(
        reason=f"Security group {group.name} lets {' and '.join(sources)} reach {named}.",
        observed={"ports": ports, "sources": sources, "permissions": guilty},
    )


def close_admin(group: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Takes away the world from every rule that covers these ports; what a rule grants to others stays."""
    return revoked(group, [without_friends(one) for one in open_to_world(group, ADMIN_PORTS)])


def close_databases(group: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The same for the ports of databases."""
    return revoked(group, [without_friends(one) for one in open_to_world(group, DATABASE_PORTS)])


def is_default_open(group: Resource, context: RuleContext) -> Observation | None:
    """Fires on the default group of a VPC that has rules while no network interface uses it."""
    inward, outward = group.config.get("IpPermissions") or [], group.config.get("IpPermissionsEgress") or []
    if group.config.get("GroupName") != "default" or not (inward or outward):
        return None
    if not context.is_listed(INTERFACE, group.region) or any(_uses(one, group) for one in context.every(INTERFACE)):
        return None
    return Observation(
        reason=f"Default security group {group.native_id} lets traffic through, and nothing uses it yet: whatever is "
        "started without a group of its own gets it.",
        observed={"GroupName": "default", "IpPermissions": inward, "IpPermissionsEgress": outward},
    )


def _uses(interface: Resource, group: Resource) -> bool:
    return any(one.get("GroupId") == group.native_id for one in interface.config.get("Groups") or [])


def empty(group: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Takes away every rule of the group, in both directions."""
    inward, outward = group.config.get("IpPermissions") or [], group.config.get("IpPermissionsEgress") or []
    return revoked(group, inward) + revoked(group, outward, "egress")


def _group(protocol: str, first: int | None, last: int | None, **sources: list[dict[str, str]]) -> Resource:
    return _named("web", {"IpProtocol": protocol, "FromPort": first, "ToPort": last, **sources})


def _named(name: str, *permissions: dict[str, Any], **config: Any) -> Resource:
    plain = {"GroupId": "sg-1", "GroupName": name, "IpPermissions": list(permissions), "IpPermissionsEgress": []}
    return Resource(
        kind=ResourceKind.AWS_SECURITY_GROUP,
        native_id="sg-1",
        name=name,
        region="us-east-1",
        config={**plain, **config},
    )


def _interface(*group_ids: str) -> Resource:
    return Resource(
        kind=INTERFACE,
        native_id="eni-1",
        name="eni-1",
        region="us-east-1",
        config={"Groups": [{"GroupId": one} for one in group_ids]},
    )


ANYONE = [{"CidrIp": "0.0.0.0/0"}]
OUTWARD = {"IpProtocol": "-1", "IpRanges": ANYONE}
ITSELF = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "123456789012"}]}
RULES_OF_GROUPS = (
    "Whether anything uses the group, network access lists, managed prefix lists, and a world cut into pieces "
    "(0.0.0.0/1 with 128.0.0.0/1) are not looked at. A rule that is given back has another id, and no tags of its own."
)

ADMIN_OPEN = Rule(
    id="aws-sg-admin-open",
    title="SSH or RDP is open to the world",
    description="Anyone may try to sign in to the machines of this group. Open these ports to your own addresses only.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_SECURITY_GROUP,
    permissions=("ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups"),
    source="CIS AWS Foundations Benchmark 5.2 and 5.3; EC2 DescribeSecurityGroups",
    blind_spots=RULES_OF_GROUPS,
    needs=("IpPermissions",),
    check=is_admin_open,
    group="network-exposure",
    remedy=Remedy(
        says="Takes the world out of every rule that covers port 22 or 3389; a range of ports is closed to it whole.",
        plan=close_admin,
        reversible=Reversible.YES,
        permissions=("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
    ),
    examples=(
        fires(_group("tcp", 22, 22, IpRanges=ANYONE)),
        fires(_group("tcp", 3000, 4000, Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
        fires(_group("-1", None, None, IpRanges=ANYONE)),
        quiet(_group("tcp", 22, 22, IpRanges=[{"CidrIp": "10.0.0.0/8"}])),
        quiet(_group("tcp", 443, 443, IpRanges=ANYONE)),
    ),
)

DATABASE_OPEN = Rule(
    id="aws-sg-database-open",
    title="A database port is open to the world",
    description="Anyone may try passwords and faults of the database. Open its port to the machines that need it only.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_SECURITY_GROUP,
    permissions=("ec2:DescribeSecurityGroups",),
    source="AWS Security Hub EC2.19; EC2 DescribeSecurityGroups",
    blind_spots=f"A database that listens elsewhere than usual is not seen. {RULES_OF_GROUPS}",
    needs=("IpPermissions",),
    check=is_database_open,
    group="network-exposure",
    remedy=Remedy(
        says="Takes the world out of every rule that covers the port of a database; a range of ports is closed whole.",
        plan=close_databases,
        reversible=Reversible.YES,
        permissions=("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
    ),
    examples=(
        fires(_group("tcp", 5432, 5432, IpRanges=[*ANYONE, {"CidrIp": "10.0.0.0/8"}])),
        fires(_group("udp", 11211, 11211, IpRanges=ANYONE)),
        fires(_group("tcp", 0, 65535, Ipv6Ranges=[{"CidrIpv6": "::/0", "Description": "all"}])),
        quiet(_group("tcp", 5432, 5432, IpRanges=[{"CidrIp": "10.0.0.0/8"}])),
        quiet(_group("tcp", 443, 443, IpRanges=ANYONE)),
        quiet(_group("icmp", -1, -1, IpRanges=ANYONE)),
    ),
)

DEFAULT_OPEN = Rule(
    id="aws-sg-default-open",
    title="The default security group lets traffic through",
    description="What is started without a group of its own gets the default group. Empty, it protects what is "
    "forgotten.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_SECURITY_GROUP,
    permissions=("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
    source="CIS AWS Foundations Benchmark 5.4; AWS Security Hub EC2.2; EC2 DescribeSecurityGroups",
    blind_spots="A default group that something uses is left alone. Launch templates, and what is started between two "
    "looks, are not read. A rule that is given back has another id, and no tags of its own.",
    needs=("GroupName", "IpPermissions", "IpPermissionsEgress"),
    also_reads=(INTERFACE,),
    check=is_default_open,
    group="network-exposure",
    remedy=Remedy(
        says="Takes every rule out of the default group, in both directions.",
        plan=empty,
        reversible=Reversible.YES,
        permissions=(
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ),
    ),
    examples=(
        fires(_named("default", ITSELF, IpPermissionsEgress=[OUTWARD])),
        fires(_named("default", IpPermissionsEgress=[OUTWARD]), _interface("sg-2")),
        fires(_named("default", {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": ANYONE})),
        quiet(_named("default", ITSELF), _interface("sg-1")),
        quiet(_named("default")),
        quiet(_named("default", ITSELF), is_listed=lambda kind, _: kind is not INTERFACE),
        quiet(_named("web", ITSELF)),
    ),
)
