"""Virtual machines that Azure Advisor finds too large, or not used at all."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_machine import (
    DEALLOCATED,
    RUNNING,
    STOPPED,
    changed,
    deallocate,
    machine_of,
    power_off,
    power_state,
    size,
    start,
)
from domain.rules.azure_resource import is_same, own
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# Advisor: "Right-size or shutdown underutilized virtual machines". Source: reference of cost recommendations.
UNDERUSED = "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"
MONTHS_PER_YEAR = 12


def is_idle(machine: Resource, context: RuleContext) -> Observation | None:
    """Fires on a running machine that Advisor says to shut down."""
    if power_state(machine) != RUNNING:
        return None
    advice = _advice(machine, "Shutdown", context)
    if advice is None:
        return None
    return Observation(
        reason=f"Azure Advisor finds that the machine {machine.name} is hardly used and says to shut it down.",
        observed={"recommendationType": "Shutdown", "vmSize": size(machine)},
        **_saving(advice),
    )


def is_too_large(machine: Resource, context: RuleContext) -> Observation | None:
    """Fires on a machine that still has the size that Advisor says to change."""
    advice = _advice(machine, "SkuChange", context) if size(machine) else None
    if advice is None or not advice.get("targetSku") or not is_same(size(machine), str(advice.get("currentSku"))):
        return None
    return Observation(
        reason=f"Azure Advisor finds that {advice['targetSku']} is enough for the machine {machine.name}, "
        f"which is {size(machine)}.",
        observed={"vmSize": size(machine), "targetSku": advice["targetSku"]},
        **_saving(advice),
    )


def shut_down(machine: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The machine is deallocated; undone by starting it."""
    return (deallocate(machine, start(machine)),)


