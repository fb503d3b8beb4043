"""Microsoft.Compute: machines, disks, snapshots and quotas; and the schedules that shut machines down."""

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place
from domain.facts.resource import ResourceKind

MACHINES_VERSION, DISKS_VERSION = "2026-04-01", "2026-03-02"
# The commands of extensions often hold passwords and keys, also outside of their protected settings.
HIDDEN = call.without("settings", "protectedSettings", "userData", "customData", "adminPassword", "commandToExecute")
DISK_FIGURES = "Composite Disk Read Operations/sec,Composite Disk Write Operations/sec"


def is_premium(disk: Item) -> bool:
    return bool((disk.get("sku") or {}).get("name") == "Premium_LRS")


def _location(place: Place) -> Arguments:
    return {"location": place.region}


LISTINGS = (
    Listing(
        operation=call.listed("Microsoft.Compute/virtualMachines", MACHINES_VERSION, hidden=HIDDEN),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_VIRTUAL_MACHINE,
        parse=shape.parsed(ResourceKind.AZURE_VIRTUAL_MACHINE),
        details=(
            Detail(
                key="instanceView",
                operation=call.under(
                    "Microsoft.Compute/virtualMachines/{vmName}/instanceView",
                    "/instanceView",
                    MACHINES_VERSION,
                    action="Microsoft.Compute/virtualMachines/instanceView/read",
                    hidden=HIDDEN,
                ),
                arguments=shape.by_id,
            ),
        ),
    ),
    Listing(
        operation=call.listed("Microsoft.Compute/disks", DISKS_VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_DISK,
        parse=shape.parsed(ResourceKind.AZURE_DISK),
        details=(monitor.metrics(lambda _: DISK_FIGURES, days=30, applies=is_premium),),
        volatile=monitor.FIGURES,
    ),
    Listing(
        operation=call.listed("Microsoft.Compute/snapshots", DISKS_VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_SNAPSHOT,
        parse=shape.parsed(ResourceKind.AZURE_SNAPSHOT),
    ),
    Listing(
        operation=call.arm(
            "GET Microsoft.Compute/locations/usages",
            "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages",
            MACHINES_VERSION,
            # Also said of a region that is not open to the subscription.
            absent=frozenset({"MissingSubscriptionRegistration", "NoRegisteredProviderFound"}),
        ),
        items=monitor.VALUE,
        arguments=_location,
        is_regional=True,
    ),
    Listing(
        operation=call.listed("Microsoft.DevTestLab/schedules", "2018-09-15", hidden=call.without("webhookUrl")),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_SHUTDOWN_SCHEDULE,
        parse=shape.parsed(ResourceKind.AZURE_SHUTDOWN_SCHEDULE),
    ),
)
