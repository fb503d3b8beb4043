"""What tells of costs that are out of line: anomaly monitors of Cost Explorer."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step, answer
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

MONITOR = ResourceKind.AWS_ANOMALY_MONITOR
NOTHING_SAVED = usd(Decimal(0))
GUARDS = "0 USD: it guards against loss"
NAME = "CloudWatcher"
# What AWS proposes for a new subscription: 100 USD more than expected. Source: Cost Management user guide, "Getting
# started with AWS Cost Anomaly Detection".
WORTH_TELLING = {
    "Dimensions": {
        "Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
        "MatchOptions": ["GREATER_THAN_OR_EQUAL"],
        "Values": ["100"],
    }
}


def lacks_monitor(account: Resource, context: RuleContext) -> Observation | None:
    """Fires on an account without a monitor over its services, or when nobody hears of what it finds."""
    if "Account" not in account.config or not context.is_listed(MONITOR, None):
        return None
    monitors = [one for one in context.every(MONITOR) if _is_over_services(one)]
    if any(_is_heard(one) is not False for one in monitors):
        return None
    what = (
        "Nobody hears of anomalies that the monitor finds" if monitors else "No monitor watches the costs of services"
    )
    return Observation(
        reason=f"{what} in account {account.name}.",
        observed={"monitors": [one.name for one in monitors]},
        estimated_monthly_saving=NOTHING_SAVED,
        saving_formula=GUARDS,
    )


def _is_over_services(monitor: Resource) -> bool:
    config = monitor.config
    return config.get("MonitorType") == "DIMENSIONAL" and config.get("MonitorDimension") == "SERVICE"


def _is_heard(monitor: Resource) -> bool | None:
    """Whether somebody subscribes to it who did not decline; None where that was not read."""
    found = monitor.config.get("AnomalySubscriptions")
    if found is None:
        return None
    return any(person.get("Status") != "DECLINED" for one in found for person in one.get("Subscribers") or [])


def watch_services(account: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A monitor where there is none, and a subscription by mail. AWS takes one monitor over services an account."""
    emails, every = context.parameters["emails"], context.every(MONITOR)
    monitors = [one for one in every if _is_over_services(one)]
    if not emails:
        raise NoPlan(f"Nobody is named who should hear of anomalies in account {account.name}.")
    if any(one.config["AnomalySubscriptions"] for one in monitors):
        raise NoPlan("All who were asked declined to hear of anomalies: put somebody else on the subscription.")
    if monitors:
        return (_subscription(monitors[0].native_id, emails),)
    wanted = {"MonitorName": NAME, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    back = Step(
        name="unwatch",
        says="Delete the monitor.",
        call=Call(operation="ce.delete_anomaly_monitor", arguments={"MonitorArn": answer("watch", "MonitorArn")}),
        gone=("UnknownMonitorException",),
    )
    watch = Step(
        name="watch",
        says="Let Cost Explorer watch the costs of each service.",
        call=Call(operation="ce.create_anomaly_monitor", arguments={"AnomalyMonitor": wanted}),
        # Where there are others, which is ours cannot be told by its place; AWS refuses a second one over services.
        found=None if every else Look(call=Call(operation="ce.get_anomaly_monitors"), path="AnomalyMonitors.0"),
        undo=(back,),
    )
    return (watch, _subscription(answer("watch", "MonitorArn"), emails))


def _subscription(monitor: Any, emails: tuple[str, ...]) -> Step:
    """To a monitor that has none, so that the first one found is this one."""
    wanted = {
        "SubscriptionName": NAME,
        "MonitorArnList": [monitor],
        "Subscribers": [{"Type": "EMAIL", "Address": address} for address in emails],
        "Frequency": "DAILY",
        "ThresholdExpression": WORTH_TELLING,
    }
    back = Step(
        name="unsubscribe",
        says="Delete the subscription.",
        call=Call(
            operation="ce.delete_anomaly_subscription",
            arguments={"SubscriptionArn": answer("subscribe", "SubscriptionArn")},
        ),
        gone=("UnknownSubscriptionException",),
    )
    return Step(
        name="subscribe",
        says=f"Tell {', '.join(emails)} once a day of anomalies of 100 USD or more.",
        call=Call(operation="ce.create_anomaly_subscription", arguments={"AnomalySubscription": wanted}),
        found=Look(
            call=Call(operation="ce.get_anomaly_subscriptions", arguments={"MonitorArn": monitor}),
            path="AnomalySubscriptions.0",
        ),
        undo=(back,),
    )


def _account() -> Resource:
    config = {"Account": "123456789012"}
    return Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="123456789012", name="123456789012", config=config)


def _monitor(*statuses: str, dimension: str = "SERVICE", is_read: bool = True) -> Resource:
    """A monitor with a subscriber of each status."""
    people = [{"Subscribers": [{"Type": "EMAIL", "Address": "costs@example.com", "Status": one}]} for one in statuses]
    config: dict[str, Any] = {"MonitorType": "DIMENSIONAL", "MonitorDimension": dimension}
    arn = f"arn:aws:ce::123456789012:anomalymonitor/{dimension}"
    whole = {**config, "AnomalySubscriptions": people} if is_read else config
    return Resource(kind=MONITOR, native_id=arn, name=dimension, config=whole)


TOLD = {"emails": ("costs@example.com",)}
UNTOLD: dict[str, Any] = {"emails": ()}

NO_MONITOR = Rule(
    id="aws-cost-anomaly-monitor",
    title="Nobody is told of unusual costs",
    description="Cost Explorer learns what each service usually costs and tells of what is out of line, for nothing.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_ACCOUNT,
    permissions=("ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions"),
    source="Cost Explorer GetAnomalyMonitors and GetAnomalySubscriptions",
    blind_spots="A monitor of the management account watches its members too, which is not seen from a member.",
    parameters=(Parameter(name="emails", default=(), meaning="Addresses that are told of anomalies."),),
    needs=("Account",),
    also_reads=(MONITOR,),
    check=lacks_monitor,
    group="guardrail",
    remedy=Remedy(
        says="Makes a monitor over all services and subscribes to what it finds.",
        plan=watch_services,
        reversible=Reversible.YES,
        permissions=(
            "ce:CreateAnomalyMonitor",
            "ce:CreateAnomalySubscription",
            "ce:DeleteAnomalyMonitor",
            "ce:DeleteAnomalySubscription",
        ),
    ),
    examples=(
        fires(_account(), parameters=TOLD),
        fires(_account(), _monitor(dimension="LINKED_ACCOUNT"), parameters=TOLD),
        fires(_account(), _monitor(), parameters=TOLD),
        fires(_account(), _monitor("DECLINED"), parameters=TOLD),
        fires(_account(), parameters=UNTOLD),
        quiet(_account(), _monitor("CONFIRMED"), parameters=UNTOLD),
        quiet(_account(), _monitor(is_read=False), parameters=UNTOLD),
        quiet(_account(), parameters=TOLD, is_listed=lambda kind, _: kind is not MONITOR),
    ),
)
