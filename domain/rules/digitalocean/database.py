"""Database clusters that are open to everybody, or larger than what they do."""

from collections.abc import Mapping
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

CLUSTER = "GET /v2/databases/{database_cluster_uuid}"
FIREWALL = "PUT /v2/databases/{database_cluster_uuid}/firewall"
RESIZE = "PUT /v2/databases/{database_cluster_uuid}/resize"
EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})
MOST_PERCENT, DAYS = 30, 14
# Each has half the processors or half the memory of the next, so that what is used twice as much still fits.
# Source: DigitalOcean, Managed Databases pricing, shared CPU.
SIZES = ("db-s-1vcpu-1gb", "db-s-1vcpu-2gb", "db-s-2vcpu-4gb", "db-s-4vcpu-8gb")


def is_oversized(database: Resource, _: RuleContext) -> Observation | None:
    """Fires when 99 of 100 moments of fourteen days used less than 30 per cent of the processors."""
    cpu = database.config.get("cpu_percent") or {}
    if cpu.get("days", 0) < DAYS or cpu["p99"] >= MOST_PERCENT:
        return None
    size = database.config.get("size")
    return Observation(
        reason=f"Database {database.name} of size {size} uses {cpu['p99']:.0f} % of its processors at most.",
        observed={"cpu_p99_percent": cpu["p99"], "size": size},
    )


def is_open(database: Resource, _: RuleContext) -> Observation | None:
    """Fires when no trusted source is named, which opens the cluster to all, or when one is everybody."""
    rules = database.config.get("firewall_rules")
    if rules is None or (rules and not any(_is_everybody(rule) for rule in rules)):
        return None
    why = "names every address as a trusted source" if rules else "names no trusted source, so every address reaches it"
    return Observation(reason=f"Database {database.name} {why}.", observed={"firewall_rules": rules})


