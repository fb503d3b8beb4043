"""Droplets that are larger than what they do."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.digitalocean_droplet import acted, monthly_usd
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

MOST_PERCENT, DAYS = 40, 14
# What is used twice as much then stays below 80 per cent.
SMALLEST_SHARE = 2
MIB = 2**20


def is_oversized(droplet: Resource, context: RuleContext) -> Observation | None:
    """Fires when 99 of 100 moments used less than 40 per cent of processors and memory, and less would do."""
    cpu, memory = _cpu_percent(droplet), _memory_percent(droplet)
    if droplet.config.get("status") != "active" or cpu is None or memory is None:
        return None
    if cpu >= MOST_PERCENT or memory >= MOST_PERCENT:
        return None
    smaller, price = _smaller(droplet, context), monthly_usd(droplet)
    if smaller is None or price is None:
        return None
    less = Decimal(str(smaller["price_monthly"]))
    return Observation(
        reason=f"Droplet {droplet.name} uses {cpu:.0f} % of its processors and {memory:.0f} % of its memory at most; "
        f"{smaller['slug']} would do.",
        observed={"cpu_p99_percent": cpu, "memory_p99_percent": round(memory, 1), "smaller": smaller["slug"]},
        estimated_monthly_saving=usd(price - less),
        saving_formula=f"{price} USD - {less} USD",
    )


def resize(droplet: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Off, another size with the same disk, on again: some minutes during which the droplet does not answer."""
    wanted, now = (_smaller(droplet, context) or {})["slug"], droplet.config["size_slug"]
    on = acted(droplet, "on-again", f"Switch {droplet.name} on again.", "status=active", type="power_on")
    back = acted(
        droplet,
        "back",
        f"Change {droplet.name} back to {now}.",
        f"size_slug={now}",
        type="resize",
        size=now,
        disk=False,
    )
    off = acted(droplet, "off-again", f"Switch {droplet.name} off.", "status=off", type="power_off")
    return (
        acted(droplet, "off", f"Switch {droplet.name} off.", "status=off", (on,), type="power_off"),
        acted(
            droplet,
            "resize",
            f"Change {droplet.name} from {now} to {wanted}; its disk stays as it is.",
            f"size_slug={wanted}",
            (back,),
            type="resize",
            size=wanted,
            disk=False,
        ),
        acted(droplet, "on", f"Switch {droplet.name} on.", "status=active", (off,), type="power_on"),
    )


def _cpu_percent(droplet: Resource) -> float | None:
    return _whole(droplet.config.get("cpu_percent")).get("p99")


def _memory_percent(droplet: Resource) -> float | None:
    """What 99 of 100 moments used at most: the rest of what 1 of 100 had available at most."""
    free = _whole(droplet.config.get("memory_available_bytes")).get("p01")
    whole = droplet.config.get("memory")
    return None if free is None or not whole else 100 * (1 - free / (whole * MIB))


def _whole(measure: Mapping[str, float] | None) -> Mapping[str, float]:
    """The measure, if it has values on each day."""
    return measure if measure and measure.get("days", 0) >= DAYS else {}


def _smaller(droplet: Resource, context: RuleContext) -> Mapping[str, Any] | None:
    """The cheapest size of the same sort and disk that has at least half of what the droplet has, and less of it."""
    own = droplet.config
    sizes = [size for team in context.every(ResourceKind.DIGITALOCEAN_TEAM) for size in team.config.get("sizes") or []]
    now = next((size for size in sizes if size["slug"] == own.get("size_slug")), None)
    if now is None:
        return None
    fitting = [
        size
        for size in sizes
        if size["available"]
        and droplet.region in size["regions"]
        and size["description"] == now["description"]
        and size["disk"] == own.get("disk")
        and size["price_monthly"] < now["price_monthly"]
        and all(now[key] <= SMALLEST_SHARE * size[key] <= SMALLEST_SHARE * now[key] for key in ("vcpus", "memory"))
    ]
    return min(fitting, key=lambda size: (size["price_monthly"], size["slug"])) if fitting else None


def _size(slug: str, price: float, vcpus: int, memory: int, disk: int = 50, **more: Any) -> dict[str, Any]:
    plain = {"available": True, "regions": ["fra1"], "description": "Basic"}
    return {"slug": slug, "price_monthly": price, "vcpus": vcpus, "memory": memory, "disk": disk, **plain, **more}


LARGE, SMALL = _size("s-2vcpu-2gb", 18.0, 2, 2048), _size("s-1vcpu-2gb", 12.0, 1, 2048)


def _team(*sizes: dict[str, Any]) -> Resource:
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_TEAM, native_id="team-1", name="Shop", config={"sizes": [LARGE, *sizes]}
    )


def _droplet(cpu: float = 12.0, free_mib: int = 1536, days: int = DAYS, **config: Any) -> Resource:
    """A droplet of 2 processors and 2 GiB for the examples, which uses an eighth and a quarter of it."""
    plain = {
        "id": 7,
        "status": "active",
        "disk": 50,
        "memory": 2048,
        "size_slug": "s-2vcpu-2gb",
        "size": {"price_monthly": 18.0},
        "cpu_percent": {"points": 336, "days": days, "p99": cpu},
        "memory_available_bytes": {"points": 336, "days": days, "p01": free_mib * MIB},
    }
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_DROPLET,
        native_id="7",
        name="web",
        region="fra1",
        config={**plain, **config},
    )


DROPLET_RIGHTSIZE = Rule(
    id="digitalocean-droplet-rightsize",
    title="Droplet is larger than it needs to be",
    description="A smaller size with the same disk does the same work for less, and can be taken back at any time.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_DROPLET,
    permissions=("account:read", "droplet:read", "monitoring:read", "sizes:read"),
    source="DigitalOcean API, monitoring of droplets and sizes (price_monthly)",
    blind_spots="Load that comes once a month or later is not in the two weeks that are looked at. Without the "
    "metrics agent there are no values of memory, and nothing is said.",
    needs=("cpu_percent", "memory_available_bytes"),
    also_reads=(ResourceKind.DIGITALOCEAN_TEAM,),
    check=is_oversized,
    group="rightsizing",
    remedy=Remedy(
        says="Switches the droplet off, changes its size but not its disk, and switches it on.",
        plan=resize,
        reversible=Reversible.YES,
        permissions=("droplet:create", "droplet:update"),
    ),
    examples=(
        # 18 - 12 = 6 a month.
        fires(_droplet(), _team(SMALL)),
        quiet(_droplet(cpu=40.0), _team(SMALL)),
        # 1 - 1024 / 2048 = 50 % of the memory in use.
        quiet(_droplet(free_mib=1024), _team(SMALL)),
        quiet(_droplet(days=13), _team(SMALL)),
        quiet(_droplet(memory=None), _team(SMALL)),
        quiet(_droplet(status="off"), _team(SMALL)),
        quiet(_droplet(disk=25), _team(SMALL)),
        quiet(_droplet(size_slug="unlisted"), _team(SMALL)),
        quiet(_droplet(size=None), _team(SMALL)),
        quiet(_droplet(), _team(_size("s-1vcpu-512mb", 4.0, 1, 512))),
        quiet(_droplet(), _team({**SMALL, "regions": ["nyc1"]})),
        quiet(_droplet(), _team({**SMALL, "available": False})),
    ),
)
