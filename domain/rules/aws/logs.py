"""CloudWatch log groups that keep what they were sent for ever."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_platform_price import AWS_LOG_STORAGE
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

GIB = Decimal(2**30)
# Source: CloudWatch Logs API reference, PutRetentionPolicy.
TAKEN_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# Of this class AWS keeps everything for two days. Source: CloudWatch Logs user guide, log classes.
FIXED_CLASS = "DELIVERY"


def keeps_for_ever(group: Resource, context: RuleContext) -> Observation | None:
    """Fires on a log group without retention; the saving takes what is in it as come in evenly since it was made."""
    config = group.config
    if "logGroupName" not in config or "retentionInDays" in config or config.get("logGroupClass") == FIXED_CLASS:
        return None
    saving, formula = _saving(group, context) or (None, None)
    return Observation(
        reason=f"Log group {group.name} keeps its events for ever.",
        observed={"retentionInDays": None, "storedBytes": config.get("storedBytes")},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _saving(group: Resource, context: RuleContext) -> tuple[Money, str] | None:
    stored = group.config.get("storedBytes")
    if stored is None or group.created_at is None:
        return None
    age = Decimal((context.now - group.created_at) / timedelta(days=1))
    kept = _retention(context)
    older = max(1 - kept / age, Decimal(0)) if kept is not None and age > 0 else Decimal(0)
    gib = Decimal(stored) / GIB
    formula = f"{gib:.2f} GiB * {AWS_LOG_STORAGE.usd} USD * {older:.2f} older than {kept} days"
    return usd(gib * AWS_LOG_STORAGE.usd * older), formula


def _retention(context: RuleContext) -> int | None:
    """The fewest days AWS takes that are no fewer than those asked for; None for more than it takes."""
    return next((days for days in TAKEN_DAYS if days >= context.parameters["retention_days"]), None)


def set_retention(group: Resource, context: RuleContext) -> tuple[Step, ...]:
    """One setting, taken back by taking it away."""
    days = _retention(context)
    if days is None:
        raise NoPlan(f"CloudWatch keeps no log for more than {TAKEN_DAYS[-1]} days but for ever.")
    name = {"logGroupName": group.config["logGroupName"]}
    return (
        Step(
            name="retain",
            says=f"Let {group.name} drop events that are older than {days} days.",
            call=Call(
                operation="logs.put_retention_policy",
                region=group.region,
                arguments={**name, "retentionInDays": days},
            ),
            undo=(
                Step(
                    name="keep",
                    says=f"Let {group.name} keep its events for ever again.",
                    call=Call(operation="logs.delete_retention_policy", region=group.region, arguments=name),
                ),
            ),
        ),
    )


def _group(age_days: float | None = 360, **config: Any) -> Resource:
    """A log group of 100 GiB for the examples."""
    return Resource(
        kind=ResourceKind.AWS_LOG_GROUP,
        native_id="arn:aws:logs:us-east-1:123456789012:log-group:/app:*",
        name="/app",
        region="us-east-1",
        created_at=None if age_days is None else EXAMPLE_NOW - timedelta(days=age_days),
        config={"logGroupName": "/app", "storedBytes": 100 * 2**30, **config},
    )


NO_RETENTION = Rule(
    id="aws-logs-no-retention",
    title="Log group keeps its events for ever",
    description="Without retention a log group only grows, and every month is billed for all of it.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_LOG_GROUP,
    permissions=("logs:DescribeLogGroups",),
    source="CloudWatch Logs DescribeLogGroups and PutRetentionPolicy; Amazon CloudWatch pricing",
    blind_spots="How old the events are is not listed: they are taken as come in evenly. AWS bills them compressed. "
    "How long a framework asks for logs to be kept is not known here: set the days to no less than that.",
    parameters=(Parameter(name="retention_days", default=90, meaning="Days events are kept.", least=1, most=3653),),
    needs=("logGroupName",),
    check=keeps_for_ever,
    group="log-retention",
    remedy=Remedy(
        says="Sets the days after which events are dropped.",
        plan=set_retention,
        reversible=Reversible.PARTLY,
        loses="Events that were dropped meanwhile do not come back.",
        permissions=("logs:DeleteRetentionPolicy", "logs:PutRetentionPolicy"),
    ),
    examples=(
        # 100 GiB * 0.03 * (1 - 90/360) = 2.25
        fires(_group(), parameters={"retention_days": 90}),
        # Nothing is older than that yet.
        fires(_group(age_days=30), parameters={"retention_days": 80}),
        fires(_group(age_days=None), parameters={"retention_days": 90}),
        # More days than AWS can keep: nothing is saved, and there is no plan.
        fires(_group(), parameters={"retention_days": 5000}),
        quiet(_group(retentionInDays=30), parameters={"retention_days": 90}),
        quiet(_group(logGroupClass=FIXED_CLASS), parameters={"retention_days": 90}),
    ),
)
