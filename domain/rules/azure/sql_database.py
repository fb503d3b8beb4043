"""SQL databases that are paid for without use, or larger than they need to be."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Look, Step
from domain.rules.azure_metric import hourly, measured, percentile
from domain.rules.azure_resource import kept, on, own, whole_bill
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

PATCH = "PATCH Microsoft.Sql/servers/{serverName}/databases/{databaseName}"
POOL = "Microsoft.Sql/servers/{serverName}/databases/{databaseName}"
WAREHOUSE, CONNECTIONS = "DataWarehouse", "connection_successful"
# The condition of the catalogue, and how busy the smaller size may then be.
QUIET_PERCENT, BUSY_PERCENT = 40, 80
# DTUs by size, and cores of the Gen5 hardware. Sources: "DTU model limits", "vCore model limits" of Azure SQL.
DTU_SIZES = {
    "Standard": (
        *((10, "S0"), (20, "S1"), (50, "S2"), (100, "S3"), (200, "S4")),
        *((400, "S6"), (800, "S7"), (1600, "S9"), (3000, "S12")),
    ),
    "Premium": ((125, "P1"), (250, "P2"), (500, "P4"), (1000, "P6"), (1750, "P11"), (4000, "P15")),
}
CORES = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 32, 40, 80)
CORE_TIERS = ("GeneralPurpose", "BusinessCritical")
SKU = ("name", "tier", "family", "capacity")


def is_idle_pool(pool: Resource, context: RuleContext) -> Observation | None:
    """Fires on a running dedicated pool to which nobody connected, measured on every day."""
    if (pool.config.get("sku") or {}).get("tier") != WAREHOUSE or own(pool).get("status") != "Online":
        return None
    days = context.parameters["lookback_days"]
    connected = hourly(pool, CONNECTIONS, "total", days, context)
    if not connected or max(connected.values()) > 0:
        return None
    return Observation(
        reason=f"Nobody connected to the dedicated SQL pool {pool.name} in the last {days} days, and it runs.",
        observed={"status": "Online", "hours_measured": len(connected), "connections": 0},
        **whole_bill(pool, context),
    )


def pause(pool: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The pool keeps its data and its settings; undone by resuming it."""
    look = on(f"GET {POOL}", pool.native_id)
    back = Step(
        name="resume",
        says=f"Resume the dedicated SQL pool {pool.name}.",
        call=on(f"POST {POOL}/resume", pool.native_id),
        found=Look(call=look, path="properties.resumedDate"),
    )
    return (
        Step(
            name="pause",
            says=f"Pause the dedicated SQL pool {pool.name}. Nobody can query it then; its data stays.",
            call=on(f"POST {POOL}/pause", pool.native_id),
            # Each of both times is there only while the pool is in that state. Source: Databases - Get.
            found=Look(call=look, path="properties.pausedDate"),
            undo=(back,),
        ),
    )


def is_too_large(database: Resource, context: RuleContext) -> Observation | None:
    """Fires on a database that would bear the next smaller size."""
    smaller, sku = _smaller(database), _sku(database)
    changed = context.changed_at.get(database.native_id)
    # What was measured before a change says nothing about the size since.
    if smaller is None or (changed is not None and context.now - changed <= context.days("lookback_days")):
        return None
    figure = "dtu_consumption_percent" if sku["tier"] in DTU_SIZES else "cpu_percent"
    busy = list(hourly(database, figure, "maximum", context.parameters["lookback_days"], context).values())
    share = Decimal(smaller["capacity"]) / Decimal(sku["capacity"])
    if not busy or (peak := percentile(busy, 99)) >= QUIET_PERCENT or peak >= BUSY_PERCENT * share:
        return None
    return Observation(
        reason=f"Database {database.name} ({_named(sku)}) uses at most {peak:.0f} percent of what it may in 99 of 100 "
        f"hours; {_named(smaller)} is enough.",
        observed={"sku": sku, "smaller": smaller, f"p99_{figure}": round(peak, 1)},
        **_saving(database, share, context),
    )


