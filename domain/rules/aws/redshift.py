"""Redshift clusters that run for nobody."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_series import daily, last_days
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

CONNECTIONS = "DatabaseConnections.Maximum"


def is_idle(cluster: Resource, context: RuleContext) -> Observation | None:
    """Fires on a running cluster that nobody was connected to on any of the days."""
    days = context.parameters["lookback_days"]
    connections = last_days(cluster, CONNECTIONS, days)
    if cluster.config.get("ClusterStatus") != "available" or connections is None or max(connections) > 0:
        return None
    billed = context.billed_usd(cluster.native_id)
    return Observation(
        reason=f"Nobody was connected to warehouse {cluster.name} in {days} days.",
        observed={"ClusterStatus": "available", "most_connections": 0, "days": days},
        estimated_monthly_saving=None if billed is None else usd(billed),
        saving_formula=None if billed is None else f"{usd(billed).amount} USD of the bill",
    )


def pause(cluster: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A pause, ended by going on."""
    resumed = _step(cluster, "resume", f"Let {cluster.name} run again.", "available")
    paused = _step(cluster, "pause", f"Pause {cluster.name}; what it holds is kept.", "paused")
    return (paused.model_copy(update={"undo": (resumed,)}),)


def _step(cluster: Resource, name: str, says: str, ready: str) -> Step:
    own = {"ClusterIdentifier": cluster.config["ClusterIdentifier"]}
    return Step(
        name=name,
        says=says,
        call=Call(operation=f"redshift.{name}_cluster", region=cluster.region, arguments=own),
        wait=Look(
            call=Call(operation="redshift.describe_clusters", region=cluster.region, arguments=own),
            path="Clusters.0.ClusterStatus",
            ready=(ready,),
            failed=("hardware-failure", "storage-full"),
        ),
    )


def _cluster(connections: dict[str, float], **config: Any) -> Resource:
    plain = {"ClusterIdentifier": "sales", "ClusterStatus": "available", "Metrics": {CONNECTIONS: connections}}
    return Resource(
        kind=ResourceKind.AWS_REDSHIFT_CLUSTER,
        native_id="arn:aws:redshift:us-east-1:123456789012:cluster:sales",
        name="sales",
        region="us-east-1",
        config={**plain, **config},
    )


IDLE = Rule(
    id="aws-redshift-idle",
    title="Nobody uses the warehouse",
    description="A running cluster is billed by the hour for all its nodes; a paused one for its storage alone.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_REDSHIFT_CLUSTER,
    permissions=("cloudwatch:GetMetricData", "redshift:DescribeClusters"),
    source="Redshift DescribeClusters; CloudWatch metrics of Redshift; Amazon Redshift pricing",
    blind_spots="A day without a value is not taken as idle. The bill counts storage too, which is paid for while a "
    "cluster is paused. Data shared with other clusters is out of reach while it is. Clusters with a hardware security "
    "module cannot be paused.",
    parameters=(Parameter(name="lookback_days", default=7, meaning="Days looked at, of the 7 read.", least=1, most=7),),
    needs=("ClusterStatus", "Metrics"),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Pauses the cluster.",
        plan=pause,
        reversible=Reversible.YES,
        permissions=("redshift:PauseCluster", "redshift:ResumeCluster"),
    ),
    examples=(
        fires(_cluster(daily(0, days=7)), parameters={"lookback_days": 7}),
        quiet(_cluster(daily(1, days=7)), parameters={"lookback_days": 7}),
        quiet(_cluster(daily(0, days=6)), parameters={"lookback_days": 7}),
        quiet(_cluster(daily(0, days=7), ClusterStatus="paused"), parameters={"lookback_days": 7}),
    ),
)
