"""Security groups that let the whole internet knock on the doors administrators use."""

import ipaddress
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

ADMIN_PORTS = {22: "SSH", 3389: "RDP"}
# Names and IANA numbers. For ICMP the "ports" are message types, and other protocols have none.
PROTOCOLS_WITH_PORTS = frozenset({"tcp", "udp", "6", "17"})
ALL_PROTOCOLS = "-1"


def is_admin_open(group: Resource, _: RuleContext) -> Observation | None:
    """Fires when an ingress rule lets every IPv4 or IPv6 address reach port 22 or 3389."""
    open_doors = [(permission, _world(permission)) for permission in group.config.get("IpPermissions") or []]
    guilty = [(permission, sources) for permission, sources in open_doors if sources and admin_ports(permission)]
    if not guilty:
        return None
    ports = sorted({port for permission, _ in guilty for port in admin_ports(permission)})
    sources = sorted({source for _, found in guilty for source in found})
    named = " and ".join(f"{ADMIN_PORTS[port]} (port {port})" for port in ports)
    return Observation(
        reason=f"Security group {group.name} lets {' and '.join(sources)} reach {named}.",
        observed={"ports": ports, "sources": sources, "permissions": [permission for permission, _ in guilty]},
    )


def admin_ports(permission: dict[str, Any]) -> list[int]:
    """The administration ports that one entry of IpPermissions covers; a range without ends covers all."""
    protocol = str(permission.get("IpProtocol", ""))
    if protocol == ALL_PROTOCOLS:
        return sorted(ADMIN_PORTS)
    if protocol not in PROTOCOLS_WITH_PORTS:
        return []
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if first is None or last is None or first == -1:
        return sorted(ADMIN_PORTS)
    return [port for port in sorted(ADMIN_PORTS) if first <= port <= last]


def _world(permission: dict[str, Any]) -> list[str]:
    ranges = [entry.get("CidrIp") for entry in permission.get("IpRanges") or []]
    ranges += [entry.get("CidrIpv6") for entry in permission.get("Ipv6Ranges") or []]
    return [cidr for cidr in ranges if cidr and _is_everyone(cidr)]


def _is_everyone(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).prefixlen == 0
    except ValueError:
        return False


def _group(protocol: str, first: int | None, last: int | None, **sources: list[dict[str, str]]) -> Resource:
    permission = {"IpProtocol": protocol, "FromPort": first, "ToPort": last, **sources}
    return Resource(
        kind=ResourceKind.AWS_SECURITY_GROUP,
        native_id="sg-1",
        name="web",
        region="us-east-1",
        config={"GroupId": "sg-1", "IpPermissions": [permission]},
    )


ANYONE = [{"CidrIp": "0.0.0.0/0"}]

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
    blind_spots="Whether anything uses the group, network access lists, managed prefix lists, and a world cut into "
    "pieces (0.0.0.0/1 with 128.0.0.0/1) are not looked at.",
    needs=("IpPermissions",),
    check=is_admin_open,
    examples=(
        fires(_group("tcp", 22, 22, IpRanges=ANYONE)),
        fires(_group("tcp", 3000, 4000, Ipv6Ranges=[{"CidrIpv6": "::/0"}])),
        fires(_group("-1", None, None, IpRanges=ANYONE)),
        quiet(_group("tcp", 22, 22, IpRanges=[{"CidrIp": "10.0.0.0/8"}])),
        quiet(_group("tcp", 443, 443, IpRanges=ANYONE)),
    ),
)
