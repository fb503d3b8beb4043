"""RDS databases that are larger, or kept in more places, than they need to be."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_advice import advice_on, is_over_provisioned, saving_of
from domain.rules.aws_database import refuse_cluster_member
from domain.rules.aws_database_later import LATER, changed, is_pending
from domain.rules.aws_environment import TAG, environment, is_development
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

ADVICE = "get_rds_database_recommendations"
# The second zone costs as much as the first. Source: Amazon RDS pricing, Multi-AZ deployments.
HALF = Decimal("0.5")


def is_too_large(database: Resource, context: RuleContext) -> Observation | None:
    """Fires when AWS knows a smaller class that bears the load."""
    advice = advice_on(ADVICE, database.native_id, context)
    if advice is None or not is_over_provisioned(advice.config.get("instanceFinding")):
        return None
    former, wanted = database.config.get("DBInstanceClass"), _best(advice)
    # A recommendation stays for a day after it was followed.
    is_stale = former != advice.config.get("currentDBInstanceClass") or is_pending(database, "DBInstanceClass")
    if not wanted or is_stale or wanted == former:
        return None
    saving, formula = saving_of(advice)
    return Observation(
        reason=f"Database {database.name} is a {former}, and {wanted} would do by what AWS measured.",
        observed={"DBInstanceClass": former, "recommended": wanted},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _best(advice: Resource) -> Any:
    """The class of the option that AWS likes best, which it puts first; None without one."""
    options = advice.config.get("instanceRecommendationOptions") or [{}]
    return options[0].get("dbInstanceClass") or None


def resize(database: Resource, context: RuleContext) -> tuple[Step, ...]:
    """One change of the class, and back."""
    advice = advice_on(ADVICE, database.native_id, context)
    wanted = _best(advice) if advice else None
    if wanted is None:
        raise NoPlan(f"AWS recommends nothing for {database.name} any more.")
    former = database.config["DBInstanceClass"]
    step = changed(
        database,
        f"Make {database.name} a {wanted} instead of a {former} {LATER}, with an interruption of some minutes.",
        f"Make {database.name} a {former} again.",
        {"DBInstanceClass": wanted},
        {"DBInstanceClass": former},
    )
    return (step,)


def is_in_two_zones(database: Resource, context: RuleContext) -> Observation | None:
    """Fires on a database for development that is kept in a second zone."""
    is_meant = is_development(database, context.parameters["dev_values"])
    if database.config.get("MultiAZ") is not True or not is_meant or is_pending(database, "MultiAZ"):
        return None
    billed = context.billed_usd(database.native_id)
    return Observation(
        reason=f"Database {database.name} is for {environment(database)} and is kept in a second zone.",
        observed={"MultiAZ": True, "environment": environment(database)},
        estimated_monthly_saving=None if billed is None else usd(billed * HALF),
        saving_formula=None if billed is None else f"{usd(billed).amount} USD * {HALF}",
    )


def use_one_zone(database: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change, and back."""
    refuse_cluster_member(database)
    step = changed(
        database,
        f"Keep {database.name} in one zone only {LATER}.",
        f"Keep {database.name} in two zones again.",
        {"MultiAZ": False},
        {"MultiAZ": True},
    )
    return (step,)


ARN = "arn:aws:rds:us-east-1:123456789012:db:orders"


def _database(kind: str = "staging", **config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_RDS_INSTANCE,
        native_id=ARN,
        name="orders",
        region="us-east-1",
        tags={TAG: kind},
        config={"DBInstanceIdentifier": "orders", "DBInstanceClass": "db.m6g.xlarge", "MultiAZ": True, **config},
    )


def _advice(finding: str = "Overprovisioned", wanted: str = "db.m6g.large") -> Resource:
    return Resource(
        kind=ResourceKind.AWS_RECOMMENDATION,
        native_id=f"compute-optimizer.{ADVICE}/{ARN}",
        name=ARN,
        region="us-east-1",
        config={
            "instanceFinding": finding,
            "currentDBInstanceClass": "db.m6g.xlarge",
            "instanceRecommendationOptions": [{"dbInstanceClass": wanted, "rank": 1}],
            "EstimatedMonthlySaving": {"Amount": "116.07", "Currency": "USD"},
        },
    )


DEFAULTS = {"dev_values": ("dev", "test", "staging", "sandbox")}
TOO_LARGE = Rule(
    id="aws-rds-rightsize",
    title="Database is larger than it needs to be",
    description="Compute Optimizer knows a class that bears the load of the database for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("compute-optimizer:GetRDSDatabaseRecommendations",),
    source="Compute Optimizer GetRDSDatabaseRecommendations",
    blind_spots="Without Compute Optimizer, or before it has watched a database for some days, nothing is said. What a "
    "commitment already pays for may not be saved.",
    needs=("DBInstanceClass",),
    also_reads=(ResourceKind.AWS_RECOMMENDATION,),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Gives the database a smaller class at its next maintenance window.",
        plan=resize,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBInstance",),
    ),
    examples=(
        fires(_database(), _advice()),
        quiet(_database(), _advice(finding="Underprovisioned")),
        quiet(_database(DBInstanceClass="db.m6g.large"), _advice()),
        quiet(_database(PendingModifiedValues={"DBInstanceClass": "db.m6g.large"}), _advice()),
        quiet(_database(), _advice(wanted="")),
        quiet(_database()),
    ),
)

IN_TWO_ZONES = Rule(
    id="aws-rds-multi-az-nonprod",
    title="Database for development is kept in a second zone",
    description="A second copy in another zone doubles the price. Outside of production few need it.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_RDS_INSTANCE,
    permissions=("rds:DescribeDBInstances",),
    source="RDS DescribeDBInstances; Amazon RDS pricing, Multi-AZ deployments",
    blind_spots="A database without the tag environment is left alone. Backups, which are in the bill too, do not get "
    "cheaper.",
    parameters=(
        Parameter(
            name="dev_values",
            default=("dev", "test", "staging", "sandbox"),
            meaning="Values of the tag environment that are not production.",
        ),
    ),
    needs=("MultiAZ",),
    check=is_in_two_zones,
    group="rightsizing",
    remedy=Remedy(
        says="Keeps the database in one zone from its next maintenance window on.",
        plan=use_one_zone,
        reversible=Reversible.YES,
        permissions=("rds:ModifyDBInstance",),
    ),
    examples=(
        fires(_database(), parameters=DEFAULTS),
        # 140.00 * 0.5 = 70.00
        fires(_database(), parameters=DEFAULTS, bills={ARN: Money(amount=Decimal(140), currency="USD")}),
        fires(_database(DBClusterIdentifier="shop"), parameters=DEFAULTS),
        quiet(_database(kind="production"), parameters=DEFAULTS),
        quiet(_database(MultiAZ=False), parameters=DEFAULTS),
        quiet(_database(PendingModifiedValues={"MultiAZ": False}), parameters=DEFAULTS),
    ),
)
