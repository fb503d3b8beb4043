"""Machines for development that run while nobody develops."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_machine import group_of
from domain.rules.gcp_recommendation import last
from domain.rules.gcp_step import compute_step, made_step, scope
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

SCHEDULE = "cloudwatcher-office-hours"
# Twelve hours on each of five days: an ordinary working day with an hour or two at both ends.
HOURS = "from 07:00 to 19:00 UTC, Monday to Friday"
START, STOP = "0 7 * * 1-5", "0 19 * * 1-5"
ON_HOURS, WEEK_HOURS = 60, 168
POLICY = ResourceKind.GCP_RESOURCE_POLICY


def runs_at_night(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires on a running machine for development that no schedule stops."""
    environment = instance.tags.get("environment")
    if environment not in context.parameters["dev_values"] or instance.config.get("status") != "RUNNING":
        return None
    if group_of(instance) is not None or _is_scheduled(instance, context):
        return None
    bill = context.billed_usd(instance.native_id)
    return Observation(
        reason=f"Machine {instance.name} is for {environment} and runs day and night without a schedule.",
        observed={"environment": environment, "status": "RUNNING"},
        estimated_monthly_saving=None if bill is None else usd(bill * (1 - Decimal(ON_HOURS) / WEEK_HOURS)),
        saving_formula=None if bill is None else f"{bill} USD * (1 - {ON_HOURS}/{WEEK_HOURS})",
    )


def give_schedule(instance: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The schedule, one for each region and kept for other machines, and the machine under it."""
    zone = scope(instance)["zone"]
    region = {"region": zone.rpartition("-")[0]}
    made = made_step(
        "schedule",
        f"Make the schedule {SCHEDULE} in {region['region']}: on {HOURS}.",
        "resourcePolicies.insert",
        region,
        {
            "name": SCHEDULE,
            "description": f"Made by CloudWatcher: on {HOURS}",
            "instanceSchedulePolicy": {
                "timeZone": "UTC",
                "vmStartSchedule": {"schedule": START},
                "vmStopSchedule": {"schedule": STOP},
            },
        },
        ("resourcePolicies.list", region),
        ready=("READY",),
        failed=("INVALID", "EXPIRED"),
    )
    project = instance.native_id.removeprefix("//").split("/")[2]
    path = f"projects/{project}/regions/{region['region']}/resourcePolicies/{SCHEDULE}"
    arguments = {"instance": instance.name, "resourcePolicies": [path]}
    back = compute_step(
        "detach",
        f"Take {instance.name} out of the schedule.",
        "instances.removeResourcePolicies",
        {"zone": zone},
        arguments,
    )
    attached = compute_step(
        "attach",
        f"Let {instance.name} run {HOURS} only.",
        "instances.addResourcePolicies",
        {"zone": zone},
        arguments,
        undo=(back,),
    )
    exists = any(last(one.native_id) == SCHEDULE and one.region == region["region"] for one in context.every(POLICY))
    return (attached,) if exists else (made, attached)


def _is_scheduled(instance: Resource, context: RuleContext) -> bool:
    """Whether one of its policies is a schedule; one that is not known might be."""
    names = {last(one) for one in instance.config.get("resourcePolicies") or ()}
    others = {one.name for one in context.every(POLICY) if "instanceSchedulePolicy" not in one.config}
    return not names <= others


def _policy(name: str, **config: Any) -> Resource:
    made = example.compute(POLICY, f"regions/us-central1/resourcePolicies/{name}", **config)
    return made.model_copy(update={"region": "us-central1"})


DEV = {"dev_values": ("dev", "test", "staging")}
TESTING = example.instance(tags={"environment": "test"})
DAILY = f"{example.LINK}/regions/us-central1/resourcePolicies/daily"
HELD = example.instance(tags={"environment": "test"}, resourcePolicies=[DAILY])

OFF_HOURS = Rule(
    id="gcp-vm-offhours",
    title="Machine for development runs at night",
    description="A machine that people use by day only may be off for two thirds of the week.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.GCP_INSTANCE,
    permissions=("compute.instances.list", "compute.resourcePolicies.list"),
    source="Compute Engine, instances.list and resourcePolicies.list; VM instance schedules",
    blind_spots="Schedules of others than Compute Engine are not seen. The schedule does nothing until the service "
    "agent of Compute Engine may start and stop machines (roles/compute.instanceAdmin.v1). The bill of a machine holds "
    "its network traffic too; its disks are billed by themselves.",
    parameters=(
        Parameter(
            name="dev_values",
            default=("dev", "test", "staging"),
            meaning="Values of the label environment by which a machine may be off at night.",
        ),
    ),
    needs=("status",),
    also_reads=(POLICY,),
    check=runs_at_night,
    group="schedule",
    remedy=Remedy(
        says=f"Lets the machine run {HOURS} only.",
        plan=give_schedule,
        reversible=Reversible.YES,
        permissions=(
            "compute.resourcePolicies.create",
            "compute.regionOperations.get",
            "compute.resourcePolicies.use",
            "compute.instances.addResourcePolicies",
            "compute.instances.removeResourcePolicies",
            "compute.zoneOperations.get",
        ),
    ),
    examples=(
        # 84 USD * (1 - 60/168) = 54 USD.
        fires(TESTING, parameters=DEV, bills={TESTING.native_id: Money(amount=Decimal(84), currency="USD")}),
        fires(HELD, _policy("daily", snapshotSchedulePolicy={}), parameters=DEV),
        fires(TESTING, _policy(SCHEDULE, instanceSchedulePolicy={}), parameters=DEV),
        quiet(HELD, _policy("daily", instanceSchedulePolicy={}), parameters=DEV),
        quiet(HELD, parameters=DEV),
        quiet(example.instance(tags={"environment": "test"}, status="TERMINATED"), parameters=DEV),
        quiet(
            example.instance(tags={"environment": "test"}, metadata={"items": [{"key": "created-by", "value": "g"}]}),
            parameters=DEV,
        ),
        quiet(example.instance(tags={"environment": "live"}), parameters=DEV),
    ),
)
