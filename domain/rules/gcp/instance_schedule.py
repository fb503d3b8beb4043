"""Machines for development that run while nobody develops."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_machine import group_of
from domain.rules.gcp_recommendation import last
from domain.rules.gcp_step import compute_step, made_step, scope
from domain.rules.list_price import usd
from domain.rules.office_hours import ZONE, clock, minute_of, zone_of
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

SCHEDULE = "cloudwatcher-office-hours"
# Twelve hours on each of five days: an ordinary working day with an hour or two at both ends.
START, STOP, WORKDAYS = "07:00", "19:00", 5
DAY, WEEK_HOURS = 24 * 60, 168
POLICY = ResourceKind.GCP_RESOURCE_POLICY


def runs_at_night(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires on a running machine for development that no schedule stops."""
    environment = instance.tags.get("environment")
    if environment not in context.parameters["dev_values"] or instance.config.get("status") != "RUNNING":
        return None
    if group_of(instance) is not None or _is_scheduled(instance, context):
        return None
    bill, on_hours = context.billed_usd(instance.native_id), _hours(context)
    return Observation(
        reason=f"Machine {instance.name} is for {environment} and runs day and night without a schedule.",
        observed={"environment": environment, "status": "RUNNING"},
        estimated_monthly_saving=None if bill is None else usd(bill * (1 - on_hours / WEEK_HOURS)),
        saving_formula=None if bill is None else f"{bill} USD * (1 - {on_hours:f}/{WEEK_HOURS})",
    )


def _hours(context: RuleContext) -> Decimal:
    """How long it runs in a week, to the hundredth of an hour."""
    start, stop = (minute_of(context.parameters[name]) for name in ("start_time", "stop_time"))
    return (Decimal((stop - start) % DAY * WORKDAYS) / 60).quantize(Decimal("0.01")).normalize()


@dataclass(frozen=True, slots=True)
class _Hours:
    """From `start` to `stop` on workdays in `zone`."""

    start: str
    stop: str
    zone: str

    def __str__(self) -> str:
        return f"from {self.start} to {self.stop} {self.zone}, Monday to Friday"

    @property
    def name(self) -> str:
        """Other hours have a schedule of their own, whose name says them; it has at most 63 characters."""
        if (self.start, self.stop, self.zone) == (START, STOP, "UTC"):
            return SCHEDULE
        place = self.zone.lower().replace("+", "plus").replace("/", "-").replace("_", "-")
        return f"cloudwatcher-hours-{self.start.replace(':', '')}-{self.stop.replace(':', '')}-{place}"


def _chosen(context: RuleContext) -> _Hours:
    start, stop = context.parameters["start_time"], context.parameters["stop_time"]
    if stop <= start:
        raise NoPlan(f"It cannot run from {start} to {stop}: set start_time of the rule before stop_time.")
    return _Hours(start, stop, zone_of(context.parameters))


def _cron(at: str) -> str:
    hour, minute = divmod(minute_of(at), 60)
    return f"{minute} {hour} * * 1-5"


def give_schedule(instance: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The schedule, one for each region and kept for other machines, and the machine under it."""
    hours, zone = _chosen(context), scope(instance)["zone"]
    region = zone.rpartition("-")[0]
    attached = _attached(instance, hours, zone, region)
    exists = any(last(one.native_id) == hours.name and one.region == region for one in context.every(POLICY))
    return (attached,) if exists else (_made(hours, region), attached)


def _made(hours: _Hours, region: str) -> Step:
    return made_step(
        "schedule",
        f"Make the schedule {hours.name} in {region}: on {hours}.",
        "resourcePolicies.insert",
        {"region": region},
        {
            "name": hours.name,
            "description": f"Made by CloudWatcher: on {hours}",
            "instanceSchedulePolicy": {
                "timeZone": hours.zone,
                "vmStartSchedule": {"schedule": _cron(hours.start)},
                "vmStopSchedule": {"schedule": _cron(hours.stop)},
            },
        },
        ("resourcePolicies.list", {"region": region}),
        ready=("READY",),
        failed=("INVALID", "EXPIRED"),
    )


def _attached(instance: Resource, hours: _Hours, zone: str, region: str) -> Step:
    project = instance.native_id.removeprefix("//").split("/")[2]
    path = f"projects/{project}/regions/{region}/resourcePolicies/{hours.name}"
    arguments = {"instance": instance.name, "resourcePolicies": [path]}
    back = compute_step(
        "detach",
        f"Take {instance.name} out of the schedule.",
        "instances.removeResourcePolicies",
        {"zone": zone},
        arguments,
    )
    return compute_step(
        "attach",
        f"Let {instance.name} run {hours} only.",
        "instances.addResourcePolicies",
        {"zone": zone},
        arguments,
        undo=(back,),
    )


def _is_scheduled(instance: Resource, context: RuleContext) -> bool:
    """Whether one of its policies is a schedule; one that is not known might be."""
    names = {last(one) for one in instance.config.get("resourcePolicies") or ()}
    others = {one.name for one in context.every(POLICY) if "instanceSchedulePolicy" not in one.config}
    return not names <= others


def _policy(name: str, **config: Any) -> Resource:
    made = example.compute(POLICY, f"regions/us-central1/resourcePolicies/{name}", **config)
    return made.model_copy(update={"region": "us-central1"})


DEV = {"dev_values": ("dev", "test", "staging"), "start_time": START, "stop_time": STOP, "time_zone": "UTC"}
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
        clock("start_time", START, "When machines are started on a workday, as HH:MM."),
        clock("stop_time", STOP, "When machines are stopped on a workday, as HH:MM; later than start_time."),
        ZONE,
    ),
    needs=("status",),
    also_reads=(POLICY,),
    check=runs_at_night,
    group="schedule",
    remedy=Remedy(
        says="Lets the machine run in working hours only, Monday to Friday.",
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
