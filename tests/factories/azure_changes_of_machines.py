"""Machines, backups, limits and queues of Azure, and what controls say of them."""

from typing import Any

from tests.factories.azure_change import FAIL, NOBODY, NOTHING, PASS, UNKNOWN, WARNING, Change, ago, id_of
from tests.factories.azure_changes_of_data import database, row, store
from tests.fakes.azure import ITSELF, ROOT, SUBSCRIPTION, refused, thing
from tests.fakes.azure_told import Says

MACHINES, RECOVERY = "Microsoft.Compute/virtualMachines", "Microsoft.RecoveryServices/vaults"
BUDGETS, SCALING = "Microsoft.Consumption/budgets", "Microsoft.Insights/autoscaleSettings"
BUS, USAGES = "Microsoft.ServiceBus/namespaces", "locations/westeurope/usages"
TESTING = {"environment": "test"}
NO_OFFER = refused(
    "BadRequest",
    "Cost Management supports only Enterprise Agreement, Web direct and Microsoft Customer Agreement offer types.",
    400,
)


def backed_up(days: float, status: str = "Completed") -> Says:
    """A machine whose last backup was so many days ago."""
    vault = thing(RECOVERY, "recovery1", sku={"name": "Standard"})
    own = {"protectedItemType": "Microsoft.Compute/virtualMachines", "sourceResourceId": id_of(MACHINES, "vm1")}
    last = {"lastBackupStatus": status, "lastBackupTime": ago(days), "protectionState": "Protected"}
    item = thing("backupProtectedItems", "vm1", parent=vault["id"], properties={**own, **last})
    return {RECOVERY: [vault], "recovery1/backupProtectedItems": [item]}


def never_backed_up() -> Says:
    """Azure gives no time before the first backup."""
    says = backed_up(0)
    (item,) = says["recovery1/backupProtectedItems"]
    own = {"protectionState": "IRPending", "protectedItemType": "Microsoft.Compute/virtualMachines"}
    return {**says, "recovery1/backupProtectedItems": [{**item, "properties": own}]}


def kept(days: int) -> Says:
    """For how long Azure keeps copies of a SQL database."""
    told = {"properties": {"retentionDays": days, "diffBackupIntervalInHours": 12}}
    return database() | {"sales/backupShortTermRetentionPolicies/default": told}


def restored(days: float, status: str = "Completed") -> Says:
    """A vault from which something was restored so many days ago."""
    own = {"jobType": "AzureIaaSVMJob", "operation": "Restore", "status": status, "entityFriendlyName": "vm1"}
    job = {"id": "j1", "name": "j1", "properties": {**own, "startTime": ago(days + 0.1), "endTime": ago(days)}}
    return backed_up(0) | {"recovery1/backupJobs": [job]}


def machines(*zones: str, tags: dict[str, str] | None = None) -> Says:
    """Machines in these zones; in none where a zone is empty."""
    return {MACHINES: [_machine(f"vm{number}", zone, tags or {}) for number, zone in enumerate(zones)]}


def _machine(name: str, zone: str, tags: dict[str, str]) -> dict[str, Any]:
    placed: dict[str, Any] = {"zones": [zone]} if zone else {}
    return thing(MACHINES, name, tags=tags, properties={"hardwareProfile": {"vmSize": "Standard_D2s_v3"}}, **placed)


def used(value: int, limit: int) -> Says:
    """How much of a limit of machines is used, with a budget."""
    name = {"value": "cores", "localizedValue": "Total Regional vCPUs"}
    return budget() | {USAGES: [{"unit": "Count", "currentValue": value, "limit": limit, "name": name}]}


def budget() -> Says:
    period = {"startDate": "2026-01-01T00:00:00Z", "endDate": "2030-01-01T00:00:00Z"}
    own = {"category": "Cost", "amount": 500.0, "timeGrain": "Monthly", "timePeriod": period}
    made = {"id": f"{ROOT}/providers/{BUDGETS}/monthly", "name": "monthly", "type": BUDGETS, "properties": own}
    return {BUDGETS: [made]}


def scaling() -> Says:
    own = {"enabled": True, "targetResourceUri": id_of("Microsoft.Web/serverfarms", "plan1"), "profiles": []}
    return {SCALING: [thing(SCALING, "scale1", properties=own)]}


def tagged(*environments: str, own: dict[str, str] | None = None) -> Says:
    """Resources that say which environment they belong to, in a subscription with tags of its own."""
    kind = "microsoft.compute/disks"
    rows = [row(kind, f"disk{number}", tags={"environment": one}) for number, one in enumerate(environments)]
    return {"resources": rows, "subscriptions": [{**ITSELF, "tags": own or {}}]}


