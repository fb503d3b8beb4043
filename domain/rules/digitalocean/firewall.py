"""Firewalls that let everybody in, and droplets that have none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.digitalocean_droplet import is_public
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RULES, DROPLETS = "/v2/firewalls/{firewall_id}/rules", "/v2/firewalls/{firewall_id}/droplets"
EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})
# Source: DigitalOcean API, firewalls: "0" or "all" when all ports are open.
ALL_PORTS, LAST_PORT = frozenset({"0", "all"}), 65535
# Remote Desktop comes over UDP too.
ADMIN_PORTS = {"tcp": (22, 3389), "udp": (3389,)}


def is_without(droplet: Resource, _: RuleContext) -> Observation | None:
    """Fires on a droplet with a public address and no firewall."""
    if droplet.config.get("firewalls") != [] or not is_public(droplet):
        return None
    return Observation(
        reason=f"Droplet {droplet.name} has a public address and no firewall before it.",
        observed={"firewalls": [], "networks": droplet.config["networks"]},
    )


def lets_everybody_in(firewall: Resource, _: RuleContext) -> Observation | None:
    """Fires when an inbound rule opens SSH or Remote Desktop to every address."""
    ports = sorted({port for rule in _inbound(firewall) for port in _opened(rule)})
    if not ports:
        return None
    return Observation(
        reason=f"Firewall {firewall.name} lets every address reach port {' and '.join(map(str, ports))}.",
        observed={"ports": ports, "rules": [rule for rule in _inbound(firewall) if _opened(rule)]},
    )


def add_to_firewall(droplet: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The firewall of a droplet with the same tags, or the only one there is. Raises NoPlan for no such one."""
    firewall = _obvious(droplet, context)
    given = {"firewall_id": firewall.native_id, "droplet_ids": [droplet.config["id"]]}
    ports = ", ".join(f"{rule['protocol']} {rule['ports']}" for rule in _inbound(firewall)) or "nothing"
    return (
        Step(
            name="add",
            says=f"Put droplet {droplet.name} behind the firewall {firewall.name}, which lets in {ports}.",
            call=Call(operation=f"POST {DROPLETS}", arguments=given),
            wait=_applied(firewall.native_id),
            undo=(
                Step(
                    name="back",
                    says=f"Take droplet {droplet.name} out of the firewall {firewall.name}.",
                    call=Call(operation=f"DELETE {DROPLETS}", arguments=given),
                    gone=("404",),
                    wait=_applied(firewall.native_id),
                ),
            ),
        ),
    )


def _obvious(droplet: Resource, context: RuleContext) -> Resource:
    firewalls = {
        one.native_id: one
        for one in context.every(ResourceKind.DIGITALOCEAN_FIREWALL)
        if not any(_opened(rule) for rule in _inbound(one))
    }
    tags = set(droplet.config.get("tags") or [])
    siblings = [
        one
        for one in context.every(ResourceKind.DIGITALOCEAN_DROPLET)
        if tags and set(one.config.get("tags") or []) == tags
    ]
    theirs = {wall["id"] for one in siblings for wall in one.config.get("firewalls") or []} & set(firewalls)
    candidates = theirs or set(firewalls)
    if len(candidates) != 1:
        raise NoPlan(f"No firewall is the obvious one for droplet {droplet.name}: choose it, or make one.")
    return firewalls[candidates.pop()]


def close(firewall: Resource, _: RuleContext) -> tuple[Step, ...]:
    """What else the rules let in is let in by new rules first; then they go."""
    faulty = [rule for rule in _inbound(firewall) if _opened(rule)]
    kept = [rule for rule in _inbound(firewall) if rule not in faulty]
    rest = [part for rule in faulty for part in _without_fault(rule)]
    added = [part for number, part in enumerate(rest) if part not in kept and part not in rest[:number]]
    name = firewall.name
    removal = _changed(firewall, "DELETE", "close", f"Close what {name} opens to everybody: {_named(faulty)}.", faulty)
    opening = _changed(firewall, "POST", "back", f"Open again in {name}: {_named(faulty)}.", faulty)
    steps = (removal.model_copy(update={"undo": (opening,)}),)
    if not added:
        return steps
    keeping = _changed(firewall, "POST", "keep", f"Go on letting in through {name}: {_named(added)}.", added)
    taking = _changed(firewall, "DELETE", "unkeep", f"Take out of {name} again: {_named(added)}.", added)
    return (keeping.model_copy(update={"undo": (taking,)}), *steps)


def _changed(firewall: Resource, method: str, name: str, says: str, rules: Sequence[Mapping[str, Any]]) -> Step:
    return Step(
        name=name,
        says=says,
        call=Call(
            operation=f"{method} {RULES}", arguments={"firewall_id": firewall.native_id, "inbound_rules": list(rules)}
        ),
        gone=("404",) if method == "DELETE" else (),
        wait=_applied(firewall.native_id),
    )


def _applied(firewall_id: str) -> Look:
    """Until the firewall is at work on every droplet."""
    call = Call(operation="GET /v2/firewalls/{firewall_id}", arguments={"firewall_id": firewall_id})
    return Look(call=call, path="firewall.status", ready=("succeeded",), failed=("failed",))


def _named(rules: Iterable[Mapping[str, Any]]) -> str:
    return ", ".join(f"{rule['protocol']} {rule['ports']} from {_sources(rule)}" for rule in rules)


