"""EC2 instances of development that run while nobody works."""

from datetime import datetime, timedelta
from decimal import Decimal
from json import dumps
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Step
from domain.rules.aws_environment import TAG, environment, is_development
from domain.rules.aws_instance import state
from domain.rules.aws_instance_step import GROUP_TAG, refuse_unless_stoppable
from domain.rules.list_price import usd
from domain.rules.office_hours import ZONE, clock, minute_of, zone_of
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

HOURS_A_WEEK, WORKDAYS = 168, 5
# The catalogue's measure of an instance that runs day and night.
RUNNING_HOURS = timedelta(hours=150)
# Tags of an instance that has a schedule: ours, and that of Instance Scheduler on AWS (its implementation guide).
OWN_TAG, SCHEDULER_TAG = "cloudwatcher-schedule", "schedule"
# Work begins at eight in UTC unless the tenant says otherwise: AWS says nothing about where people sit.
BEGIN, DAY = "08:00", 24 * 60
# The role that the schedules work with. Only its owner can make it, as it lets a service act in the account.
ROLE, SERVICE = "cloudwatcher-scheduler", "scheduler.amazonaws.com"


def runs_always(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires on an instance for development that has not been stopped for most of a week."""
    launched = instance.config.get("LaunchTime")
    if state(instance) != "running" or not launched or _has_schedule(instance):
        return None
    since = datetime.fromisoformat(launched)
    if not is_development(instance, context.parameters["dev_values"]) or context.now - since <= RUNNING_HOURS:
        return None
    on_hours, billed = context.parameters["on_hours_week"], context.billed_usd(instance.native_id)
    return Observation(
        reason=f"Instance {instance.name} is for {environment(instance)} and has run without a stop since "
        f"{since:%Y-%m-%d}.",
        observed={"environment": environment(instance), "LaunchTime": launched, "schedule": None},
        estimated_monthly_saving=None if billed is None else usd(billed * (1 - Decimal(on_hours) / HOURS_A_WEEK)),
        saving_formula=None if billed is None else f"{usd(billed).amount} USD * (1 - {on_hours}/{HOURS_A_WEEK})",
    )


def _has_schedule(instance: Resource) -> bool:
    return any(key.lower() in (OWN_TAG, SCHEDULER_TAG) for key in instance.tags)


def schedule(instance: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Two schedules that stop and start it on workdays, and a tag that says so."""
    refuse_unless_stoppable(instance)
    role = _role(context)
    zone, minutes = zone_of(context.parameters), context.parameters["on_hours_week"] * 60 // WORKDAYS
    # A long day begins earlier, so that it ends before midnight.
    begin = min(minute_of(context.parameters["start_time"]), DAY - 1 - minutes)
    return (
        _scheduled(instance, role, "stop", begin + minutes, zone),
        _scheduled(instance, role, "start", begin, zone),
        _tagged(instance),
    )


def _role(context: RuleContext) -> str:
    for role in context.every(ResourceKind.AWS_IAM_ROLE):
        if role.name == ROLE and SERVICE in dumps(role.config.get("AssumeRolePolicyDocument")):
            return str(role.config["Arn"])
    raise NoPlan(
        f"The account has no role {ROLE} that {SERVICE} may assume and that may call ec2:StartInstances and "
        "ec2:StopInstances."
    )


def _scheduled(instance: Resource, role: str, verb: str, minute: int, zone: str) -> Step:
    hours, minutes = divmod(minute, 60)
    name = f"cloudwatcher-{verb}-{instance.native_id}"
    return Step(
        name=verb,
        says=f"From Monday to Friday at {hours:02}:{minutes:02} {zone} {verb} {instance.native_id}.",
        call=Call(
            operation="scheduler.create_schedule",
            region=instance.region,
            arguments={
                "Name": name,
                "Description": f"Made by CloudWatcher for {instance.native_id}",
                "ScheduleExpression": f"cron({minutes} {hours} ? * MON-FRI *)",
                "ScheduleExpressionTimezone": zone,
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": f"arn:aws:scheduler:::aws-sdk:ec2:{verb}Instances",
                    "RoleArn": role,
                    "Input": dumps({"InstanceIds": [instance.native_id]}),
                },
                "ClientToken": TOKEN,
            },
        ),
        undo=(
            Step(
                name=f"no-{verb}",
                says=f"Delete the schedule {name}.",
                call=Call(
                    operation="scheduler.delete_schedule",
                    region=instance.region,
                    arguments={"Name": name, "ClientToken": TOKEN},
                ),
                gone=("ResourceNotFoundException",),
            ),
        ),
    )


