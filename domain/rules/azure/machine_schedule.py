"""Machines for development that run through the night."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_machine import machine_of
from domain.rules.azure_resource import GONE, group_of, is_same, kept, on, own, tag_of
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

HOURS_PER_WEEK = 168
SHUTDOWN = "ComputeVmShutdownTask"
PUT, DELETE = "PUT Microsoft.DevTestLab/schedules/{name}", "DELETE Microsoft.DevTestLab/schedules/{name}"
GIVEN = (
    *("status", "taskType", "dailyRecurrence", "weeklyRecurrence", "hourlyRecurrence", "timeZoneId"),
    *("notificationSettings", "targetResourceId"),
)


def never_sleeps(machine: Resource, context: RuleContext) -> Observation | None:
    """Fires on a machine for development without a schedule that shuts it down each day."""
    environment = tag_of(machine, "environment")
    if "properties" not in machine.config or environment.lower() not in context.parameters["dev_values"]:
        return None
    schedule = _schedule(machine, context)
    if schedule is None and not context.is_listed(ResourceKind.AZURE_SHUTDOWN_SCHEDULE, None):
        return None
    if schedule is not None and own(schedule).get("status") == "Enabled":
        return None
    return Observation(
        reason=f"Machine {machine.name} is for {environment} and no schedule shuts it down at night.",
        observed={"environment": environment, "schedule": own(schedule).get("status") if schedule else None},
        **_saving(machine, context),
    )


def shut_down_daily(machine: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A schedule under the name that the portal looks for; one that is switched off is switched on as it is."""
    schedule = _schedule(machine, context)
    if schedule is not None:
        return (_switched_on(machine, schedule),)
    at, zone = context.parameters["shutdown_time"], context.parameters["time_zone"]
    name = f"shutdown-computevm-{machine.name}"
    native_id = f"{group_of(machine.native_id)}/providers/Microsoft.DevTestLab/schedules/{name}"
    properties = {
        "status": "Enabled",
        "taskType": SHUTDOWN,
        "dailyRecurrence": {"time": at},
        "timeZoneId": zone,
        "targetResourceId": machine.native_id,
    }
    gone = Step(
        name="unschedule",
        says=f"Delete the schedule {name}.",
        call=on(DELETE, native_id),
        gone=GONE,
    )
    return (
        Step(
            name="schedule",
            says=f"Shut down and deallocate {machine.name} every day at {at} ({zone}).",
            call=on(PUT, native_id, location=machine.config["location"], properties=properties),
            undo=(gone,),
        ),
    )


def _switched_on(machine: Resource, schedule: Resource) -> Step:
    if (own(schedule).get("notificationSettings") or {}).get("status") == "Enabled":
        # Its hook is a secret that is never read, and a schedule can only be written whole.
        raise NoPlan(f"The schedule {schedule.name} calls an address that is not read: switch it on by hand.")
    whole, top = kept(own(schedule), GIVEN), kept(schedule.config, ("location", "tags"))
    off = Step(
        name="switch-off",
        says=f"Switch the schedule {schedule.name} off again.",
        call=on(PUT, schedule.native_id, **top, properties=whole),
    )
    return Step(
        name="switch-on",
        says=f"Switch the schedule {schedule.name} on, which shuts down {machine.name} every day.",
        call=on(PUT, schedule.native_id, **top, properties={**whole, "status": "Enabled"}),
        undo=(off,),
    )


def _schedule(machine: Resource, context: RuleContext) -> Resource | None:
    for schedule in context.every(ResourceKind.AZURE_SHUTDOWN_SCHEDULE):
        target = str(own(schedule).get("targetResourceId") or "")
        if own(schedule).get("taskType") == SHUTDOWN and is_same(target, machine.native_id):
            return schedule
    return None


