"""Calls to Azure that change something, and looks at what they made. Names are those of the catalogue of rules.

Things are named by their whole id. What the path does not use is the body.
"""

from typing import Any

from connectors.clouds.azure import application, call, compute, cost, database, network, security, storage, vault
from connectors.reading.listing import Arguments, Operation, Place

MONITOR_VERSION, WORKSPACES_VERSION, DEFENDER_VERSION = "2020-10-01", "2025-07-01", "2024-01-01"
SCHEDULES_VERSION, PLANS_VERSION = "2018-09-15", "2025-12-01-preview"
VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
MACHINE = "Microsoft.Compute/virtualMachines/{vmName}"
DISK, SNAPSHOT = "Microsoft.Compute/disks/{diskName}", "Microsoft.Compute/snapshots/{snapshotName}"
SCHEDULE = "Microsoft.DevTestLab/schedules/{name}"
ACCOUNT = "Microsoft.Storage/storageAccounts/{accountName}"
POLICY = f"{ACCOUNT}/managementPolicies/{{managementPolicyName}}"
POOL = "Microsoft.Sql/servers/{serverName}/databases/{databaseName}"
FIREWALL = "Microsoft.Sql/servers/{serverName}/firewallRules/{firewallRuleName}"
AUDITING = "Microsoft.Sql/servers/{serverName}/auditingSettings/{blobAuditingPolicyName}"
RULE = "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}/securityRules/{securityRuleName}"
BUDGET = "Microsoft.Consumption/budgets/{budgetName}"
ALERT = "Microsoft.Insights/activityLogAlerts/{activityLogAlertName}"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments/{roleAssignmentName}"
ORDER = "Microsoft.Capacity/reservationOrders/{reservationOrderId}"
ALIAS = "Microsoft.BillingBenefits/savingsPlanOrderAliases/{savingsPlanOrderAliasName}"
# What a look at something is told that is not there (yet).
MISSING = frozenset({"404"})


def permission(name: str) -> str:
    """The action of Azure RBAC behind a call, for example Microsoft.Compute/disks/delete."""
    method, _, kind = name.partition(" ")
    return "/".join([*(part for part in kind.split("/") if not part.startswith("{")), VERBS[method]])


def _on(name: str, version: str, *, path: str = "{+id}", action: str = "", **given: Any) -> Operation:
    """On a thing by its id, or at another path."""
    if name.startswith("GET "):
        return call.arm(name, path, version, action=action or permission(name), absent=MISSING, **given)
    return call.arm(name, path, version, action=action or permission(name), is_long=True, **given)


def beginning_this_month(place: Place, arguments: Arguments) -> Arguments:
    """A budget that begins with the month in which it is made: Azure takes no earlier one. Source: Budgets - Create."""
    properties = arguments["properties"]
    period = {"startDate": f"{place.now:%Y-%m-01T00:00:00Z}", **properties["timePeriod"]}
    return {**arguments, "properties": {**properties, "timePeriod": period}}


_SNAPSHOT_AT = "{+group}/providers/Microsoft.Compute/snapshots/{snapshotName}"
_ORDER_AT = "/providers/Microsoft.Capacity/reservationOrders/{reservationOrderId}"
_ALIAS_AT = "/providers/Microsoft.BillingBenefits/savingsPlanOrderAliases/{savingsPlanOrderAliasName}"
_WITHOUT_HOOK = call.without("webhookUrl")

ACTIONS = (
    *(
        _on(f"POST {MACHINE}/{verb}", compute.MACHINES_VERSION, path=f"{{+id}}/{verb}")
        for verb in ("deallocate", "start", "powerOff")
    ),
    _on(f"PATCH {MACHINE}", compute.MACHINES_VERSION, hidden=compute.HIDDEN),
    *(_on(f"{method} {DISK}", compute.DISKS_VERSION) for method in ("PUT", "PATCH", "DELETE")),
    *(_on(f"{method} {SNAPSHOT}", compute.DISKS_VERSION, path=_SNAPSHOT_AT) for method in ("GET", "PUT")),
    _on(f"DELETE {SNAPSHOT}", compute.DISKS_VERSION),
    *(_on(f"{method} {SCHEDULE}", SCHEDULES_VERSION, hidden=_WITHOUT_HOOK) for method in ("PUT", "DELETE")),
    _on("DELETE Microsoft.Network/publicIPAddresses/{publicIpAddressName}", network.VERSION),
    _on(f"PUT {RULE}", network.VERSION),
    _on(f"PATCH {ACCOUNT}", storage.VERSION),
    *(
        _on(f"{method} {POLICY}", storage.VERSION, path="{+id}/managementPolicies/default")
        for method in ("PUT", "DELETE")
    ),
    _on("PATCH Microsoft.KeyVault/vaults/{vaultName}", vault.VERSION),
    *(_on(f"{method} {POOL}", database.SQL_VERSION) for method in ("GET", "PATCH")),
    *(_on(f"POST {POOL}/{verb}", database.SQL_VERSION, path=f"{{+id}}/{verb}") for verb in ("pause", "resume")),
    *(_on(f"{method} {FIREWALL}", database.SQL_VERSION) for method in ("PUT", "DELETE")),
    _on(f"PUT {AUDITING}", database.SQL_VERSION, hidden=database.HIDDEN),
    *(_on(f"{method} Microsoft.Web/serverfarms/{{name}}", application.WEB_VERSION) for method in ("PUT", "DELETE")),
    _on("PATCH Microsoft.Web/sites/{name}", application.WEB_VERSION, hidden=application.SECRETS),
    _on(
        "PATCH Microsoft.Web/sites/{name}/config/web",
        application.WEB_VERSION,
        path="{+id}/config/web",
        action="Microsoft.Web/sites/config/write",
        hidden=application.SECRETS,
    ),
    _on("PATCH Microsoft.OperationalInsights/workspaces/{workspaceName}", WORKSPACES_VERSION),
    _on("PUT Microsoft.Security/pricings/{pricingName}", DEFENDER_VERSION),
    *(_on(f"{method} {ALERT}", MONITOR_VERSION) for method in ("PUT", "DELETE")),
    *(_on(f"{method} {ASSIGNMENT}", security.ROLES_VERSION) for method in ("PUT", "DELETE")),
    *(_on(f"{method} {BUDGET}", cost.CONSUMPTION_VERSION) for method in ("GET", "DELETE")),
    _on(f"PUT {BUDGET}", cost.CONSUMPTION_VERSION, fills=beginning_this_month),
    cost.PRICE,
    *(_on(f"{method} {ORDER}", cost.CAPACITY_VERSION, path=_ORDER_AT) for method in ("GET", "PUT")),
    *(
        _on(f"POST {ORDER}/{verb}", cost.CAPACITY_VERSION, path=f"{_ORDER_AT}/{verb}")
        for verb in ("calculateRefund", "return")
    ),
    *(
        _on(f"POST Microsoft.Capacity/{verb}", cost.CAPACITY_VERSION, path=f"/providers/Microsoft.Capacity/{verb}")
        for verb in ("calculateExchange", "exchange")
    ),
    *(_on(f"{method} {ALIAS}", PLANS_VERSION, path=_ALIAS_AT) for method in ("GET", "PUT")),
)
