"""Firewall rules that let the whole internet in where only few have business."""

from collections.abc import Iterable
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_step import compute_step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

EVERYWHERE = ("0.0.0.0/0", "::/0")
ADMIN_PORTS = {22: "SSH", 3389: "RDP"}
DATABASE_PORTS = {1433: "SQL Server", 3306: "MySQL", 5432: "PostgreSQL", 6379: "Redis", 27017: "MongoDB"}
# Names and numbers that stand for TCP. Source: Compute Engine, firewalls, allowed[].IPProtocol.
TCP = ("tcp", "6", "all")
BLIND_SPOTS = (
    "A rule of a higher priority that denies is not weighed, nor whether a machine is behind it at all. Ranges that "
    "together come to the whole internet are not summed up. Firewall policies of the organization are not read."
)


def opens_admin(firewall: Resource, _: RuleContext) -> Observation | None:
    """Fires on SSH and RDP from everywhere."""
    return _opens(firewall, ADMIN_PORTS)


def opens_databases(firewall: Resource, _: RuleContext) -> Observation | None:
    """Fires on the ports of databases from everywhere."""
    return _opens(firewall, DATABASE_PORTS)


def disable(firewall: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The rule stops counting, with all it allows; its text stays."""
    back = _switched(firewall, "enable", False, f"Let the firewall rule {firewall.name} count again.")
    says = f"Switch the firewall rule {firewall.name} off. It then lets in nothing of {_allowed(firewall)} any more."
    return (_switched(firewall, "disable", True, says, undo=(back,)),)


def _opens(firewall: Resource, ports: dict[int, str]) -> Observation | None:
    config = firewall.config
    sources = sorted(set(config.get("sourceRanges") or ()) & set(EVERYWHERE))
    if config.get("direction") != "INGRESS" or config.get("disabled") or not sources:
        return None
    covered = [name for port, name in ports.items() if _covers(config.get("allowed") or (), port)]
    if not covered:
        return None
    return Observation(
        reason=f"Firewall rule {firewall.name} lets {' and '.join(covered)} in from {' and '.join(sources)}.",
        observed={"sourceRanges": sources, "allowed": config["allowed"], "covered": covered},
    )


def _covers(allowed: Iterable[dict[str, Any]], port: int) -> bool:
    """Whether one of these lets a TCP port in. Without ports an entry stands for all of them."""
    return any(
        not one.get("ports") or any(_is_within(port, ports) for ports in one["ports"])
        for one in allowed
        if str(one.get("IPProtocol")).lower() in TCP
    )


def _is_within(port: int, ports: str) -> bool:
    first, _, until = ports.partition("-")
    return int(first) <= port <= int(until or first)


def _allowed(firewall: Resource) -> str:
    """Everything the rule lets in, so that it is known what else is closed."""
    entries = firewall.config["allowed"]
    return "; ".join(f"{one['IPProtocol']} {', '.join(one.get('ports') or ['all ports'])}" for one in entries)


def _switched(firewall: Resource, name: str, is_off: bool, says: str, undo: tuple[Step, ...] = ()) -> Step:
    arguments = {"firewall": firewall.name, "disabled": is_off}
    return compute_step(name, says, "firewalls.patch", {}, arguments, undo=undo)


def _firewall(*allowed: dict[str, Any], **config: Any) -> Resource:
    plain = {"direction": "INGRESS", "disabled": False, "sourceRanges": ["10.0.0.0/8", "0.0.0.0/0"]}
    name = "global/firewalls/let-in"
    return example.compute(ResourceKind.GCP_FIREWALL, name, **{**plain, "allowed": list(allowed), **config})


SSH, WEB = {"IPProtocol": "tcp", "ports": ["22", "443"]}, {"IPProtocol": "tcp", "ports": ["80", "443"]}
REMEDY = Remedy(
    says="Switches the firewall rule off; its text stays.",
    plan=disable,
    reversible=Reversible.YES,
    permissions=("compute.firewalls.update", "compute.networks.updatePolicy", "compute.globalOperations.get"),
)

ADMIN_OPEN = Rule(
    id="gcp-firewall-admin-open",
    title="SSH or RDP is open to the internet",
    description="Ports for administration that everybody reaches are tried by strangers day and night.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GCP_FIREWALL,
    permissions=("compute.firewalls.list",),
    source="Compute Engine, firewalls.list; CIS Google Cloud Foundation 3.6 and 3.7",
    blind_spots=BLIND_SPOTS,
    needs=("direction",),
    check=opens_admin,
    group="network-exposure",
    remedy=REMEDY,
    examples=(
        fires(_firewall(SSH)),
        fires(_firewall({"IPProtocol": "tcp", "ports": ["3000-4000"]}, sourceRanges=["::/0"])),
        fires(_firewall({"IPProtocol": "all"})),
        quiet(_firewall(WEB)),
        quiet(_firewall({"IPProtocol": "udp"})),
        quiet(_firewall(SSH, sourceRanges=["10.0.0.0/8"])),
        quiet(_firewall(SSH, disabled=True)),
        quiet(_firewall(SSH, direction="EGRESS")),
    ),
)

DATABASE_OPEN = Rule(
    id="gcp-firewall-database-open",
    title="Port of a database is open to the internet",
    description="A database that everybody reaches is one weak password away from being read.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GCP_FIREWALL,
    permissions=("compute.firewalls.list",),
    source="Compute Engine, firewalls.list",
    blind_spots=f"{BLIND_SPOTS} Databases on other ports than their usual ones are not known.",
    needs=("direction",),
    check=opens_databases,
    group="network-exposure",
    remedy=REMEDY,
    examples=(
        fires(_firewall({"IPProtocol": "tcp", "ports": ["5432"]})),
        fires(_firewall({"IPProtocol": "6"})),
        quiet(_firewall(SSH)),
        quiet(_firewall({"IPProtocol": "tcp", "ports": ["5432"]}, sourceRanges=["198.51.100.0/24"])),
    ),
)
