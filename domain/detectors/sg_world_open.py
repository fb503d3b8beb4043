"""A door of administrators or databases that was opened to the whole internet."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from domain.detection.cloudtrail import as_object, asked, is_call, listed
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

# Where administrators and databases listen (IANA service names and port numbers).
DOORS = (22, 1433, 3306, 3389, 5432, 6379, 27017)


def is_world_open(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when a rule lets every address reach one of these doors."""
    if not is_call(event, "AuthorizeSecurityGroupIngress"):
        return None
    request = asked(event)
    opened = {door for rule in _rules(request) if _is_everyone(rule) for door in _doors(rule)}
    if not opened:
        return None
    group = str(request.get("groupId") or request.get("groupName") or "a security group")
    doors = ", ".join(str(door) for door in sorted(opened))
    return Sighting(message=f"{event.principal} has {group} let the whole internet reach port {doors}.", resource=group)


def _rules(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield request  # the old form has one rule at the top
    yield from (as_object(one) for one in listed(request.get("ipPermissions")))


def _is_everyone(rule: dict[str, Any]) -> bool:
    ranges = [rule, *listed(rule.get("ipRanges")), *listed(rule.get("ipv6Ranges"))]
    return any(_is_world(as_object(one).get("cidrIp")) or _is_world(as_object(one).get("cidrIpv6")) for one in ranges)


def _is_world(cidr: Any) -> bool:
    try:
        return isinstance(cidr, str) and ipaddress.ip_network(cidr, strict=False).prefixlen == 0
    except ValueError:
        return False


def _doors(rule: dict[str, Any]) -> list[int]:
    if str(rule.get("ipProtocol")) == "-1":
        return list(DOORS)
    try:
        first, last = int(rule["fromPort"]), int(rule["toPort"])
    except (KeyError, TypeError, ValueError):
        return []
    return [door for door in DOORS if first <= door <= last]


def _opened(cidr: str, first: Any, last: Any, protocol: str = "tcp") -> dict[str, Any]:
    rule = {"ipProtocol": protocol, "fromPort": first, "toPort": last, "ipRanges": {"items": [{"cidrIp": cidr}]}}
    return {"groupId": "sg-1", "ipPermissions": {"items": [rule]}}


def _opened_v6(cidr: str) -> dict[str, Any]:
    rule = {"ipProtocol": "tcp", "fromPort": 0, "toPort": 65535, "ipv6Ranges": {"items": [{"cidrIpv6": cidr}]}}
    return {"groupId": "sg-1", "ipPermissions": {"items": [rule]}}


_CALL = "AuthorizeSecurityGroupIngress"
_OLD_FORM = {"cidrIp": "8.8.8.8/0", "fromPort": 22, "toPort": 22, "ipProtocol": "tcp", "ipPermissions": {}}

DETECTOR = Detector(
    id="sg-world-open",
    title="A security group was opened to the whole internet",
    severity=Severity.HIGH,
    source="AWS Security Hub EC2.13, EC2.14, EC2.19; MITRE ATT&CK T1562.007",
    blind_spots="Ranges that add up to everything, prefix lists, and rules that are changed by "
    "ModifySecurityGroupRules. "
    "Whether anything listens behind the door is not looked at.",
    check=is_world_open,
    examples=(
        fires(call(_CALL, "ec2", request=_opened("0.0.0.0/0", 22, 22))),
        fires(call(_CALL, "ec2", request=_opened("0.0.0.0/0", "5000", "6000"))),
        fires(call(_CALL, "ec2", request=_opened("0.0.0.0/0", None, None, "-1"))),
        fires(call(_CALL, "ec2", request=_opened_v6("::/0"))),
        fires(call(_CALL, "ec2", request=_OLD_FORM)),
        quiet(call(_CALL, "ec2", request=_opened("0.0.0.0/0", 443, 443))),
        quiet(call(_CALL, "ec2", request=_opened("10.0.0.0/8", 22, 22))),
        quiet(call(_CALL, "ec2", request=_opened("nonsense", 22, 22))),
        quiet(call(_CALL, "ec2", request=_opened("0.0.0.0/0", None, None))),
        quiet(call(_CALL, "ec2", request=_opened("0.0.0.0/0", 22, 22), error="AccessDenied")),
    ),
)