def _tagged(instance: Resource) -> Step:
    """The tag is how the next sync knows that there is a schedule."""
    arguments: dict[str, Any] = {"Resources": [instance.native_id], "Tags": [{"Key": OWN_TAG, "Value": "workdays"}]}
    return Step(
        name="tag",
        says=f"Tag {instance.native_id} with {OWN_TAG}.",
        call=Call(operation="ec2.create_tags", region=instance.region, arguments=arguments),
        undo=(
            Step(
                name="no-tag",
                says=f"Take the tag {OWN_TAG} off {instance.native_id}.",
                call=Call(operation="ec2.delete_tags", region=instance.region, arguments=arguments),
            ),
        ),
    )


def _instance(hours: int = 151, kind: str = "Dev", name: str = "running", tag: str = "Name") -> Resource:
    launched = (EXAMPLE_NOW - timedelta(hours=hours)).isoformat()
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id="i-1",
        name="web",
        region="us-east-1",
        tags={TAG.title(): kind, tag: "web"},
        config={"State": {"Name": name}, "LaunchTime": launched},
    )


def _trusted(service: str = SERVICE) -> Resource:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}]}
    arn = f"arn:aws:iam::123456789012:role/{ROLE}"
    return Resource(
        kind=ResourceKind.AWS_IAM_ROLE,
        native_id=arn,
        name=ROLE,
        config={"Arn": arn, "AssumeRolePolicyDocument": trust},
    )


DEFAULTS = {
    "dev_values": ("dev", "test", "staging", "sandbox"),
    "on_hours_week": 55,
    "start_time": BEGIN,
    "time_zone": "UTC",
}
ALWAYS_ON = Rule(
    id="aws-ec2-offhours",
    title="EC2 instance for development runs at night",
    description="Who works 55 hours a week needs a machine for a third of it. A schedule stops and starts it.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("ec2:DescribeInstances",),
    source="EC2 DescribeInstances (LaunchTime, renewed by each start); Amazon EventBridge Scheduler user guide",
    blind_spots="Schedules are known by the tags cloudwatcher-schedule and Schedule only. An instance that was stopped "
    "for a moment during the week is not reported. Whether somebody works at night is not known. The bill may hold "
    "some traffic beside the hours.",
    parameters=(
        Parameter(
            name="dev_values",
            default=("dev", "test", "staging", "sandbox"),
            meaning="Values of the tag environment that are not production.",
        ),
        Parameter(name="on_hours_week", default=55, least=5, most=115, meaning="Hours a week it is needed."),
        clock("start_time", BEGIN, "When it is started on a workday, as HH:MM; it stops after the hours of a day."),
        ZONE,
    ),
    needs=("State", "LaunchTime"),
    also_reads=(ResourceKind.AWS_IAM_ROLE,),
    check=runs_always,
    group="schedule",
    remedy=Remedy(
        says="Stops the instance every evening of a workday, and starts it every morning.",
        plan=schedule,
        reversible=Reversible.YES,
        permissions=(
            "ec2:CreateTags",
            "ec2:DeleteTags",
            "iam:PassRole",
            "scheduler:CreateSchedule",
            "scheduler:DeleteSchedule",
        ),
    ),
    examples=(
        fires(_instance(), _trusted(), parameters=DEFAULTS),
        # 84.00 * (1 - 55/168) = 56.50
        fires(_instance(), parameters=DEFAULTS, bills={"i-1": Money(amount=Decimal(84), currency="USD")}),
        fires(_instance(), _trusted("ec2.amazonaws.com"), parameters=DEFAULTS),
        fires(_instance(tag=GROUP_TAG), _trusted(), parameters=DEFAULTS),
        quiet(_instance(hours=150), parameters=DEFAULTS),
        quiet(_instance(kind="production"), parameters=DEFAULTS),
        quiet(_instance(name="stopped"), parameters=DEFAULTS),
        quiet(_instance(tag="Schedule"), parameters=DEFAULTS),
    ),
)