def _saving(machine: Resource, context: RuleContext) -> dict[str, Any]:
    billed, on_hours = context.billed_usd(machine.native_id), Decimal(context.parameters["on_hours_week"])
    if billed is None:
        return {}
    formula = f"{usd(billed).amount} USD bill * (1 - {on_hours}/{HOURS_PER_WEEK} hours)"
    return {"estimated_monthly_saving": usd(billed * (1 - on_hours / HOURS_PER_WEEK)), "saving_formula": formula}


def _shutdown(status: str, **fields: Any) -> Resource:
    name = "shutdown-computevm-web"
    properties = {
        "status": status,
        "taskType": SHUTDOWN,
        "dailyRecurrence": {"time": "2000"},
        "targetResourceId": machine_of().native_id.lower(),
        **fields,
    }
    return Resource(
        kind=ResourceKind.AZURE_SHUTDOWN_SCHEDULE,
        native_id=f"/subscriptions/s1/resourceGroups/rg1/providers/microsoft.devtestlab/schedules/{name}",
        name=name,
        config={"location": "westeurope", "properties": properties},
    )


_DEFAULTS = {
    "dev_values": ("dev", "test", "staging"),
    "shutdown_time": "1900",
    "time_zone": "UTC",
    "on_hours_week": 55,
}
_DEV = machine_of(tags={"Environment": "dev"})

OFF_HOURS = Rule(
    id="azure-vm-offhours",
    title="Development machine runs through the night",
    description="A machine that people use in working hours costs three times as much when nothing shuts it down.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_VIRTUAL_MACHINE,
    permissions=("Microsoft.Compute/virtualMachines/read", "Microsoft.DevTestLab/schedules/read"),
    source="Microsoft.DevTestLab, Global Schedules (ComputeVmShutdownTask)",
    blind_spots="Other ways to stop machines, such as automation runbooks or scripts, are not seen. The schedule only "
    "shuts down; somebody has to start the machine. The saving takes the hours of the parameter for granted.",
    parameters=(
        Parameter(
            name="dev_values",
            default=("dev", "test", "staging"),
            meaning="Values of the tag environment, in small letters, whose machines may sleep.",
        ),
        Parameter(
            name="shutdown_time",
            default="1900",
            meaning="When machines are shut down, as hhmm.",
            pattern="([01][0-9]|2[0-3])[0-5][0-9]",
        ),
        Parameter(name="time_zone", default="UTC", meaning="The time zone of that time, by its Windows name."),
        Parameter(
            name="on_hours_week",
            default=55,
            meaning="Hours a week such a machine still runs, for the estimate.",
            most=HOURS_PER_WEEK,
        ),
    ),
    needs=("properties",),
    also_reads=(ResourceKind.AZURE_SHUTDOWN_SCHEDULE,),
    check=never_sleeps,
    group="schedule",
    remedy=Remedy(
        says="Adds a schedule that shuts the machine down every day, or switches on the one there is.",
        plan=shut_down_daily,
        reversible=Reversible.YES,
        permissions=("Microsoft.DevTestLab/schedules/delete", "Microsoft.DevTestLab/schedules/write"),
    ),
    examples=(
        fires(_DEV, parameters=_DEFAULTS),
        # 168 USD * (1 - 55/168) = 113 USD.
        fires(_DEV, parameters=_DEFAULTS, bills={_DEV.native_id: usd(Decimal(168))}),
        fires(_DEV, _shutdown("Disabled"), parameters=_DEFAULTS),
        fires(_DEV, _shutdown("Disabled", notificationSettings={"status": "Enabled"}), parameters=_DEFAULTS),
        fires(_DEV, _shutdown("Enabled", targetResourceId="another"), parameters=_DEFAULTS),
        quiet(_DEV, _shutdown("Enabled"), parameters=_DEFAULTS),
        quiet(_DEV, parameters=_DEFAULTS, is_listed=lambda kind, _: kind is not ResourceKind.AZURE_SHUTDOWN_SCHEDULE),
        quiet(machine_of(tags={"environment": "production"}), parameters=_DEFAULTS),
    ),
)
