"""Load balancers that serve nothing."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_list_price import LOAD_BALANCER
from domain.rules.aws_metric import is_silent
from domain.rules.list_price import HOURS_PER_MONTH, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# By type; CloudWatch has no value for a time in which nothing was asked.
# Source: user guides of Application and Network Load Balancers, "CloudWatch metrics".
METRICS = {"application": "RequestCount.Sum", "network": "ProcessedBytes.Sum"}
PROTECTION = {"Key": "deletion_protection.enabled", "Value": "true"}


def serves_nothing(balancer: Resource, context: RuleContext) -> Observation | None:
    """Fires on one that nobody asks, or that has nobody to pass on to."""
    days = context.days("lookback_days")
    if balancer.created_at is None or context.now - balancer.created_at <= days:
        return None
    metric = METRICS.get(str(balancer.config.get("Type")))
    if metric and is_silent(balancer, metric):
        why, observed = f"was asked nothing in {days.days} days", {metric: 0, "days": days.days}
    elif _has_no_target(balancer, context):
        why, observed = "has no target to pass anything on to", {"targets": 0}
    else:
        return None
    saving, formula = _saving(metric)
    return Observation(
        reason=f"Load balancer {balancer.name} {why}.",
        observed={"Type": balancer.config.get("Type"), **observed},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _has_no_target(balancer: Resource, context: RuleContext) -> bool:
    """One without target groups may redirect all by itself, and one whose targets were not read is not known."""
    groups = [
        one
        for one in context.every(ResourceKind.AWS_TARGET_GROUP)
        if balancer.native_id in (one.config.get("LoadBalancerArns") or [])
    ]
    is_whole = context.is_listed(ResourceKind.AWS_TARGET_GROUP, balancer.region)
    return is_whole and bool(groups) and all(one.config.get("TargetHealthDescriptions") == [] for one in groups)


def _saving(metric: str | None) -> tuple[Money, str] | tuple[None, None]:
    if metric is None:
        return None, None
    return usd(HOURS_PER_MONTH * LOAD_BALANCER.usd), f"{HOURS_PER_MONTH} hours * {LOAD_BALANCER.usd} USD"


def delete(balancer: Resource, _: RuleContext) -> tuple[Step, ...]:
    """It goes for good, unless it is protected."""
    if PROTECTION in (balancer.config.get("Attributes") or []):
        raise NoPlan(f"{balancer.name} is protected from being deleted.")
    look = Call(
        operation="elbv2.describe_load_balancers",
        region=balancer.region,
        arguments={"LoadBalancerArns": [balancer.native_id]},
    )
    return (
        Step(
            name="delete",
            says=f"Delete {balancer.name} with its listeners. Its DNS name {balancer.config.get('DNSName', '')} "
            "is lost for good; its target groups stay.",
            call=Call(
                operation="elbv2.delete_load_balancer",
                region=balancer.region,
                arguments={"LoadBalancerArn": balancer.native_id},
            ),
            gone=("LoadBalancerNotFound",),
            wait=Look(call=look, path="LoadBalancers.0"),
        ),
    )


ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1"


def _balancer(asked: float | None = 0, age_days: int = 15, **config: Any) -> Resource:
    metrics = {} if asked is None else {"RequestCount.Sum": {"2026-06-14T00:00:00+00:00": asked}}
    return Resource(
        kind=ResourceKind.AWS_LOAD_BALANCER,
        native_id=ARN,
        name="web",
        region="us-east-1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"Type": "application", "DNSName": "web.example.com", "Attributes": [], "Metrics": metrics, **config},
    )


def _group(*targets: str, **config: Any) -> Resource:
    health = [{"Target": {"Id": one}} for one in targets]
    return Resource(
        kind=ResourceKind.AWS_TARGET_GROUP,
        native_id="group",
        name="group",
        region="us-east-1",
        config={"LoadBalancerArns": [ARN], "TargetHealthDescriptions": health, **config},
    )


DEFAULTS = {"lookback_days": 14}
IDLE = Rule(
    id="aws-elb-idle",
    title="Load balancer serves nothing",
    description="A load balancer is billed by the hour, even when nobody asks it or it has nobody to ask.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_LOAD_BALANCER,
    permissions=(
        "cloudwatch:GetMetricData",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    ),
    source="CloudWatch metrics RequestCount and ProcessedBytes, which Elastic Load Balancing reports only while "
    "requests flow; ELB DescribeTargetHealth; Elastic Load Balancing pricing",
    blind_spots="As silence is the only sign, a day without values counts as a day without requests. One that is kept "
    "for the rare case looks the same. Gateway load balancers are judged by their targets only, without an estimate.",
    parameters=(
        Parameter(name="lookback_days", default=14, least=1, most=14, meaning="Days without use, and its least age."),
    ),
    # Of gateway balancers CloudWatch is not asked, and what could not be read is carried over.
    needs=("Type",),
    also_reads=(ResourceKind.AWS_TARGET_GROUP,),
    check=serves_nothing,
    group="network-waste",
    remedy=Remedy(
        says="Deletes the load balancer.",
        plan=delete,
        reversible=Reversible.NO,
        loses="The load balancer with its listeners, its rules and its DNS name.",
        permissions=("elasticloadbalancing:DeleteLoadBalancer",),
    ),
    examples=(
        # 730 * 0.0225 = 16.43
        fires(_balancer(), parameters=DEFAULTS),
        fires(_balancer(Attributes=[PROTECTION]), parameters=DEFAULTS),
        fires(_balancer(asked=7), _group(), parameters=DEFAULTS),
        fires(_balancer(Type="gateway"), _group(), parameters=DEFAULTS),
        quiet(_balancer(asked=7), parameters=DEFAULTS),
        quiet(_balancer(asked=7), _group("i-1"), parameters=DEFAULTS),
        quiet(_balancer(asked=7), _group(LoadBalancerArns=[]), parameters=DEFAULTS),
        quiet(_balancer(asked=None), _group(TargetHealthDescriptions=None), parameters=DEFAULTS),
        quiet(_balancer(age_days=14), parameters=DEFAULTS),
    ),
)
