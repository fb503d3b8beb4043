"""What the stand-in for Azure with a memory takes, where the shared description of Azure does not have the call.

After the REST reference of each service: the API version, and the fields without which a body is refused.
"""

from typing import Any

from tests.fakes.described import Described

# Kind in small letters -> API version.
VERSIONS = {
    "microsoft.advisor/recommendations": "2020-01-01",
    "microsoft.authorization/permissions": "2022-04-01",
    "microsoft.authorization/roleassignments": "2022-04-01",
    "microsoft.billingbenefits/savingsplanorderaliases": "2025-12-01-preview",
    "microsoft.capacity/calculateexchange": "2022-11-01",
    "microsoft.capacity/calculateprice": "2022-11-01",
    "microsoft.capacity/exchange": "2022-11-01",
    "microsoft.capacity/reservationorders": "2022-11-01",
    "microsoft.compute/disks": "2026-03-02",
    "microsoft.compute/snapshots": "2026-03-02",
    "microsoft.compute/virtualmachines": "2026-04-01",
    "microsoft.consumption/budgets": "2024-08-01",
    "microsoft.consumption/reservationrecommendations": "2024-08-01",
    "microsoft.costmanagement/benefitrecommendations": "2025-03-01",
    "microsoft.devtestlab/schedules": "2018-09-15",
    "microsoft.insights/actiongroups": "2023-01-01",
    "microsoft.insights/activitylogalerts": "2020-10-01",
    "microsoft.insights/diagnosticsettings": "2021-05-01-preview",
    "microsoft.insights/metrics": "2024-02-01",
    "microsoft.insights/autoscalesettings": "2022-10-01",
    "microsoft.keyvault/vaults": "2026-05-15",
    "microsoft.network/networksecuritygroups": "2026-03-01",
    "microsoft.network/publicipaddresses": "2026-03-01",
    "microsoft.operationalinsights/workspaces": "2025-07-01",
    "microsoft.security/defenderforstoragesettings": "2022-12-01-preview",
    "microsoft.security/pricings": "2024-01-01",
    "microsoft.sql/servers": "2025-01-01",
    "microsoft.storage/storageaccounts": "2026-09-01",
    "microsoft.web/serverfarms": "2025-05-01",
    "microsoft.web/sites": "2025-05-01",
}
# Method and kind -> dotted fields that have to be there.
REQUIRED: dict[str, tuple[str, ...]] = {
    "PUT microsoft.billingbenefits/savingsplanorderaliases": (
        "sku.name",
        *("properties.billingScopeId", "properties.term", "properties.appliedScopeType"),
        *("properties.commitment.amount", "properties.commitment.currencyCode", "properties.commitment.grain"),
    ),
    "POST microsoft.capacity/calculateexchange": (
        "properties.reservationsToExchange.0.reservationId",
        "properties.reservationsToExchange.0.quantity",
        "properties.reservationsToPurchase.0.sku.name",
        "properties.reservationsToPurchase.0.properties.billingScopeId",
    ),
    "POST microsoft.capacity/calculateprice": ("sku.name", "properties.billingScopeId", "properties.quantity"),
    "POST microsoft.capacity/exchange": ("properties.sessionId",),
    "PUT microsoft.capacity/reservationorders": (
        "sku.name",
        *("properties.billingScopeId", "properties.term", "properties.quantity", "properties.displayName"),
        *("properties.appliedScopeType", "properties.reservedResourceType"),
    ),
    "POST microsoft.capacity/reservationorders/calculaterefund": (
        "id",
        *("properties.scope", "properties.reservationToReturn.reservationId"),
        "properties.reservationToReturn.quantity",
    ),
    "POST microsoft.capacity/reservationorders/return": (
        *("properties.sessionId", "properties.scope", "properties.returnReason"),
        "properties.reservationToReturn.reservationId",
        "properties.reservationToReturn.quantity",
    ),
    "PUT microsoft.compute/disks": ("location", "properties.creationData.createOption"),
    "PUT microsoft.consumption/budgets": (
        *("properties.category", "properties.amount", "properties.timeGrain", "properties.timePeriod.startDate"),
    ),
    "DELETE microsoft.consumption/budgets": (),
    "PUT microsoft.devtestlab/schedules": (
        *("location", "properties.status", "properties.taskType", "properties.targetResourceId"),
        "properties.dailyRecurrence.time",
    ),
    "DELETE microsoft.devtestlab/schedules": (),
    "PUT microsoft.insights/activitylogalerts": (
        *("location", "properties.scopes.0", "properties.condition.allOf.0.field", "properties.actions"),
    ),
    "DELETE microsoft.insights/activitylogalerts": (),
    "PATCH microsoft.keyvault/vaults": ("properties",),
    "PATCH microsoft.operationalinsights/workspaces": ("properties",),
    "PUT microsoft.security/pricings": ("properties.pricingTier",),
    "PATCH microsoft.sql/servers/databases": ("sku.name",),
    "POST microsoft.sql/servers/databases/pause": (),
    "POST microsoft.sql/servers/databases/resume": (),
    "PUT microsoft.sql/servers/firewallrules": ("properties.startIpAddress", "properties.endIpAddress"),
    "DELETE microsoft.sql/servers/firewallrules": (),
    "PUT microsoft.sql/servers/auditingsettings": ("properties.state",),
    "DELETE microsoft.storage/storageaccounts/managementpolicies": (),
    "PUT microsoft.web/serverfarms": ("location", "sku.name"),
    "DELETE microsoft.web/serverfarms": (),
    "PATCH microsoft.web/sites": ("properties",),
    "PATCH microsoft.web/sites/config": ("properties",),
}
# What Azure alone sets: a plan that sends it back has copied too much.
READ_ONLY = frozenset(
    {
        *("provisioningState", "timeCreated", "uniqueId", "diskState", "LastOwnershipUpdateTime", "diskSizeBytes"),
        *("numberOfSites", "createdDate", "uniqueIdentifier", "etag", "createdOn", "createdBy", "updatedOn"),
    }
)
NOT_DESCRIBED = "no such call as"


def kind_of(path: str) -> str:
    """Of a path its kind with those above it, in small letters: microsoft.sql/servers/databases."""
    namespace, *rest = path.rpartition("/providers/")[2].split("/")
    return "/".join([namespace, *rest[::2]]).lower()


def problems(described: Described, method: str, path: str, query: dict[str, Any], body: Any) -> list[str]:
    """What Azure would find wrong with a request."""
    kind = kind_of(path)
    wanted, given = VERSIONS.get("/".join(kind.split("/")[:2])), (query.get("api-version") or [""])[0]
    found = [] if wanted == given else [f"{kind} is not asked in version {given}"]
    told = described.problems(method, path, query, body)
    if not any(one.startswith(NOT_DESCRIBED) for one in told):
        found += told
    elif method != "GET":
        fields = REQUIRED.get(f"{method} {kind}")
        found += [f"there is no {method} of {kind}"] if fields is None else []
        found += [f"{field} is missing" for field in fields or () if _at(body, field) in (None, "")]
    if method == "DELETE" and body is not None:
        found.append("a body where there is none")
    own = (body or {}).get("properties") or {}
    return found + [f"{field} cannot be given" for field in sorted(READ_ONLY & own.keys())]


def _at(body: Any, path: str) -> Any:
    for key in path.split("."):
        if isinstance(body, list):
            body = body[int(key)] if int(key) < len(body) else None
        else:
            body = body.get(key) if isinstance(body, dict) else None
    return body
