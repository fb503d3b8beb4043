"""EC2 instances that run and do nothing."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_instance import state
from domain.rules.aws_instance_step import (
    GROUP_TAG,
    LOSES,
    LOST_BY_STOPPING,
    group_of,
    refuse_unless_stoppable,
    start,
    stop,
)
from domain.rules.aws_metric import daily
from domain.rules.list_price import usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

MEGABYTE = 1_000_000


def is_idle(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires when on each of the last days the processor slept and hardly anything came or went."""
    if state(instance) != "running" or group_of(instance):
        return None
    days = context.parameters["lookback_days"]
    cpu = daily(instance, "CPUUtilization.Average", days)
    received, sent = daily(instance, "NetworkIn.Sum", days), daily(instance, "NetworkOut.Sum", days)
    if cpu is None or received is None or sent is None:
        return None
    busiest = max((came + went) / MEGABYTE for came, went in zip(received, sent, strict=True))
    if max(cpu) >= context.parameters["cpu_pct"] or busiest >= context.parameters["net_mb_day"]:
        return None
    billed = context.billed_usd(instance.native_id)
    return Observation(
        reason=f"Instance {instance.name} used at most {max(cpu):.1f} % of its processor on any of {days} days.",
        observed={"max_daily_cpu_percent": max(cpu), "max_megabytes_a_day": round(busiest, 3), "days": days},
        estimated_monthly_saving=None if billed is None else usd(billed),
        saving_formula=None if billed is None else f"{usd(billed).amount} USD billed for the instance itself",
    )


def stop_it(instance: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A stop, undone by a start."""
    refuse_unless_stoppable(instance)
    says = (
        f"Stop {instance.native_id}: {LOST_BY_STOPPING} IP address changes when it starts again. "
        "Its volumes and Elastic IP addresses stay billed."
    )
    return (stop(instance, says=says, undo=(start(instance),)),)


def _instance(cpu: float = 0.5, megabytes: float = 1, days: int = 2, **config: Any) -> Resource:
    """For the examples; with so much received and sent each day."""
    start_on = EXAMPLE_NOW.replace(hour=0) - timedelta(days=days)
    dates = [(start_on + timedelta(days=day)).isoformat() for day in range(days)]
    traffic = dict.fromkeys(dates, megabytes * MEGABYTE)
    metrics = {
        "CPUUtilization.Average": dict.fromkeys(dates, cpu),
        "NetworkIn.Sum": traffic,
        "NetworkOut.Sum": traffic,
    }
    tags = config.pop("tags", {})
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id="i-1",
        name="web",
        region="us-east-1",
        tags=tags,
        config={"State": {"Name": "running"}, "RootDeviceType": "ebs", "Metrics": metrics, **config},
    )


DEFAULTS = {"cpu_pct": 2, "net_mb_day": 5, "lookback_days": 2}
IDLE = Rule(
    id="aws-ec2-idle",
    title="EC2 instance runs and does nothing",
    description="An instance is billed for every second it runs, whether or not it has something to do.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("cloudwatch:GetMetricData", "ec2:DescribeInstances"),
    source="CloudWatch metrics CPUUtilization, NetworkIn and NetworkOut; Amazon EC2 pricing",
    blind_spots="Memory, disks and graphics processors are not looked at, nor is an instance that has to be there for "
    "the rare case, such as a standby. A day without values counts as not known. The bill may hold some traffic "
    "beside the hours.",
    parameters=(
        Parameter(name="cpu_pct", default=2, most=100, meaning="Percent of the processor that count as idle."),
        Parameter(name="net_mb_day", default=5, meaning="Megabytes received and sent a day that count as idle."),
        Parameter(name="lookback_days", default=14, least=1, most=14, meaning="Days in a row it must be idle."),
    ),
    # Of one that does not run CloudWatch is not asked, and what could not be read is carried over.
    needs=("State",),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Stops the instance.",
        plan=stop_it,
        reversible=Reversible.PARTLY,
        loses=LOSES,
        permissions=("ec2:StartInstances", "ec2:StopInstances"),
    ),
    examples=(
        fires(_instance(), parameters=DEFAULTS),
        # All that is billed for the instance itself.
        fires(_instance(), parameters=DEFAULTS, bills={"i-1": Money(amount=Decimal("30.37"), currency="USD")}),
        fires(_instance(RootDeviceType="instance-store"), parameters=DEFAULTS),
        fires(_instance(InstanceLifecycle="spot"), parameters=DEFAULTS),
        quiet(_instance(cpu=2), parameters=DEFAULTS),
        quiet(_instance(megabytes=2.5), parameters=DEFAULTS),
        quiet(_instance(days=1), parameters=DEFAULTS),
        quiet(_instance(State={"Name": "stopped"}), parameters=DEFAULTS),
        quiet(_instance(tags={GROUP_TAG: "web"}), parameters=DEFAULTS),
    ),
)