def queue(letters: int, age: float = 100) -> Says:
    """A queue that was made so many days ago, with so many dead letters."""
    bus = thing(BUS, "bus1", sku={"name": "Standard", "tier": "Standard"})
    counts = {"activeMessageCount": 0, "deadLetterMessageCount": letters, "scheduledMessageCount": 0}
    own = {"countDetails": counts, "createdAt": ago(age), "maxDeliveryCount": 10, "status": "Active"}
    return {BUS: [bus], "bus1/queues": [thing("queues", "orders", parent=bus["id"], properties=own)]}


def untagged() -> Says:
    """A subscription without a tag."""
    return {"resources": [row("microsoft.compute/disks", "disk0", tags=None)]}


CRASHES = (
    Change("CW-AVL-01", PASS, backed_up(0.5), "vm1", f"last copy Completed at {ago(0.5)}"),
    Change("CW-AVL-01", PASS, kept(14), "sales", "copies kept 14 days"),
    Change("CW-AVL-01", WARNING, backed_up(1.5), "vm1", f"last copy Completed at {ago(1.5)}"),
    Change("CW-AVL-01", FAIL, backed_up(3), "vm1", f"last copy Completed at {ago(3)}"),
    Change("CW-AVL-01", FAIL, backed_up(0.5, "Failed"), "vm1", "last copy Failed"),
    Change("CW-AVL-01", FAIL, never_backed_up(), "vm1", "last copy none"),
    Change("CW-AVL-01", FAIL, kept(1), "sales", "copies kept 1 days"),
    Change("CW-AVL-01", NOTHING, NOBODY),
    Change("CW-AVL-02", PASS, restored(30), "recovery1", f"last restore: {ago(30)}"),
    Change("CW-AVL-02", WARNING, restored(95), "recovery1", f"last restore: {ago(95)}"),
    Change("CW-AVL-02", WARNING, restored(119), "recovery1", f"last restore: {ago(119)}"),
    Change("CW-AVL-02", FAIL, restored(150), "recovery1", "last restore: none"),
    Change("CW-AVL-02", FAIL, restored(30, "Failed"), "recovery1", "last restore: none"),
    Change("CW-AVL-02", FAIL, backed_up(0.5), "recovery1", "last restore: none"),
    Change("CW-AVL-02", NOTHING, NOBODY),
    Change("CW-AVL-03", PASS, machines("1", "2"), "vm0", "in zone 1, 2"),
    Change("CW-AVL-03", PASS, store(sku="Standard_GZRS"), "store1", "Standard_GZRS"),
    Change("CW-AVL-03", PASS, database(spread=True), "sales", "zone redundant: True"),
    Change("CW-AVL-03", WARNING, store(sku="Standard_GRS"), "store1", "Standard_GRS"),
    Change("CW-AVL-03", WARNING, machines("1", "1", tags=TESTING), "vm0", "in zone 1, not critical"),
    Change("CW-AVL-03", FAIL, machines("1", "1"), "vm1", "in zone 1"),
    Change("CW-AVL-03", FAIL, machines(""), "vm0", "in zone none"),
    Change("CW-AVL-03", FAIL, store(), "store1", "Standard_LRS"),
    Change("CW-AVL-03", FAIL, database(), "sales", "zone redundant: False"),
    Change("CW-AVL-03", NOTHING, NOBODY),
)
ROOM = (
    Change("CW-AVL-04", PASS, used(3, 10), "westeurope: cores", "3 of 10 used"),
    Change("CW-AVL-04", PASS, budget() | scaling(), "scale1", "grows by itself: True"),
    Change("CW-AVL-04", WARNING, used(9, 10), "westeurope: cores", "9 of 10 used"),
    Change("CW-AVL-04", FAIL, used(10, 10), "westeurope: cores", "10 of 10 used"),
    Change("CW-AVL-04", FAIL, NOBODY, "budget", "none"),
    Change("CW-AVL-04", UNKNOWN, {BUDGETS: NO_OFFER}, "", "an offer that Cost Management supports"),
    Change("CW-CHG-05", PASS, tagged("production", "prod"), SUBSCRIPTION, "resources of production only"),
    Change("CW-CHG-05", WARNING, tagged("prod", "dev", own={"env": "shared"}), SUBSCRIPTION, "for shared services"),
    Change("CW-CHG-05", WARNING, untagged(), SUBSCRIPTION, "no tag says"),
    Change("CW-CHG-05", FAIL, tagged("prod", "dev"), SUBSCRIPTION, "resources of not production and production"),
    Change("CW-CHG-05", NOTHING, NOBODY),
    Change("CW-PIN-02", PASS, queue(0), "orders", "no dead letters"),
    Change("CW-PIN-02", WARNING, queue(3, 0.5), "orders", "3 dead letters"),
    Change("CW-PIN-02", FAIL, queue(3), "orders", "3 dead letters"),
    Change("CW-PIN-02", NOTHING, NOBODY),
)
CHANGES = (*CRASHES, *ROOM)
