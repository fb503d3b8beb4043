"""Microsoft.Compute: machines, disks, snapshots and quotas; and the schedules that shut machines down."""

from connectors.clouds.azure.monitor import VALUE, metrics
from connectors.clouds.azure.operation import arm, listed, under, without
from connectors.clouds.azure.resource import by_id, parsed
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place
from domain.facts.resource import ResourceKind

MACHINES_VERSION, DISKS_VERSION = "2026-04-01", "2026-03-02"
# The commands of extensions often hold passwords and keys, also outside of their protected settings.
HIDDEN = without("settings", "protectedSettings", "userData", "customData", "adminPassword", "commandToExecute")
DISK_FIGURES = "Composite Disk Read Operations/sec,Composite Disk Write Operations/sec"


def is_premium(disk: Item) -> bool:
    return bool((disk.get("sku") or {}).get("name") == "Premium_LRS")


def _location(place: Place) -> Arguments:
    return {"location": place.region}


LISTINGS = (
    Listing(
        operation=listed("Microsoft.Compute/virtualMachines", MACHINES_VERSION, hidden=HIDDEN),
        items=VALUE,
        kind=ResourceKind.AZURE_VIRTUAL_MACHINE,
        parse=parsed(ResourceKind.AZURE_VIRTUAL_MACHINE),
        details=(
            Detail(
                key="instanceView",
                operation=under(
                    "Microsoft.Compute/virtualMachines/{vmName}/instanceView",
                    "/instanceView",
                    MACHINES_VERSION,
                    action="Microsoft.Compute/virtualMachines/instanceView/read",
                    hidden=HIDDEN,
                ),
                arguments=by_id,
            ),
        ),
    ),
    Listing(
        operation=listed("Microsoft.Compute/disks", DISKS_VERSION),
        items=VALUE,
        kind=ResourceKind.AZURE_DISK,
        parse=parsed(ResourceKind.AZURE_DISK),
        details=(metrics(lambda _: DISK_FIGURES, days=30, applies=is_premium),),
    ),
    Listing(
        operation=listed("Microsoft.Compute/snapshots", DISKS_VERSION),
        items=VALUE,
        kind=ResourceKind.AZURE_SNAPSHOT,
        parse=parsed(ResourceKind.AZURE_SNAPSHOT),
    ),
    Listing(
        operation=arm(
            "GET Microsoft.Compute/locations/usages",
            "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages",
            MACHINES_VERSION,
            # Also said of a region that is not open to the subscription.
            absent=frozenset({"MissingSubscriptionRegistration", "NoRegisteredProviderFound"}),
        ),
        items=VALUE,
        arguments=_location,
        is_regional=True,
    ),
    Listing(
        operation=listed("Microsoft.DevTestLab/schedules", "2018-09-15", hidden=without("webhookUrl")),
        items=VALUE,
        kind=ResourceKind.AZURE_SHUTDOWN_SCHEDULE,
        parse=parsed(ResourceKind.AZURE_SHUTDOWN_SCHEDULE),
    ),
)
