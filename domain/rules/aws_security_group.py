"""What a security group lets through, and how single entries of it are taken away and given back. No rules here."""

import ipaddress
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import Call, Step

# Names and IANA numbers. For ICMP the "ports" are message types, and other protocols have none.
PROTOCOLS_WITH_PORTS = frozenset({"tcp", "udp", "6", "17"})
ALL_PROTOCOLS = "-1"
# Where an entry of IpPermissions names the other side, and by which fields it is named in a call. AWS prints more of
# another group (its VPC, the state of the peering) than it takes. Source: EC2 API reference, IpPermission.
SIDES = {
    "IpRanges": ("CidrIp",),
    "Ipv6Ranges": ("CidrIpv6",),
    "PrefixListIds": ("PrefixListId",),
    "UserIdGroupPairs": ("GroupId", "UserId"),
}


def covered_ports(permission: dict[str, Any], ports: Collection[int]) -> list[int]:
    """Those of `ports` that one entry of IpPermissions covers; a range without ends covers all."""
    protocol = str(permission.get("IpProtocol", ""))
    if protocol == ALL_PROTOCOLS:
        return sorted(ports)
    if protocol not in PROTOCOLS_WITH_PORTS:
        return []
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if first is None or last is None or first == -1:
        return sorted(ports)
    return [port for port in sorted(ports) if first <= port <= last]


def world_sources(permission: dict[str, Any]) -> list[str]:
    """The networks of an entry that are every IPv4 or every IPv6 address."""
    ranges = [entry.get("CidrIp") for entry in permission.get("IpRanges") or []]
    ranges += [entry.get("CidrIpv6") for entry in permission.get("Ipv6Ranges") or []]
    return [cidr for cidr in ranges if cidr and _is_everyone(cidr)]


def open_to_world(group: Resource, ports: Collection[int]) -> list[dict[str, Any]]:
    """The entries of IpPermissions by which everybody reaches one of these ports."""
    permissions = group.config.get("IpPermissions") or []
    return [one for one in permissions if world_sources(one) and covered_ports(one, ports)]


def without_friends(permission: dict[str, Any]) -> dict[str, Any]:
    """The entry with its sources that are the whole world, and none of its others."""
    kept = {key: value for key, value in permission.items() if key not in SIDES}
    v4 = [one for one in permission.get("IpRanges") or [] if _is_everyone(one.get("CidrIp") or "")]
    v6 = [one for one in permission.get("Ipv6Ranges") or [] if _is_everyone(one.get("CidrIpv6") or "")]
    return {**kept, "IpRanges": v4, "Ipv6Ranges": v6}


def revoked(group: Resource, permissions: Sequence[dict[str, Any]], direction: str = "ingress") -> tuple[Step, ...]:
    """A step for each entry, which takes it away whole; `direction` is ingress or egress."""
    return tuple(_revoked(group, number, one, direction) for number, one in enumerate(permissions, start=1))


def _revoked(group: Resource, number: int, permission: dict[str, Any], direction: str) -> Step:
    told = f"{_traffic(permission)} {'from' if direction == 'ingress' else 'to'} {' and '.join(_sides(permission))}"
    given, bare = _sets(permission, ("Description",)), _sets(permission)
    back = Step(
        name=f"back-{direction}-{number}",
        says=f"Let {told} through {group.native_id} again.",
        call=Call(
            operation=f"ec2.authorize_security_group_{direction}",
            region=group.region,
            arguments={"GroupId": group.native_id, "IpPermissions": given},
        ),
        gone=("InvalidPermission.Duplicate",),
    )
    return Step(
        name=f"{direction}-{number}",
        says=f"Stop {told} at {group.native_id}.",
        call=Call(
            operation=f"ec2.revoke_security_group_{direction}",
            region=group.region,
            arguments={"GroupId": group.native_id, "IpPermissions": bare},
        ),
        gone=("InvalidPermission.NotFound",),
        undo=(back,),
    )


def _sets(permission: dict[str, Any], also: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The entry as calls take it: networks and groups may not stand in one set. Source: RevokeSecurityGroupIngress."""
    doors = {
        key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if permission.get(key) not in (None, "")
    }
    found = []
    for side, fields in SIDES.items():
        named = [
            {key: one[key] for key in (*fields, *also) if one.get(key) not in (None, "")}
            for one in permission.get(side) or []
        ]
        found += [{**doors, side: named}] if named else []
    return found


def _sides(permission: dict[str, Any]) -> Iterator[str]:
    for side, fields in SIDES.items():
        yield from (str(one.get(fields[0])) for one in permission.get(side) or [])


def _traffic(permission: dict[str, Any]) -> str:
    protocol = str(permission.get("IpProtocol", ""))
    if protocol == ALL_PROTOCOLS:
        return "all traffic"
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if protocol not in PROTOCOLS_WITH_PORTS or first is None:
        return f"all traffic of protocol {protocol}"
    return f"{protocol} port {first}" if first == last else f"{protocol} ports {first} to {last}"


def _is_everyone(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).prefixlen == 0
    except ValueError:
        return False