def _sources(rule: Mapping[str, Any]) -> str:
    return " and ".join(str(one) for found in rule["sources"].values() for one in found or [])


def _inbound(firewall: Resource) -> list[Mapping[str, Any]]:
    return firewall.config.get("inbound_rules") or []


def _opened(rule: Mapping[str, Any]) -> list[int]:
    """The ports of administrators that a rule opens to every address."""
    if EVERYBODY.isdisjoint((rule.get("sources") or {}).get("addresses") or []):
        return []
    first, last = _span(rule["ports"])
    return [port for port in ADMIN_PORTS.get(rule["protocol"], ()) if first <= port <= last]


def _span(ports: str) -> tuple[int, int]:
    if ports in ALL_PORTS:
        return 1, LAST_PORT
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


def _without_fault(rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rule for those it names beside everybody, and for everybody what is no port of administrators."""
    sources = rule["sources"]
    named = {**sources, "addresses": [one for one in sources["addresses"] if one not in EVERYBODY]}
    others = {key: found for key, found in named.items() if found}
    parts = [{**rule, "sources": others}] if others else []
    everybody = {"addresses": [one for one in sources["addresses"] if one in EVERYBODY]}
    first, last = _span(rule["ports"])
    for port in (*_opened(rule), last + 1):
        if first < port:
            ports = str(first) if first == port - 1 else f"{first}-{port - 1}"
            parts.append({**rule, "ports": ports, "sources": everybody})
        first = port + 1
    return parts


def _rule(ports: str, *addresses: str, protocol: str = "tcp", **sources: Any) -> dict[str, Any]:
    given = {**sources, **({"addresses": list(addresses)} if addresses else {})}
    return {"protocol": protocol, "ports": ports, "sources": given}


def _firewall(*rules: dict[str, Any], native_id: str = "fw-1") -> Resource:
    config = {"id": native_id, "inbound_rules": list(rules), "droplet_ids": []}
    return Resource(kind=ResourceKind.DIGITALOCEAN_FIREWALL, native_id=native_id, name="web", config=config)


def _droplet(number: int = 7, *firewalls: str, address: str = "public", **config: Any) -> Resource:
    networks = {"v4": [{"ip_address": "192.0.2.7", "type": address}], "v6": None}
    walls = [{"id": one} for one in firewalls]
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_DROPLET,
        native_id=str(number),
        name=f"web-{number}",
        config={"id": number, "networks": networks, "firewalls": walls, "tags": ["web"], **config},
    )


FIREWALL_MISSING = Rule(
    id="digitalocean-firewall-missing",
    title="Droplet with a public address has no firewall",
    description="Every port that a program opens is open to the internet.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_DROPLET,
    permissions=("droplet:read", "firewall:read"),
    source="DigitalOcean API, firewalls of a droplet",
    blind_spots="A firewall inside the droplet is not seen.",
    needs=("firewalls", "networks"),
    also_reads=(ResourceKind.DIGITALOCEAN_FIREWALL,),
    check=is_without,
    group="network-exposure",
    remedy=Remedy(
        says="Puts the droplet behind the firewall of its like, or behind the only one there is.",
        plan=add_to_firewall,
        reversible=Reversible.YES,
        permissions=("firewall:update",),
    ),
    examples=(
        fires(_droplet(), _firewall(_rule("443", "0.0.0.0/0"))),
        fires(_droplet(), _droplet(8, "fw-1"), _firewall(), _firewall(native_id="fw-2")),
        fires(_droplet(), _firewall(), _firewall(native_id="fw-2")),
        fires(_droplet(tags=None), _firewall(_rule("22", "0.0.0.0/0"))),
        quiet(_droplet(7, "fw-1")),
        quiet(_droplet(address="private")),
    ),
)

FIREWALL_ADMIN_OPEN = Rule(
    id="digitalocean-firewall-admin-open",
    title="Firewall opens SSH or Remote Desktop to everybody",
    description="Ports of administrators that anybody reaches are tried day and night.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_FIREWALL,
    permissions=("firewall:read",),
    source="DigitalOcean API, inbound_rules of a firewall",
    blind_spots="Whether anything listens there is not seen, nor a service of administrators on another port.",
    needs=("inbound_rules",),
    check=lets_everybody_in,
    group="network-exposure",
    remedy=Remedy(
        says="Closes the ports to everybody and keeps what else the rules let in.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("firewall:update",),
    ),
    examples=(
        fires(_firewall(_rule("22", "0.0.0.0/0", "::/0"), _rule("443", "0.0.0.0/0"))),
        fires(_firewall(_rule("22", "0.0.0.0/0", "192.0.2.0/24", tags=["gate"]), _rule("22", "192.0.2.0/24"))),
        fires(_firewall(_rule("0", "::/0"))),
        fires(_firewall(_rule("3389", "::/0", protocol="udp"))),
        fires(_firewall(_rule("20-22", "::/0"))),
        quiet(_firewall(_rule("22", "192.0.2.0/24"), _rule("443", "0.0.0.0/0"))),
        quiet(_firewall(_rule("22", "::/0", protocol="udp"), _rule("0", "::/0", protocol="icmp"))),
        quiet(_firewall(_rule("22", tags=["gate"]))),
    ),
)
