"""Whether a virtual machine runs, and the steps that stop, start and change it. No rules here."""

from typing import Any

from domain.facts.resource import Resource, ResourceKind
from domain.remediation.step import Step
from domain.rules.azure_resource import on

RUNNING, STOPPED, DEALLOCATED = "PowerState/running", "PowerState/stopped", "PowerState/deallocated"
# Source: VirtualMachines - Deallocate: the host is given back, and with it the temporary disk.
LOST = "What its temporary disk holds is lost, and so is a public address that is not static."


def power_state(machine: Resource) -> str:
    """PowerState/running and the like; empty while it is not known."""
    statuses = (machine.config.get("instanceView") or {}).get("statuses") or ()
    return next((one["code"] for one in statuses if str(one.get("code", "")).startswith("PowerState/")), "")


def size(machine: Resource) -> str:
    """The size as Azure prints it, for example Standard_D4s_v5; empty while it is not known."""
    hardware = (machine.config.get("properties") or {}).get("hardwareProfile") or {}
    return str(hardware.get("vmSize") or "")


def deallocate(machine: Resource, *undo: Step) -> Step:
    return Step(
        name="deallocate",
        says=f"Shut down and deallocate the machine {machine.name}. {LOST}",
        call=on("POST Microsoft.Compute/virtualMachines/{vmName}/deallocate", machine.native_id),
        undo=undo,
    )


def start(machine: Resource, *undo: Step) -> Step:
    return Step(
        name="start",
        says=f"Start the machine {machine.name}.",
        call=on("POST Microsoft.Compute/virtualMachines/{vmName}/start", machine.native_id),
        undo=undo,
    )


def power_off(machine: Resource) -> Step:
    return Step(
        name="power-off",
        says=f"Power the machine {machine.name} off, and keep its host, as it was before.",
        call=on("POST Microsoft.Compute/virtualMachines/{vmName}/powerOff", machine.native_id),
    )


def changed(name: str, says: str, machine: Resource, properties: dict[str, Any], *undo: Step) -> Step:
    """The machine with these of its properties changed."""
    return Step(
        name=name,
        says=says,
        call=on("PATCH Microsoft.Compute/virtualMachines/{vmName}", machine.native_id, properties=properties),
        undo=undo,
    )


def machine_of(state: str = RUNNING, tags: dict[str, str] | None = None, **fields: Any) -> Resource:
    """For examples: a Linux machine of the size Standard_D4s_v5."""
    properties = {
        "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
        "storageProfile": {"osDisk": {"osType": "Linux"}},
        **fields,
    }
    return Resource(
        kind=ResourceKind.AZURE_VIRTUAL_MACHINE,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/web",
        name="web",
        region="westeurope",
        tags=tags or {},
        config={
            "location": "westeurope",
            "properties": properties,
            "instanceView": {"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": state}]},
        },
    )
