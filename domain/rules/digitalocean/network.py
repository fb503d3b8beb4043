"""Addresses and load balancers that are paid for without use."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.digitalocean_price import LOAD_BALANCER_NODE, UNASSIGNED_ADDRESS
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

DAYS = 14
WEB = frozenset({"http", "https", "http2", "http3"})
# Regions without size_unit name their sizes. Source: DigitalOcean API, `size` of a load balancer.
NODES = {"lb-small": 1, "lb-medium": 3, "lb-large": 6}


def is_unassigned(address: Resource, context: RuleContext) -> Observation | None:
    """Fires on an address in no use; for at least `min_days` where CloudWatcher knows since when."""
    if "droplet" not in address.config or address.config["droplet"]:
        return None
    since = context.changed_at.get(address.native_id)
    if since is not None and context.now - since < context.days("min_days"):
        return None
    seen = f"since {since:%Y-%m-%d}" if since else "since before CloudWatcher first looked"
    return Observation(
        reason=f"Reserved address {address.native_id} has been assigned to nothing {seen} and is billed for that.",
        observed={"droplet": None, "since": since.isoformat() if since else None},
        estimated_monthly_saving=usd(UNASSIGNED_ADDRESS.usd),
        saving_formula=f"{UNASSIGNED_ADDRESS.usd} USD",
    )


def is_idle(balancer: Resource, _: RuleContext) -> Observation | None:
    """Fires on a load balancer that has nothing behind it, or that was asked for nothing on each of fourteen days."""
    config = balancer.config
    if "droplet_ids" not in config or config.get("target_load_balancer_ids") or config.get("type") == "GLOBAL":
        return None
    is_empty = not config["droplet_ids"] and not config.get("tag")
    if not is_empty and not _is_unasked(balancer):
        return None
    why = "has no droplets behind it" if is_empty else f"was asked for nothing in {DAYS} days"
    nodes = config.get("size_unit") or NODES.get(config.get("size", ""), 1)
    return Observation(
        reason=f"Load balancer {balancer.name} {why} and is billed for {nodes} node{'' if nodes == 1 else 's'}.",
        observed={"droplet_ids": config["droplet_ids"], "tag": config.get("tag"), "nodes": nodes},
        estimated_monthly_saving=usd(LOAD_BALANCER_NODE.usd * nodes),
        saving_formula=f"{nodes} * {LOAD_BALANCER_NODE.usd} USD",
    )


def _is_unasked(balancer: Resource) -> bool:
    """Only of one that speaks HTTP alone: what other connections carry is not among the requests."""
    protocols = {one.get("entry_protocol") for one in balancer.config.get("forwarding_rules") or []}
    asked = balancer.config.get("requests_per_second") or {}
    return bool(protocols) and protocols <= WEB and asked.get("days", 0) >= DAYS and asked.get("max") == 0


def release(address: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The address goes back to DigitalOcean."""
    call = Call(operation="DELETE /v2/reserved_ips/{reserved_ip}", arguments={"reserved_ip": address.native_id})
    says = f"Release the reserved address {address.native_id}; somebody else may be given it."
    return (Step(name="release", says=says, call=call, gone=("404",)),)


def delete(balancer: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The load balancer goes, and its address with it."""
    call = Call(operation="DELETE /v2/load_balancers/{lb_id}", arguments={"lb_id": balancer.native_id})
    says = f"Delete load balancer {balancer.name} ({balancer.native_id}) and its address for good."
    return (Step(name="delete", says=says, call=call, gone=("404",)),)


def _address(**config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_RESERVED_IP,
        native_id="192.0.2.1",
        name="192.0.2.1",
        region="fra1",
        config={"ip": "192.0.2.1", "droplet": None, **config},
    )


def _balancer(days: int = DAYS, most: float = 0.0, protocol: str = "https", **config: Any) -> Resource:
    """A load balancer of two nodes for the examples, with a droplet that nobody asks for anything."""
    plain = {
        "droplet_ids": [7],
        "tag": "",
        "size_unit": 2,
        "forwarding_rules": [{"entry_protocol": protocol}],
        "requests_per_second": {"points": 24 * days, "days": days, "max": most},
    }
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_LOAD_BALANCER,
        native_id="lb-1",
        name="web",
        region="fra1",
        config={**plain, **config},
    )


RESERVED_IP_UNASSIGNED = Rule(
    id="digitalocean-reserved-ip-unassigned",
    title="Reserved address is assigned to nothing",
    description="A reserved address costs nothing while a droplet has it, and is billed while none does.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_RESERVED_IP,
    permissions=("reserved_ip:read",),
    source="DigitalOcean API, reserved IPs; Reserved IPs pricing",
    blind_spots="Since when it is unassigned is known only if CloudWatcher saw it assigned before. Names and "
    "allow-lists elsewhere that hold the address are not seen.",
    parameters=(Parameter(name="min_days", default=7, meaning="Days an address may be assigned to nothing."),),
    needs=("droplet",),
    check=is_unassigned,
    group="unattached",
    remedy=Remedy(
        says="Releases the address.",
        plan=release,
        reversible=Reversible.NO,
        loses="The address cannot be had again.",
        permissions=("reserved_ip:delete",),
    ),
    examples=(
        fires(_address(), parameters={"min_days": 7}),
        fires(_address(), parameters={"min_days": 7}, changed_at={"192.0.2.1": EXAMPLE_NOW - timedelta(days=7)}),
        quiet(_address(), parameters={"min_days": 7}, changed_at={"192.0.2.1": EXAMPLE_NOW - timedelta(days=6)}),
        quiet(_address(droplet={"id": 7}), parameters={"min_days": 7}),
    ),
)

LB_IDLE = Rule(
    id="digitalocean-lb-idle",
    title="Load balancer has nothing to do",
    description="A load balancer is billed by the node, whether anything is behind it or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_LOAD_BALANCER,
    permissions=("load_balancer:read", "monitoring:read"),
    source="DigitalOcean API, load balancers and their monitoring; Load Balancers pricing",
    blind_spots="Traffic other than HTTP is not counted, so a load balancer that takes it is judged only by what is "
    "behind it. Global load balancers are left alone, and so are days without values.",
    needs=("droplet_ids", "requests_per_second"),
    check=is_idle,
    group="network-waste",
    remedy=Remedy(
        says="Deletes the load balancer.",
        plan=delete,
        reversible=Reversible.NO,
        loses="The load balancer and its address are gone for good.",
        permissions=("load_balancer:delete",),
    ),
    examples=(
        # 2 * 12.00 = 24.00 a month; a medium one of old has 3 nodes: 36.00.
        fires(_balancer()),
        fires(_balancer(droplet_ids=[], size_unit=None, size="lb-medium", requests_per_second={"points": 0})),
        fires(_balancer(droplet_ids=[], size_unit=1)),
        quiet(_balancer(most=0.1)),
        quiet(_balancer(days=13)),
        quiet(_balancer(protocol="tcp")),
        quiet(_balancer(droplet_ids=[], tag="web", most=0.1)),
        quiet(_balancer(droplet_ids=[], type="GLOBAL")),
    ),
)
