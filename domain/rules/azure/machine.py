"""Virtual machines that are billed for nothing, or for licences that are owned already."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_machine import (
    DEALLOCATED,
    STOPPED,
    changed,
    deallocate,
    machine_of,
    power_off,
    power_state,
    start,
)
from domain.rules.azure_resource import own, whole_bill
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

# Its machines need a licence of another kind. Source: "Windows client desktop in Azure".
CLIENT_PUBLISHER = "microsoftwindowsdesktop"
OWNED = "Windows_Server"


def is_stopped_but_billed(machine: Resource, context: RuleContext) -> Observation | None:
    """Fires on a machine that was shut down from inside: it keeps its host, and the host is billed."""
    if power_state(machine) != STOPPED:
        return None
    return Observation(
        reason=f"Machine {machine.name} is stopped but not deallocated, so it is billed as if it ran.",
        observed={"powerState": STOPPED},
        **whole_bill(machine, context),
    )


def give_host_back(machine: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Deallocated; undone by starting it and powering it off, which gives it a host as before."""
    return (deallocate(machine, start(machine), power_off(machine)),)


def pays_for_owned_licence(machine: Resource, context: RuleContext) -> Observation | None:
    """Fires on Windows machines, the first by id, for as many as there are licences left."""
    owned = context.parameters["licensed_machines"]
    if not owned or not _pays_licence(machine):
        return None
    machines = context.every(ResourceKind.AZURE_VIRTUAL_MACHINE)
    left = owned - sum(own(one).get("licenseType") == OWNED for one in machines)
    waiting = [one.native_id for one in machines if _pays_licence(one)]
    if machine.native_id not in waiting[: max(left, 0)]:
        return None
    return Observation(
        reason=f"Machine {machine.name} is billed for a Windows licence although {left} that you own are not in use.",
        observed={"osType": "Windows", "licenseType": own(machine).get("licenseType")},
    )


def use_owned_licence(machine: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One field of the machine, which needs no restart."""
    says = f"Stop billing a Windows licence for {machine.name}: one that you own takes its place."
    back = changed(
        "back", f"Bill the Windows licence of {machine.name} with the machine again.", machine, {"licenseType": "None"}
    )
    return (changed("license", says, machine, {"licenseType": OWNED}, back),)


def _pays_licence(machine: Resource) -> bool:
    storage = own(machine).get("storageProfile") or {}
    publisher = str((storage.get("imageReference") or {}).get("publisher") or "")
    is_windows = (storage.get("osDisk") or {}).get("osType") == "Windows"
    is_billed = own(machine).get("licenseType") in (None, "None")
    return bool(is_windows and is_billed and publisher.lower() != CLIENT_PUBLISHER)


def _windows(name: str = "web", publisher: str = "MicrosoftWindowsServer", **fields: Any) -> Resource:
    disk = {"osDisk": {"osType": "Windows"}, "imageReference": {"publisher": publisher}}
    machine = machine_of(storageProfile=disk, **fields)
    path = machine.native_id.rpartition("/")[0]
    return machine.model_copy(update={"native_id": f"{path}/{name}", "name": name})


_ONE = {"licensed_machines": 1}

STOPPED_BILLED = Rule(
    id="azure-vm-stopped-billed",
    title="Stopped machine is still billed",
    description="A machine that was shut down from inside keeps its host. Only deallocating it ends the bill.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_VIRTUAL_MACHINE,
    permissions=("Microsoft.Compute/virtualMachines/instanceView/read", "Microsoft.Compute/virtualMachines/read"),
    source="Virtual Machines - Instance View; States and billing status of Azure Virtual Machines",
    blind_spots="Since when it is stopped is not known. The bill of a machine holds what it sent over the network too.",
    needs=("instanceView",),
    check=is_stopped_but_billed,
    group="idle",
    remedy=Remedy(
        says="Deallocates the machine; its disks stay. What its temporary disk holds and a dynamic address are lost.",
        plan=give_host_back,
        reversible=Reversible.YES,
        permissions=(
            "Microsoft.Compute/virtualMachines/deallocate/action",
            "Microsoft.Compute/virtualMachines/powerOff/action",
            "Microsoft.Compute/virtualMachines/start/action",
        ),
    ),
    examples=(
        fires(machine_of(STOPPED)),
        # The whole bill of 140.16 USD.
        fires(machine_of(STOPPED), bills={machine_of().native_id: usd(Decimal("140.16"))}),
        quiet(machine_of()),
        quiet(machine_of(DEALLOCATED)),
    ),
)

HYBRID_BENEFIT = Rule(
    id="azure-hybrid-benefit",
    title="Windows licence is billed although one is owned",
    description="With Azure Hybrid Benefit a Windows Server licence that is owned already replaces the billed one.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_VIRTUAL_MACHINE,
    permissions=("Microsoft.Compute/virtualMachines/read",),
    source="Virtual Machines - List (licenseType); Azure Hybrid Benefit for Windows Server",
    blind_spots="What is owned is what you say in the parameter; how many cores a machine has is not counted, and "
    "licences used elsewhere are not seen. What the licence costs is not told apart in the bill.",
    parameters=(
        Parameter(
            name="licensed_machines",
            default=0,
            meaning="How many machines the Windows Server licences you own, with Software Assurance, may cover here.",
        ),
    ),
    needs=("properties",),
    also_reads=(ResourceKind.AZURE_VIRTUAL_MACHINE,),
    check=pays_for_owned_licence,
    group="commitment",
    remedy=Remedy(
        says="Declares that a licence that you own covers the machine.",
        plan=use_owned_licence,
        reversible=Reversible.YES,
        permissions=("Microsoft.Compute/virtualMachines/write",),
    ),
    examples=(
        fires(_windows(), parameters=_ONE),
        fires(_windows(licenseType="None"), parameters=_ONE),
        # The one licence goes to the first by id.
        quiet(_windows(), _windows("api"), parameters=_ONE),
        quiet(_windows(), _windows("api", licenseType=OWNED), parameters=_ONE),
        quiet(_windows(), parameters={"licensed_machines": 0}),
        quiet(_windows(publisher="MicrosoftWindowsDesktop"), parameters=_ONE),
        quiet(machine_of(), parameters=_ONE),
    ),
)