def resize(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One size less. Raises NoPlan for a size of which the next smaller one is not known."""
    now = database.config.get("size")
    if now not in SIZES[1:]:
        raise NoPlan(f"Database {database.name} has the size {now}, of which the next smaller one is not known.")
    wanted = SIZES[SIZES.index(now) - 1]
    back = _sized(database, "back", f"Change database {database.name} back to {now}.", now)
    says = f"Change each node of database {database.name} from {now} to {wanted}; its storage stays as it is."
    return (_sized(database, "resize", says, wanted).model_copy(update={"undo": (back,)}),)


def _sized(database: Resource, name: str, says: str, size: str) -> Step:
    look = Call(operation=CLUSTER, arguments={"database_cluster_uuid": database.native_id})
    storage = database.config.get("storage_size_mib")
    return Step(
        name=name,
        says=says,
        call=Call(
            operation=RESIZE,
            arguments={
                "database_cluster_uuid": database.native_id,
                "size": size,
                "num_nodes": database.config["num_nodes"],
                **({"storage_size_mib": storage} if storage else {}),
            },
        ),
        found=Look(call=look, path=f"database.size={size}"),
        wait=Look(call=look, path="database.status", ready=("online",)),
    )


def close(database: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The sources named beside everybody; without any, what stands in the same private network.

    Raises NoPlan where there is neither: a list without anybody would open the cluster to all.
    """
    before = [_given(rule) for rule in database.config["firewall_rules"]]
    named = [rule for rule in before if not _is_everybody(rule)] or _neighbours(database, context)
    if not named:
        raise NoPlan(f"Nothing is known that uses database {database.name}: name its trusted sources.")
    whom = ", ".join(f"{rule['type']} {rule['value']}" for rule in named)
    back = _trusted(database, "back", f"Give database {database.name} its former trusted sources.", before)
    step = _trusted(database, "close", f"Let only these reach database {database.name}: {whom}.", named)
    return (step.model_copy(update={"undo": (back,)}),)


def _trusted(database: Resource, name: str, says: str, rules: list[dict[str, Any]]) -> Step:
    arguments = {"database_cluster_uuid": database.native_id, "rules": rules}
    return Step(name=name, says=says, call=Call(operation=FIREWALL, arguments=arguments))


def _neighbours(database: Resource, context: RuleContext) -> list[dict[str, Any]]:
    network = database.config.get("private_network_uuid")
    kinds = {"droplet": ResourceKind.DIGITALOCEAN_DROPLET, "k8s": ResourceKind.DIGITALOCEAN_KUBERNETES}
    return [
        {"type": type, "value": one.native_id}
        for type, kind in kinds.items()
        for one in context.every(kind)
        if network and one.config.get("vpc_uuid") == network
    ]


def _is_everybody(rule: Mapping[str, Any]) -> bool:
    return rule.get("type") == "ip_addr" and rule.get("value") in EVERYBODY


def _given(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as it can be sent; what DigitalOcean fills in itself is left out."""
    return {key: rule[key] for key in ("uuid", "type", "value", "description") if rule.get(key)}


def _database(*rules: dict[str, Any], p99: float = 12.0, days: int = DAYS, **config: Any) -> Resource:
    """A MySQL cluster for the examples, open to nobody but one address unless said otherwise."""
    plain = {
        "id": "db-1",
        "size": "db-s-2vcpu-4gb",
        "num_nodes": 1,
        "storage_size_mib": 61440,
        "private_network_uuid": "vpc-1",
        "cpu_percent": {"points": 336, "days": days, "p99": p99},
        "firewall_rules": list(rules),
    }
    return Resource(kind=ResourceKind.DIGITALOCEAN_DATABASE, native_id="db-1", name="shop", config={**plain, **config})


def _neighbour(kind: ResourceKind, native_id: str, network: str = "vpc-1") -> Resource:
    return Resource(kind=kind, native_id=native_id, name=native_id, config={"vpc_uuid": network})


WORLD = {"uuid": "rule-1", "cluster_uuid": "db-1", "type": "ip_addr", "value": "0.0.0.0/0"}
OFFICE = {"uuid": "rule-2", "cluster_uuid": "db-1", "type": "ip_addr", "value": "192.0.2.7"}

DATABASE_RIGHTSIZE = Rule(
    id="digitalocean-database-rightsize",
    title="Database cluster is larger than it needs to be",
    description="Nodes are billed by their size, whatever they do.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_DATABASE,
    permissions=("database:read", "monitoring:read"),
    source="DigitalOcean API, monitoring of MySQL clusters; Managed Databases pricing",
    blind_spots="Only clusters of MySQL tell how busy they are. Memory is not looked at. DigitalOcean lists no prices "
    "of database sizes, so there is no estimate.",
    needs=("cpu_percent",),
    check=is_oversized,
    group="rightsizing",
    remedy=Remedy(
        says="Changes the nodes to the next smaller size.",
        plan=resize,
        reversible=Reversible.YES,
        permissions=("database:update",),
    ),
    examples=(
        fires(_database()),
        fires(_database(size="db-s-1vcpu-1gb", storage_size_mib=None)),
        fires(_database(size="db-s-1vcpu-2gb", storage_size_mib=None)),
        quiet(_database(p99=30.0)),
        quiet(_database(days=13)),
        quiet(_database(cpu_percent={"points": 0})),
    ),
)

DATABASE_OPEN = Rule(
    id="digitalocean-database-open",
    title="Database cluster can be reached from everywhere",
    description="Only its passwords stand between the internet and the data.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_DATABASE,
    permissions=("database:read",),
    source="DigitalOcean API, firewall of a database cluster (trusted sources)",
    blind_spots="Which programs connect is not seen: an app that is neither a trusted source nor in the same private "
    "network is shut out.",
    needs=("firewall_rules",),
    also_reads=(ResourceKind.DIGITALOCEAN_DROPLET, ResourceKind.DIGITALOCEAN_KUBERNETES),
    check=is_open,
    group="network-exposure",
    remedy=Remedy(
        says="Lets in only the trusted sources that are named, or what is in the same private network.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("database:update",),
    ),
    examples=(
        fires(_database(WORLD, OFFICE)),
        fires(
            _database(),
            _neighbour(ResourceKind.DIGITALOCEAN_DROPLET, "7"),
            _neighbour(ResourceKind.DIGITALOCEAN_KUBERNETES, "k8s-1"),
            _neighbour(ResourceKind.DIGITALOCEAN_DROPLET, "8", "vpc-2"),
        ),
        fires(_database(WORLD, private_network_uuid=None)),
        quiet(_database(OFFICE)),
        quiet(_database(firewall_rules=None)),
    ),
)
