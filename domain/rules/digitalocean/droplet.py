"""Droplets that are paid for without use, and those that nobody backs up."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.digitalocean_droplet import LOST, REPLACED, acted, replaced_by_snapshot, saving_by_snapshot
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# One megabit a second over a day, in megabytes: 86400 s / 8.
MB_DAY_PER_MBPS = Decimal(10800)
IDLE = {"cpu_pct": 2, "net_mb_day": 5, "lookback_days": 14}
TRAFFIC = ("bandwidth_inbound_mbps", "bandwidth_outbound_mbps")
REPLACES = Remedy(
    says="Keeps a snapshot and deletes the droplet.",
    plan=lambda droplet, _: replaced_by_snapshot(droplet),
    reversible=Reversible.PARTLY,
    loses=LOST,
    permissions=REPLACED,
)


def is_idle(droplet: Resource, context: RuleContext) -> Observation | None:
    """Fires when neither processors nor the public network had anything to do on each day that was looked at."""
    measures = [droplet.config.get(key) or {} for key in ("cpu_percent", *TRAFFIC)]
    if droplet.config.get("status") != "active":
        return None
    if any(one.get("days", 0) < context.parameters["lookback_days"] for one in measures):
        return None
    cpu, network = measures[0]["p95"], sum(Decimal(str(one["mean"])) for one in measures[1:]) * MB_DAY_PER_MBPS
    if cpu >= context.parameters["cpu_pct"] or network >= context.parameters["net_mb_day"]:
        return None
    saving, formula = saving_by_snapshot(droplet)
    return Observation(
        reason=f"Droplet {droplet.name} used {cpu} % of its processors or less and {network:.1f} MB of traffic a day.",
        observed={"cpu_p95_percent": cpu, "network_mb_day": float(round(network, 1))},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def is_off(droplet: Resource, context: RuleContext) -> Observation | None:
    """Fires on a droplet that was switched off longer ago than `min_days`."""
    last = droplet.config.get("last_power_off") or {}
    at = last.get("completed_at") or last.get("started_at")
    if droplet.config.get("status") != "off" or at is None:
        return None
    since = datetime.fromisoformat(at)
    if context.now - since <= context.days("min_days"):
        return None
    saving, formula = saving_by_snapshot(droplet)
    return Observation(
        reason=f"Droplet {droplet.name} has been off since {since:%Y-%m-%d} and is billed in full.",
        observed={"status": "off", "off_since": at},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def lacks_backups(droplet: Resource, _: RuleContext) -> Observation | None:
    """Fires on a droplet tagged environment:production without backups."""
    features = droplet.config.get("features")
    if features is None or "backups" in features or droplet.tags.get("environment", "").lower() != "production":
        return None
    return Observation(
        reason=f"Droplet {droplet.name} serves production and is not backed up.",
        observed={"features": features, "environment": droplet.tags["environment"]},
    )


def enable_backups(droplet: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Weekly backups, which add a fifth to the price of the droplet."""
    off = acted(
        droplet,
        "back",
        f"Switch the backups of {droplet.name} off again.",
        "next_backup_window=None",
        type="disable_backups",
    )
    says = f"Switch on weekly backups of {droplet.name}, for a fifth of its price."
    found = "next_backup_window.start"
    return (acted(droplet, "enable", says, found, undo=(off,), type="enable_backups"),)


def _droplet(**config: Any) -> Resource:
    """An active droplet of 6 dollars with a disk of 25 GiB for the examples, busy and backed up unless said."""
    measures = {"points": 336, "days": 14, "mean": 1.0, "p95": 60.0}
    plain = {
        "id": 7,
        "status": "active",
        "disk": 25,
        "size_slug": "s-1vcpu-1gb",
        "size": {"price_monthly": 6.0},
        "features": ["backups", "ipv6"],
        "snapshot_ids": [11],
        "volume_ids": ["vol-1"],
        "tags": ["environment:production"],
        "cpu_percent": measures,
        **dict.fromkeys(TRAFFIC, measures),
    }
    return Resource(
        kind=ResourceKind.DIGITALOCEAN_DROPLET,
        native_id="7",
        name="web",
        region="fra1",
        tags={"environment": "production"},
        config={**plain, **config},
    )


