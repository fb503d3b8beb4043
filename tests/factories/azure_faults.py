"""A fault for each rule of Azure, as it is made in the stand-in with a memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.rules.rule import Setting
from tests.factories.fault import whole
from tests.fakes.azure import ROOT
from tests.fakes.azure_cloud import Cloud

UNDERUSED = "e10b1381-5f0a-47ff-8c7b-37bd13d7c974"
OWNER = f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class AzureFault:
    """`make` returns the native id of what the rule must fire on.

    What is `compared` of all there is must be the same after undoing. `is_back` says of a remedy that is undone in part
    whether what it restores is there.
    """

    rule_id: str
    make: Callable[[Cloud], str]
    name: str = ""
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    compared: Callable[[Any], Any] = whole
    is_back: Callable[[Cloud, str], bool] | None = None

    @property
    def id(self) -> str:
        return f"{self.rule_id}-{self.name}" if self.name else self.rule_id


def measured(name: str, days: int, **figures: float) -> dict[str, Any]:
    """One figure, the same at each hour of the last days."""
    now = datetime.now(UTC)
    data = [{"timeStamp": f"{now - timedelta(hours=hour):%Y-%m-%dT%H:00:00Z}", **figures} for hour in range(days * 24)]
    return {"name": {"value": name}, "timeseries": [{"data": data}]}


def disk(cloud: Cloud, sku: str = "Premium_LRS", state: str = "Unattached") -> str:
    native_id = cloud.add(
        "Microsoft.Compute/disks",
        "data",
        location="westeurope",
        zones=["1"],
        tags={"team": "red"},
        sku={"name": sku},
        properties={
            "diskState": state,
            "diskSizeGB": 128,
            "diskIOPSReadWrite": 500,
            "timeCreated": "2025-01-01T00:00:00.1234567+00:00",
            "LastOwnershipUpdateTime": "2026-01-01T00:00:00.1234567+00:00",
            "networkAccessPolicy": "DenyAll",
            "publicNetworkAccess": "Disabled",
            "creationData": {"createOption": "Empty"},
            "provisioningState": "Succeeded",
        },
    )
    names = ("Composite Disk Read Operations/sec", "Composite Disk Write Operations/sec")
    cloud.metrics[native_id.lower()] = [measured(name, 30, average=20.0) for name in names]
    return native_id


def is_disk_back(cloud: Cloud, native_id: str) -> bool:
    made = cloud.things[native_id.lower()]
    kept = {name: made["properties"][name] for name in ("diskSizeGB", "networkAccessPolicy", "publicNetworkAccess")}
    is_same = kept == {"diskSizeGB": 128, "networkAccessPolicy": "DenyAll", "publicNetworkAccess": "Disabled"}
    is_like = (made["sku"], made["tags"], made["zones"]) == ({"name": "Premium_LRS"}, {"team": "red"}, ["1"])
    return is_same and is_like and made["properties"]["creationData"]["createOption"] == "Copy"


def snapshot(cloud: Cloud) -> str:
    made = {"timeCreated": "2026-01-01T00:00:00+00:00", "creationData": {"createOption": "Copy"}}
    return cloud.add("Microsoft.Compute/snapshots", "old", location="westeurope", properties=made)


def machine(cloud: Cloud, state: str = "running", tags: dict[str, str] | None = None, system: str = "Linux") -> str:
    native_id = cloud.add(
        "Microsoft.Compute/virtualMachines",
        "web",
        location="westeurope",
        tags=tags or {},
        properties={
            "hardwareProfile": {"vmSize": "Standard_D4s_v3"},
            "storageProfile": {"osDisk": {"osType": system, "createOption": "FromImage"}},
        },
    )
    cloud.power[native_id.lower()] = state
    return native_id


def advised(cloud: Cloud, kind: str, state: str = "running") -> str:
    native_id = machine(cloud, state)
    extended = {
        "recommendationType": kind,
        "currentSku": "Standard_D4s_v3",
        "targetSku": "Standard_D2s_v3",
        "savingsAmount": "70.08",
        "savingsCurrency": "USD",
    }
    told = {
        "category": "Cost",
        "recommendationTypeId": UNDERUSED,
        "resourceMetadata": {"resourceId": native_id.lower()},
        "extendedProperties": extended,
    }
    cloud.add("Microsoft.Advisor/recommendations", "r1", parent=native_id, properties=told)
    return native_id


def schedule_off(cloud: Cloud) -> str:
    native_id = machine(cloud, tags={"Environment": "Dev"})
    cloud.add(
        "microsoft.devtestlab/schedules",
        "shutdown-computevm-web",
        location="westeurope",
        properties={
            "status": "Disabled",
            "taskType": "ComputeVmShutdownTask",
            "dailyRecurrence": {"time": "2000"},
            "timeZoneId": "UTC",
            "notificationSettings": {"status": "Disabled", "timeInMinutes": 30},
            "targetResourceId": native_id,
            "createdDate": "2026-01-01T00:00:00+00:00",
            "provisioningState": "Succeeded",
        },
    )
    return native_id


def address(cloud: Cloud) -> str:
    own = {"ipAddress": "203.0.113.7", "publicIPAllocationMethod": "Static"}
    return cloud.add("Microsoft.Network/publicIPAddresses", "front", sku={"name": "Standard"}, properties=own)


def reservation_advised(cloud: Cloud, name: str = "Standard_D2s_v3") -> str:
    told = {
        "term": "P1Y",
        "scope": "Shared",
        "lookBackPeriod": "Last30Days",
        "netSavings": 57.5,
        "recommendedQuantity": 3,
        "resourceType": "virtualMachines",
    }
    kind = "Microsoft.Consumption/reservationRecommendations"
    return cloud.add(kind, "r1", parent=ROOT, kind="legacy", location="westeurope", sku=name, properties=told)


def is_returned(cloud: Cloud, _: str) -> bool:
    kind = "microsoft.capacity/reservationorders/reservations"
    return [thing["properties"]["provisioningState"] for thing in cloud.things.values() if thing["type"] == kind] == [
        "Cancelled"
    ]


def reservation_unused(cloud: Cloud) -> str:
    reservation_advised(cloud)
    order = cloud.add("Microsoft.Capacity/reservationOrders", "o1", parent="", properties={})
    used = [{"grain": 30.0, "grainUnit": "days", "value": 45.0, "valueUnit": "percentage"}]
    return cloud.add(
        "reservations",
        "r1",
        parent=order,
        sku={"name": "Standard_D4s_v3"},
        location="westeurope",
        properties={
            "provisioningState": "Succeeded",
            "quantity": 2,
            "billingPlan": "Monthly",
            "reservedResourceType": "VirtualMachines",
            "utilization": {"aggregates": used},
        },
    )


def plan_advised(cloud: Cloud) -> str:
    details = {"savingsAmount": 120.0, "averageUtilizationPercentage": 97.0, "commitmentAmount": 0.85}
    told = {
        "term": "P1Y",
        "scope": "Shared",
        "lookBackPeriod": "Last30Days",
        "currencyCode": "USD",
        "recommendationDetails": details,
    }
    return cloud.add("Microsoft.CostManagement/benefitRecommendations", "b1", parent=ROOT, properties=told)


def account(cloud: Cloud, **fields: Any) -> str:
    properties = {
        "creationTime": "2025-01-01T00:00:00.1234567Z",
        "allowBlobPublicAccess": False,
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"},
        **fields,
    }
    kind, sku = "StorageV2", {"name": "Standard_LRS"}
    return cloud.add("Microsoft.Storage/storageAccounts", "cedardata", kind=kind, sku=sku, properties=properties)


def account_full(cloud: Cloud) -> str:
    native_id = account(cloud)
    held = {"metadatavalues": [{"name": {"value": "blobtier"}, "value": "Hot"}], "data": [{"average": 500.0 * GIB}]}
    cloud.metrics[native_id.lower()] = [{"name": {"value": "BlobCapacity"}, "timeseries": [held]}]
    return native_id


def account_open(cloud: Cloud) -> str:
    subnet = f"{ROOT}/resourceGroups/rg1/providers/Microsoft.Network/virtualNetworks/net1/subnets/apps"
    rules = {
        "defaultAction": "Allow",
        "bypass": "None",
        "ipRules": [{"value": "203.0.113.0/24", "action": "Allow"}],
        "virtualNetworkRules": [{"id": subnet, "action": "Allow", "state": "Succeeded"}],
    }
    return account(cloud, networkAcls=rules, publicNetworkAccess="Enabled")
