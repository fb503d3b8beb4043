"""Rules of network security groups that let the internet in where it should not be."""

from collections.abc import Iterator
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import kept, on, own
from domain.rules.rule import Check, Example, Observation, Rule, RuleContext, fires, quiet

PUT = "PUT Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}/securityRules/{securityRuleName}"
ADMIN = {22: "SSH", 3389: "RDP"}
DATABASES = {1433: "SQL Server", 3306: "MySQL", 5432: "PostgreSQL", 6379: "Redis", 27017: "MongoDB"}
ANYWHERE = frozenset({"*", "0.0.0.0/0", "::/0", "any", "internet"})
WITHOUT_PORTS = frozenset({"icmp", "esp", "ah"})
# What of a rule can be given. Source: Security Rules - Create Or Update.
GIVEN = (
    *("description", "protocol", "access", "priority", "direction"),
    *("sourcePortRange", "sourcePortRanges", "destinationPortRange", "destinationPortRanges"),
    *("sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups"),
    *("destinationAddressPrefix", "destinationAddressPrefixes", "destinationApplicationSecurityGroups"),
)


def opens(ports: dict[int, str]) -> Check:
    """Fires on a group with a rule that lets the whole internet in on one of these ports."""

    def check(group: Resource, _: RuleContext) -> Observation | None:
        found = {rule["name"]: _ports_of(rule, ports) for rule in _open_rules(group, ports)}
        if not found:
            return None
        named = sorted({f"{ports[port]} ({port})" for among in found.values() for port in among})
        return Observation(
            reason=f"Network security group {group.name} lets the whole internet in on {', '.join(named)} by its rule "
            f"{' and '.join(found)}.",
            observed={"securityRules": found},
        )

    return check


def _denied(group: Resource, ports: dict[int, str]) -> tuple[Step, ...]:
    """Those rules deny what they allowed, with all else as it was."""
    return tuple(_step(group, number, rule) for number, rule in enumerate(_open_rules(group, ports), start=1))


