"""What Azure recommends to commit to, and what a purchase sends. No rules here."""

from decimal import Decimal
from typing import Any

from domain.facts.resource import Resource, ResourceKind
from domain.rules.azure_resource import own
from domain.rules.list_price import usd

RESERVATION, BENEFIT = "microsoft.consumption/reservationrecommendations", "microsoft.costmanagement/benefitrecommend"
YEAR, SHARED, LOOK_BACK = "P1Y", "Shared", "Last30Days"
LOOK_BACK_DAYS, DAYS_PER_MONTH = Decimal(30), Decimal("30.4167")
# Recommendations write "virtualMachines" and the like. Source: Reservation Order - Purchase, reservedResourceType.
TYPES = (
    *("VirtualMachines", "SqlDatabases", "SuseLinux", "CosmosDb", "RedHat", "SqlDataWarehouse", "VMwareCloudSimple"),
    *("RedHatOsa", "Databricks", "AppService", "ManagedDisk", "BlockBlob", "RedisCache", "AzureDataExplorer", "MySql"),
    *(
        "MariaDb",
        "PostgreSql",
        "DedicatedHost",
        "SapHana",
        "SqlAzureHybridBenefit",
        "AVS",
        "DataFactory",
        "NetAppStorage",
    ),
    *("AzureFiles", "SqlEdge", "VirtualMachineSoftware"),
)


def amount(value: Any) -> Decimal:
    """A number, or an amount with its currency, as newer subscriptions write it; zero for none."""
    return Decimal(str((value.get("value") if isinstance(value, dict) else value) or 0))


def is_of(advice: Resource, source: str) -> bool:
    """Whether the recommendation is of this list, and about a year of shared commitment."""
    told = own(advice)
    is_shared = (told.get("term"), told.get("scope"), told.get("lookBackPeriod")) == (YEAR, SHARED, LOOK_BACK)
    return source in advice.native_id.lower() and is_shared


def resource_type(advice: Resource) -> str:
    """What is reserved, as a purchase writes it."""
    told = str(own(advice).get("resourceType") or "VirtualMachines")
    return next((one for one in TYPES if one.lower() == told.lower()), told)


def billing_scope(advice: Resource) -> str:
    """The subscription that a recommendation is about; some ids lack the slash at their beginning."""
    return "/" + "/".join(advice.native_id.lstrip("/").split("/")[:2])


def size(advice: Resource) -> str:
    """What to reserve, for example Standard_D2s_v5; empty where it is not told."""
    sku = advice.config.get("sku")
    return str((sku.get("name") if isinstance(sku, dict) else sku) or own(advice).get("skuName") or "")


def quantity(advice: Resource) -> int:
    return max(1, round(amount(own(advice).get("recommendedQuantity"))))


def purchase(advice: Resource, billing_plan: str = "Monthly") -> dict[str, Any]:
    """The body of a purchase. Source: Reservation Order - Purchase."""
    return {
        "sku": {"name": size(advice)},
        "location": advice.config.get("location"),
        "properties": {
            "reservedResourceType": resource_type(advice),
            "billingScopeId": billing_scope(advice),
            "term": YEAR,
            "billingPlan": billing_plan,
            "quantity": quantity(advice),
            "displayName": f"cloudwatcher-{size(advice)}",
            "appliedScopeType": SHARED,
            "renew": False,
        },
    }


def monthly_saving(saved: Decimal, currency: str | None, name: str) -> dict[str, Any]:
    """What is saved a month by what was saved over the look-back; nothing in other currencies than US dollars."""
    if currency != "USD":
        return {}
    formula = f"{name} of {usd(saved).amount} USD * {DAYS_PER_MONTH} / {LOOK_BACK_DAYS} days"
    return {
        "estimated_monthly_saving": usd(saved * DAYS_PER_MONTH / LOOK_BACK_DAYS),
        "saving_formula": formula,
    }


def offer(advice: Resource) -> str:
    """In words: 3 Standard_D2s_v5 in westeurope."""
    return f"{quantity(advice)} {size(advice)} in {advice.config.get('location') or 'all regions'}"


def advised(saved: Any = 57.5, name: str = "Standard_D2s_v5", price: str | None = "USD", **fields: Any) -> Resource:
    """For examples: a reservation that is recommended, with its price."""
    properties = {
        "term": YEAR,
        "scope": SHARED,
        "lookBackPeriod": LOOK_BACK,
        "netSavings": saved,
        "recommendedQuantity": 3,
        "resourceType": "virtualMachines",
    }
    total = {"properties": {"billingCurrencyTotal": {"currencyCode": price, "amount": 1500.12}}}
    return Resource(
        kind=ResourceKind.AZURE_RECOMMENDATION,
        native_id=f"subscriptions/s1/providers/Microsoft.Consumption/reservationRecommendations/{name}",
        name=name,
        config={
            "sku": name,
            "location": "westeurope",
            "properties": {**properties, **fields},
            **({"price": total} if price else {}),
        },
    )
