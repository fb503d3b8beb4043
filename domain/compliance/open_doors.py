"""What ranges of addresses and ports let in, as the clouds write them in their rules."""

from collections.abc import Iterable, Mapping
from typing import Any

# Everybody, in both versions of the internet protocol.
WORLD = frozenset({"0.0.0.0/0", "::/0"})
EVERY_PORT = (0, 65_535)
Span = tuple[int, int]


def worldly(addresses: Iterable[str]) -> list[str]:
    """Those of the ranges that are the whole internet."""
    return sorted(WORLD.intersection(addresses))


def span_of(text: str) -> Span:
    """The ports of "22", "20-25", "*", "all" and, as DigitalOcean writes all of them, "0". Raises ValueError."""
    if text in ("*", "all", "0"):
        return EVERY_PORT
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def within(ports: Iterable[int], spans: Iterable[Span]) -> list[int]:
    """The ports that lie in one of the spans, in order."""
    ranges = list(spans)
    return sorted(port for port in ports if any(first <= port <= last for first, last in ranges))


def said(ports: Iterable[int]) -> str:
    """The ports in words: "port 22", "ports 22, 3389"."""
    found = sorted(ports)
    return f"port{'s' if len(found) > 1 else ''} {', '.join(str(port) for port in found)}"


def open_spans(group: Mapping[str, Any]) -> list[tuple[Span, list[str]]]:
    """What a security group of EC2 lets in from the whole internet: the ports, and from where.

    Prefix lists are not looked into. Source: EC2 API reference, IpPermission: protocol -1 is all of them with all
    ports, and only TCP and UDP have ports.
    """
    found = []
    for rule in group["IpPermissions"]:
        ranges = [one["CidrIp"] for one in rule.get("IpRanges") or []]
        ranges += [one["CidrIpv6"] for one in rule.get("Ipv6Ranges") or []]
        span = _span(rule)
        if span and (world := worldly(ranges)):
            found.append((span, world))
    return found


def _span(rule: Mapping[str, Any]) -> Span | None:
    protocol = str(rule["IpProtocol"])
    if protocol == "-1":
        return EVERY_PORT
    return (rule["FromPort"], rule["ToPort"]) if protocol in ("tcp", "udp", "6", "17") else None