def deny_admin(group: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Each rule that lets the internet in on SSH or RDP denies it."""
    return _denied(group, ADMIN)


def deny_databases(group: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Each rule that lets the internet in on a database denies it."""
    return _denied(group, DATABASES)


def _step(group: Resource, number: int, rule: dict[str, Any]) -> Step:
    properties = kept(rule["properties"], GIVEN)
    whole = ", ".join(_values(rule["properties"], "destinationPortRange"))
    senders = ", ".join(_values(rule["properties"], "sourceAddressPrefix"))
    allow = Step(
        name=f"allow-{number}",
        says=f"Let the rule {rule['name']} of {group.name} allow again.",
        call=on(PUT, rule["id"], properties=properties),
    )
    return Step(
        name=f"deny-{number}",
        says=f"Let the rule {rule['name']} of {group.name} deny what it allowed: ports {whole} from {senders}.",
        call=on(PUT, rule["id"], properties={**properties, "access": "Deny"}),
        undo=(allow,),
    )


def _open_rules(group: Resource, ports: dict[int, str]) -> list[dict[str, Any]]:
    return [rule for rule in own(group).get("securityRules") or () if _is_open(rule) and _ports_of(rule, ports)]


def _is_open(rule: dict[str, Any]) -> bool:
    properties = rule.get("properties") or {}
    senders = {one.lower() for one in _values(properties, "sourceAddressPrefix")}
    return (
        properties.get("direction") == "Inbound"
        and properties.get("access") == "Allow"
        and str(properties.get("protocol")).lower() not in WITHOUT_PORTS
        and not senders.isdisjoint(ANYWHERE)
    )


def _ports_of(rule: dict[str, Any], ports: dict[int, str]) -> list[int]:
    """Those of these ports that the rule covers."""
    ranges = list(_ranges(rule["properties"]))
    return [port for port in ports if any(first <= port <= last for first, last in ranges)]


def _ranges(properties: dict[str, Any]) -> Iterator[tuple[int, int]]:
    for one in _values(properties, "destinationPortRange"):
        first, _, last = ("0-65535" if one == "*" else one).partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            yield int(first), int(last or first)


def _values(properties: dict[str, Any], name: str) -> list[str]:
    """Azure writes one value under the name, and several under its plural."""
    plural = f"{name}es" if name.endswith("x") else f"{name}s"
    one, several = properties.get(name), properties.get(plural) or ()
    return [str(value) for value in (*([one] if one else []), *several)]


def _group(**fields: Any) -> Resource:
    """A group for the examples, whose one rule lets the internet in on SSH unless said otherwise."""
    native_id = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Network/networkSecurityGroups/front"
    properties = {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 300,
        "sourcePortRange": "*",
        "sourceAddressPrefix": "Internet",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
        "provisioningState": "Succeeded",
    }
    rule = {"id": f"{native_id}/securityRules/ssh", "name": "ssh", "properties": {**properties, **fields}}
    return Resource(
        kind=ResourceKind.AZURE_NETWORK_SECURITY_GROUP,
        native_id=native_id,
        name="front",
        config={"properties": {"securityRules": [rule]}},
    )


def _examples(inside: str, outside: str) -> tuple[Example, ...]:
    """With a port that fires and one that does not."""
    several = {"sourceAddressPrefix": None, "sourceAddressPrefixes": ["10.0.0.0/8", "0.0.0.0/0"]}
    return (
        fires(_group(destinationPortRange=inside)),
        fires(_group(destinationPortRange="*", protocol="*", sourceAddressPrefix="*")),
        fires(_group(destinationPortRange=None, destinationPortRanges=["80", "20-30000"], **several)),
        quiet(_group(destinationPortRange=outside)),
        quiet(_group(destinationPortRange=inside, access="Deny")),
        quiet(_group(destinationPortRange=inside, direction="Outbound")),
        quiet(_group(destinationPortRange="*", protocol="Icmp")),
        quiet(_group(destinationPortRange=inside, sourceAddressPrefix="203.0.113.0/24")),
        quiet(_group(destinationPortRange="odd")),
    )


_SAYS = "Lets the rules deny what they allowed; their priority and their text stay."
_WRITE = ("Microsoft.Network/networkSecurityGroups/securityRules/write",)
_BLIND = (
    "Whether a rule before it denies the same, or another after it allows it, is not looked at, nor whether anything "
    "listens. A rule that also allows other ports or senders denies those too: its plan names them."
)

ADMIN_OPEN = Rule(
    id="azure-nsg-admin-open",
    title="Internet reaches SSH or RDP",
    description="Ports for administration are found and tried within minutes.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_NETWORK_SECURITY_GROUP,
    permissions=("Microsoft.Network/networkSecurityGroups/read",),
    source="CIS Azure Foundations, SSH and RDP from the internet; Network Security Groups - List All",
    blind_spots=_BLIND,
    needs=("properties",),
    check=opens(ADMIN),
    group="network-exposure",
    remedy=Remedy(says=_SAYS, plan=deny_admin, reversible=Reversible.YES, permissions=_WRITE),
    examples=_examples("22", "443"),
)

DATABASE_OPEN = Rule(
    id="azure-nsg-database-open",
    title="Internet reaches a database",
    description="A database that the internet reaches has nothing but its passwords before its data.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_NETWORK_SECURITY_GROUP,
    permissions=("Microsoft.Network/networkSecurityGroups/read",),
    source="CIS Azure Foundations, ports from the internet; Network Security Groups - List All",
    blind_spots=_BLIND,
    needs=("properties",),
    check=opens(DATABASES),
    group="network-exposure",
    remedy=Remedy(says=_SAYS, plan=deny_databases, reversible=Reversible.YES, permissions=_WRITE),
    examples=_examples("5432", "22"),
)