def resize(machine: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Another size, for which the machine is down for some minutes; afterwards it runs if it ran before."""
    wanted, state = (_advice(machine, "SkuChange", context) or {})["targetSku"], power_state(machine)
    back = changed("size-back", f"Make {machine.name} {size(machine)} again.", machine, _sized(size(machine)))
    sized = changed("resize", f"Make {machine.name}, now {size(machine)}, {wanted}.", machine, _sized(wanted), back)
    if state == DEALLOCATED:
        return (sized,)
    if state == STOPPED:
        return (deallocate(machine, start(machine), power_off(machine)), sized)
    return (deallocate(machine, start(machine)), sized, start(machine, deallocate(machine)))


def _sized(name: str) -> dict[str, Any]:
    return {"hardwareProfile": {"vmSize": name}}


def _advice(machine: Resource, kind: str, context: RuleContext) -> dict[str, Any] | None:
    """What Advisor says of a machine, of this kind; None when it says nothing."""
    for recommendation in context.every(ResourceKind.AZURE_RECOMMENDATION):
        told = own(recommendation)
        about = str((told.get("resourceMetadata") or {}).get("resourceId") or "")
        extended: dict[str, Any] = told.get("extendedProperties") or {}
        if (
            told.get("recommendationTypeId") == UNDERUSED
            and told.get("category") == "Cost"
            and extended.get("recommendationType") == kind
            and is_same(about, machine.native_id)
        ):
            return extended
    return None


def _saving(advice: dict[str, Any]) -> dict[str, Any]:
    """Advisor's own estimate, where it is in US dollars."""
    if advice.get("savingsCurrency") != "USD":
        return {}
    if advice.get("savingsAmount"):
        amount, formula = Decimal(str(advice["savingsAmount"])), "savingsAmount of Azure Advisor"
    elif advice.get("annualSavingsAmount"):
        amount = Decimal(str(advice["annualSavingsAmount"])) / MONTHS_PER_YEAR
        formula = f"annualSavingsAmount of Azure Advisor, {advice['annualSavingsAmount']} USD / {MONTHS_PER_YEAR}"
    else:
        return {}
    saving: Money = usd(amount)
    return {"estimated_monthly_saving": saving, "saving_formula": formula}


def _told(kind: str, **extended: Any) -> Resource:
    machine = machine_of().native_id
    return Resource(
        kind=ResourceKind.AZURE_RECOMMENDATION,
        native_id=f"{machine}/providers/Microsoft.Advisor/recommendations/r1",
        name="Right-size or shutdown underutilized virtual machines",
        config={
            "properties": {
                "category": "Cost",
                "recommendationTypeId": UNDERUSED,
                "resourceMetadata": {"resourceId": machine.upper()},
                "extendedProperties": {"recommendationType": kind, **extended},
            }
        },
    )


_SMALLER = _told(
    "SkuChange",
    currentSku="Standard_D4s_v5",
    targetSku="Standard_D2s_v5",
    savingsAmount="70.08",
    savingsCurrency="USD",
)

IDLE = Rule(
    id="azure-vm-idle",
    title="Virtual machine is hardly used",
    description="Azure Advisor looks at processor and network over weeks and names machines that do next to nothing.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_VIRTUAL_MACHINE,
    permissions=(
        "Microsoft.Advisor/recommendations/read",
        "Microsoft.Compute/virtualMachines/instanceView/read",
        "Microsoft.Compute/virtualMachines/read",
    ),
    source="Azure Advisor, cost recommendation e10b1381-5f0a-47ff-8c7b-37bd13d7c974",
    blind_spots="Advisor decides what is little use, by the settings made there, and brings its list up to date within "
    "a day. What starts the machine again later is not known.",
    needs=("properties", "instanceView"),
    also_reads=(ResourceKind.AZURE_RECOMMENDATION,),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Deallocates the machine; its disks stay. What its temporary disk holds and a dynamic address are lost.",
        plan=shut_down,
        reversible=Reversible.YES,
        permissions=(
            "Microsoft.Compute/virtualMachines/deallocate/action",
            "Microsoft.Compute/virtualMachines/start/action",
        ),
    ),
    examples=(
        fires(machine_of(), _told("Shutdown", savingsAmount="140.16", savingsCurrency="USD")),
        # 1681.92 USD a year are 140.16 USD a month.
        fires(machine_of(), _told("Shutdown", annualSavingsAmount="1681.92", savingsCurrency="USD")),
        fires(machine_of(), _told("Shutdown", savingsCurrency="USD")),
        fires(machine_of(), _told("Shutdown", savingsAmount="140.16", savingsCurrency="EUR")),
        quiet(machine_of(DEALLOCATED), _told("Shutdown")),
        quiet(machine_of(), _SMALLER),
    ),
)

RIGHTSIZE = Rule(
    id="azure-vm-rightsize",
    title="Virtual machine is larger than it needs to be",
    description="Azure Advisor names a smaller size that bears what the machine does.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_VIRTUAL_MACHINE,
    permissions=(
        "Microsoft.Advisor/recommendations/read",
        "Microsoft.Compute/virtualMachines/instanceView/read",
        "Microsoft.Compute/virtualMachines/read",
    ),
    source="Azure Advisor, cost recommendation e10b1381-5f0a-47ff-8c7b-37bd13d7c974",
    blind_spots="Advisor sees memory only where an agent reports it. Whether the new size is free in the region shows "
    "when it is asked for.",
    needs=("properties", "instanceView"),
    also_reads=(ResourceKind.AZURE_RECOMMENDATION,),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Deallocates the machine, changes its size and starts it. It is down for some minutes.",
        plan=resize,
        reversible=Reversible.YES,
        permissions=(
            "Microsoft.Compute/virtualMachines/deallocate/action",
            "Microsoft.Compute/virtualMachines/powerOff/action",
            "Microsoft.Compute/virtualMachines/start/action",
            "Microsoft.Compute/virtualMachines/write",
        ),
    ),
    examples=(
        fires(machine_of(), _SMALLER),
        fires(machine_of(STOPPED), _SMALLER),
        fires(machine_of(DEALLOCATED), _SMALLER),
        quiet(machine_of(hardwareProfile={"vmSize": "Standard_D2s_v5"}), _SMALLER),
        quiet(machine_of(), _told("Shutdown")),
    ),
)