def make_smaller(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One size down. Connections break for some seconds at the end of either change."""
    sku, smaller = _sku(database), _smaller(database)
    back = Step(
        name="back",
        says=f"Make the database {database.name} {_named(sku)} again.",
        call=on(PATCH, database.native_id, sku=_asked(sku)),
    )
    says = f"Make the database {database.name}, now {_named(sku)}, {_named(smaller or sku)}."
    return (Step(name="resize", says=says, call=on(PATCH, database.native_id, sku=smaller), undo=(back,)),)


def _sku(database: Resource) -> dict[str, Any]:
    return kept(database.config.get("sku") or {}, SKU)


def _named(sku: dict[str, Any]) -> str:
    return f"{sku.get('name')} of {sku['capacity']} {'DTUs' if sku['tier'] in DTU_SIZES else 'cores'}"


def _asked(sku: dict[str, Any]) -> dict[str, Any]:
    """A size as Azure takes it: of sizes in DTUs it prints the tier as the name, and takes S3 and the like for it."""
    sizes = dict(DTU_SIZES.get(str(sku.get("tier")), ()))
    return {**sku, "name": sizes.get(sku.get("capacity") or 0, sku.get("name"))}


def _smaller(database: Resource) -> dict[str, Any] | None:
    """The next smaller size of the same tier; None for one that has none, or is not billed by its size."""
    sku = _sku(database)
    tier, capacity, name = sku.get("tier"), sku.get("capacity") or 0, str(sku.get("name"))
    # Serverless databases (GP_S_Gen5) are billed by what they use.
    is_by_core = tier in CORE_TIERS and name.endswith("_Gen5") and "_S_" not in name
    sizes = [dtus for dtus, _ in DTU_SIZES.get(str(tier), ())] or (CORES if is_by_core else ())
    below = [size for size in sizes if size < capacity]
    return _asked({**sku, "capacity": below[-1]}) if below else None


def _saving(database: Resource, share: Decimal, context: RuleContext) -> dict[str, Any]:
    billed = context.billed_usd(database.native_id)
    if billed is None:
        return {}
    formula = f"{usd(billed).amount} USD bill * (1 - {share.normalize():f}), as prices follow DTUs and cores"
    return {"estimated_monthly_saving": usd(billed * (1 - share)), "saving_formula": formula}


def _database(sku: dict[str, Any], *metrics: dict[str, Any], status: str = "Online") -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_SQL_DATABASE,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Sql/servers/sql1/databases/sales",
        name="sales",
        config={"sku": sku, "properties": {"status": status}, "metrics": list(metrics)},
    )


_POOL = {"name": "DataWarehouse", "tier": "DataWarehouse", "capacity": 900}
_STANDARD = {"name": "Standard", "tier": "Standard", "capacity": 100}
_CORES = {"name": "GP_Gen5", "tier": "GeneralPurpose", "family": "Gen5", "capacity": 8}
_A_WEEK, _TWO_WEEKS = {"lookback_days": 7}, {"lookback_days": 14}


def _busy(figure: str, percent: float, days: int = 14) -> dict[str, Any]:
    return measured(figure, days, maximum=percent)


POOL_IDLE = Rule(
    id="azure-sql-dw-idle",
    title="Dedicated SQL pool runs without use",
    description="A dedicated pool is billed by the hour while it runs. Paused, only its storage is.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_SQL_DATABASE,
    permissions=(
        "Microsoft.Insights/metrics/read",
        "Microsoft.Sql/servers/databases/read",
        "Microsoft.Sql/servers/read",
    ),
    source="Databases - List By Server (status); Azure Monitor, connection_successful of dedicated SQL pools",
    blind_spots="A job that runs less often than the days looked at is missed. The bill holds the storage too, which "
    "goes on. Pools inside a Synapse workspace are locked against this change.",
    parameters=(Parameter(name="lookback_days", default=7, meaning="Days without a connection.", least=1, most=14),),
    needs=("properties", "metrics"),
    check=is_idle_pool,
    group="idle",
    remedy=Remedy(
        says="Pauses the pool.",
        plan=pause,
        reversible=Reversible.YES,
        permissions=("Microsoft.Sql/servers/databases/pause/action", "Microsoft.Sql/servers/databases/resume/action"),
    ),
    examples=(
        fires(_database(_POOL, measured(CONNECTIONS, 7, total=0.0)), parameters=_A_WEEK),
        # The whole bill of 1102.30 USD.
        fires(
            _database(_POOL, measured(CONNECTIONS, 7, total=0.0)),
            parameters=_A_WEEK,
            bills={_database(_POOL).native_id: usd(Decimal("1102.30"))},
        ),
        # What lies longer back does not count.
        fires(_database(_POOL, measured(CONNECTIONS, 9, total=0.0)), parameters=_A_WEEK),
        quiet(_database(_POOL, measured(CONNECTIONS, 7, total=1.0)), parameters=_A_WEEK),
        quiet(_database(_POOL, measured(CONNECTIONS, 5, total=0.0)), parameters=_A_WEEK),
        quiet(_database(_POOL), parameters=_A_WEEK),
        quiet(_database(_POOL, measured(CONNECTIONS, 7, total=0.0), status="Paused"), parameters=_A_WEEK),
    ),
)

RIGHTSIZE = Rule(
    id="azure-sql-rightsize",
    title="SQL database is larger than it needs to be",
    description="A database that never comes near its size does as well one size down.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_SQL_DATABASE,
    permissions=(
        "Microsoft.Insights/metrics/read",
        "Microsoft.Sql/servers/databases/read",
        "Microsoft.Sql/servers/read",
    ),
    source="Databases - List By Server (sku); Azure Monitor, dtu_consumption_percent and cpu_percent",
    blind_spots="With cores, memory and log writes are not looked at. Azure refuses a size that is too small for what "
    "the database holds. The estimate takes the price to follow the size, and with cores counts storage in. "
    "Serverless databases and those in pools are left out.",
    parameters=(Parameter(name="lookback_days", default=14, meaning="Days that are looked at.", least=1, most=14),),
    needs=("sku", "metrics"),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Makes the database one size smaller.",
        plan=make_smaller,
        reversible=Reversible.YES,
        permissions=("Microsoft.Sql/servers/databases/write",),
    ),
    examples=(
        fires(_database(_STANDARD, _busy("dtu_consumption_percent", 20.0)), parameters=_TWO_WEEKS),
        # 8 to 6 cores: 400 USD * (1 - 0.75) = 100 USD.
        fires(
            _database(_CORES, _busy("cpu_percent", 35.0)),
            parameters=_TWO_WEEKS,
            bills={_database(_CORES).native_id: usd(Decimal(400))},
        ),
        quiet(
            _database(_STANDARD, _busy("dtu_consumption_percent", 20.0)),
            parameters=_TWO_WEEKS,
            changed_at={_database(_STANDARD).native_id: EXAMPLE_NOW - timedelta(days=13)},
        ),
        # From 50 to 20 DTUs 35 percent would become 87.5.
        quiet(_database({**_STANDARD, "capacity": 50}, _busy("dtu_consumption_percent", 35.0)), parameters=_TWO_WEEKS),
        quiet(_database(_STANDARD, _busy("dtu_consumption_percent", 45.0)), parameters=_TWO_WEEKS),
        quiet(_database(_STANDARD, _busy("dtu_consumption_percent", 20.0, days=12)), parameters=_TWO_WEEKS),
        quiet(_database({**_STANDARD, "capacity": 10}, _busy("dtu_consumption_percent", 1.0)), parameters=_TWO_WEEKS),
        quiet(_database({**_CORES, "name": "GP_S_Gen5"}, _busy("cpu_percent", 1.0)), parameters=_TWO_WEEKS),
    ),
)