def _idle(days: int = 14, cpu: float = 0.7, mbps: float = 0.0001, **config: Any) -> Resource:
    found = {"points": 24 * days, "days": days, "mean": mbps, "p95": cpu}
    return _droplet(cpu_percent=found, **dict.fromkeys(TRAFFIC, found), **config)


def _off(days: int, **config: Any) -> Resource:
    at = (EXAMPLE_NOW - timedelta(days=days)).isoformat()
    return _droplet(status="off", last_power_off={"type": "power_off", "started_at": at, "completed_at": at}, **config)


DROPLET_IDLE = Rule(
    id="digitalocean-droplet-idle",
    title="Droplet does nothing",
    description="A droplet is billed whether it works or not, and also when it is switched off. A snapshot costs less.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_DROPLET,
    permissions=("droplet:read", "monitoring:read"),
    source="DigitalOcean API, monitoring of droplets; Droplet and Snapshots pricing",
    blind_spots="Traffic between private addresses is not seen, nor work that is due once a month. Without values on "
    "each of the days nothing is said. The saving takes the snapshot to be as large as the disk; it is smaller.",
    parameters=(
        Parameter(name="cpu_pct", default=2, meaning="Per cent of the processors below which 95 of 100 moments lie."),
        Parameter(name="net_mb_day", default=5, meaning="Megabytes of public traffic a day, in and out."),
        Parameter(
            name="lookback_days",
            default=14,
            least=1,
            most=14,
            meaning="Days of the last fourteen on which there must be values.",
        ),
    ),
    needs=("cpu_percent", *TRAFFIC),
    check=is_idle,
    group="idle",
    remedy=REPLACES,
    examples=(
        # 6 - 25 * 0.06 = 4.50 a month.
        fires(_idle(), parameters=IDLE),
        fires(_idle(size=None), parameters=IDLE),
        quiet(_idle(cpu=2.0), parameters=IDLE),
        # 2 * 0.0003 Mbit/s * 10800 = 6.5 MB a day.
        quiet(_idle(mbps=0.0003), parameters=IDLE),
        quiet(_idle(days=13), parameters=IDLE),
        quiet(_idle(status="off"), parameters=IDLE),
        quiet(_droplet(cpu_percent={"points": 0}), parameters=IDLE),
    ),
)

DROPLET_OFF = Rule(
    id="digitalocean-droplet-off",
    title="Droplet is off and billed in full",
    description="DigitalOcean bills a droplet that is switched off as if it ran. A snapshot costs less.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.DIGITALOCEAN_DROPLET,
    permissions=("droplet:read",),
    source="DigitalOcean API, actions of a droplet; Droplet and Snapshots pricing",
    blind_spots="A droplet that was shut down from inside, or that has had 200 other actions since, shows no time and "
    "is left alone.",
    parameters=(Parameter(name="min_days", default=7, meaning="Days a droplet may be off."),),
    needs=("status",),
    check=is_off,
    group="idle",
    remedy=REPLACES,
    examples=(
        fires(_off(8), parameters={"min_days": 7}),
        fires(_off(8, snapshot_ids=None, volume_ids=[], features=None, tags=None), parameters={"min_days": 7}),
        quiet(_off(7), parameters={"min_days": 7}),
        quiet(_droplet(status="off", last_power_off=None), parameters={"min_days": 7}),
        quiet(_droplet(), parameters={"min_days": 7}),
    ),
)

BACKUPS_OFF = Rule(
    id="digitalocean-backups-off",
    title="Production droplet is not backed up",
    description="What nobody copies is lost with the disk, or with the mistake of one hour.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.DIGITALOCEAN_DROPLET,
    permissions=("droplet:read",),
    source="DigitalOcean API, features of a droplet",
    blind_spots="Copies made inside the droplet or by snapshots on a schedule are not seen. Only the tag "
    "environment:production tells production.",
    needs=("features",),
    check=lacks_backups,
    group="resilience",
    remedy=Remedy(
        says="Switches on weekly backups, for a fifth of the droplet's price.",
        plan=enable_backups,
        reversible=Reversible.YES,
        permissions=("droplet:update",),
    ),
    examples=(
        fires(_droplet(features=["ipv6"])),
        quiet(_droplet()),
        quiet(_droplet(features=[]).model_copy(update={"tags": {"environment": "test"}})),
    ),
)
