"""A stand-in for Azure: tokens, what its published description lacks, and Prism behind it for what that holds.

The answers are shaped after the pages of the REST reference of each service and of Microsoft Graph.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2
from pydantic import SecretStr

from connectors.reading.listing import Operation
from domain.facts.credentials import AzureCredentials
from tests.fakes.scripted import Answered, Asked

TENANT = "6b3c3b6e-6b62-4c0c-9d0f-6f2f1a1c0001"
CLIENT = "6b3c3b6e-6b62-4c0c-9d0f-6f2f1a1c0002"
SUBSCRIPTION = "6b3c3b6e-6b62-4c0c-9d0f-6f2f1a1c0003"
SECRET = "client-secret-canary"  # made up
ROOT = f"/subscriptions/{SUBSCRIPTION}"
ITSELF = {"id": ROOT, "subscriptionId": SUBSCRIPTION, "displayName": "Cedar production", "state": "Enabled", "tags": {}}
AAD_PREMIUM = "41781fb2-bc02-4b7c-bd55-b576c07bb09d"
HOOK = "https://hooks.example.com/?sig=hook-canary"


def thing(kind: str, name: str, *, parent: str = f"{ROOT}/resourceGroups/rg1", **fields: Any) -> dict[str, Any]:
    """A resource of Resource Manager; of something below another when a parent is given."""
    middle = "/providers/" if parent[len(ROOT) :] == "/resourceGroups/rg1" else "/"
    path = {"id": f"{parent}{middle}{kind}/{name}", "name": name, "type": kind}
    return {**path, "location": "westeurope", "tags": {"team": "red"}, "etag": "1", **fields}


def values(*items: Any) -> dict[str, Any]:
    return {"value": list(items)}


PREMIUM_DISK = thing(
    "Microsoft.Compute/disks", "fast", sku={"name": "Premium_LRS"}, properties={"diskState": "Reserved"}
)
WATCHER = thing("Microsoft.Network/networkWatchers", "watcher")
VAULT = thing("Microsoft.KeyVault/vaults", "vault1", properties={"enableSoftDelete": True})
SERVER = thing("Microsoft.Sql/servers", "sql1", properties={"publicNetworkAccess": "Enabled"})
RECOVERY = thing("Microsoft.RecoveryServices/vaults", "recovery1")
BUS = thing("Microsoft.ServiceBus/namespaces", "bus1")
MANAGEMENT = thing("Microsoft.ApiManagement/service", "apim1")
FRONT_DOOR = thing("Microsoft.Cdn/profiles", "shop1", sku={"name": "Standard_AzureFrontDoor"})
OLDER_CDN = thing("Microsoft.Cdn/profiles", "cdn1", sku={"name": "Standard_Microsoft"})
FRONT = thing("afdEndpoints", "www1", parent=FRONT_DOOR["id"], properties={"enabledState": "Enabled"})
ORDER = {"id": "/providers/Microsoft.Capacity/reservationOrders/order1", "name": "order1", "properties": {}}
KEY = thing("keys", "key1", parent=VAULT["id"], properties={"attributes": {"enabled": True, "created": 1482349867}})
ADVICE: dict[str, Any] = {
    "id": f"{ROOT}/providers/Microsoft.Consumption/reservationRecommendations/r1",
    "name": "r1",
    "kind": "legacy",
    "location": "westeurope",
    "sku": "Standard_DS1_v2",
    "properties": {"term": "P1Y", "netSavings": 57.5, "recommendedQuantity": 3, "resourceType": "virtualMachines"},
}
# By what the path ends with; the longest ending that fits wins.
ANSWERS: dict[str, Any] = {
    "Microsoft.Insights/diagnosticSettings": values(
        {"id": "d1", "name": "to-workspace", "properties": {"workspaceId": "w1", "logs": [{"enabled": True}]}}
    ),
    "Microsoft.Insights/metrics": values({"name": {"value": "BlobCapacity"}, "timeseries": [{"data": []}]}),
    "/usages": values({"currentValue": 3, "limit": 10, "unit": "Count", "name": {"value": "cores"}}),
    "Microsoft.DevTestLab/schedules": values(
        thing(
            "Microsoft.DevTestLab/schedules",
            "shutdown-computevm-vm1",
            properties={"status": "Enabled", "notificationSettings": {"webhookUrl": HOOK}},
        )
    ),
    "Microsoft.Network/virtualNetworks": values(thing("Microsoft.Network/virtualNetworks", "net1")),
    "Microsoft.Network/applicationGateways": values(thing("Microsoft.Network/applicationGateways", "gateway1")),
    "ApplicationGatewayWebApplicationFirewallPolicies": values(
        thing(
            "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
            "waf1",
            properties={"policySettings": {"state": "Enabled", "mode": "Prevention"}},
        )
    ),
    "Microsoft.Cdn/profiles": values(FRONT_DOOR, OLDER_CDN),
    "shop1/afdEndpoints": values(FRONT),
    "www1/routes": values(
        thing(
            "routes",
            "all",
            parent=FRONT["id"],
            properties={
                "enabledState": "Enabled",
                "cacheConfiguration": {"compressionSettings": {"isCompressionEnabled": True}},
            },
        )
    ),
    "cdn1/endpoints": values(
        thing(
            "endpoints",
            "img1",
            parent=OLDER_CDN["id"],
            properties={"resourceState": "Running", "isCompressionEnabled": False},
        )
    ),
    "Microsoft.Network/privateEndpoints": values(
        thing(
            "Microsoft.Network/privateEndpoints",
            "link1",
            properties={
                "privateLinkServiceConnections": [
                    {
                        "properties": {
                            "privateLinkServiceId": SERVER["id"],
                            "privateLinkServiceConnectionState": {"status": "Approved"},
                        }
                    }
                ]
            },
        )
    ),
    "frontdoorWebApplicationFirewallPolicies": values(
        thing("Microsoft.Network/frontdoorWebApplicationFirewallPolicies", "front1", location="Global")
    ),
    "Microsoft.Network/ddosProtectionPlans": values(thing("Microsoft.Network/ddosProtectionPlans", "ddos1")),
    "Microsoft.Network/networkWatchers": values(WATCHER),
    "/flowLogs": values(thing("flowLogs", "flow1", parent=WATCHER["id"], properties={"enabled": True})),
    "/defenderForStorageSettings/current": {"properties": {"malwareScanning": {"onUpload": {"isEnabled": True}}}},
    "Microsoft.KeyVault/vaults": values(VAULT),
    "vault1/keys": values(KEY),
    "vault1/keys/key1": {**KEY, "properties": {"rotationPolicy": {"lifetimeActions": []}}},
    "vault1/secrets": values(
        thing("secrets", "s1", parent=VAULT["id"], properties={"attributes": {"exp": 1}, "value": "value-canary"})
    ),
    "Microsoft.Sql/servers": values(SERVER),
    "sql1/firewallRules": values({"name": "all", "properties": {"startIpAddress": "0.0.0.0"}}),  # a rule
    "sql1/auditingSettings/default": {"properties": {"state": "Enabled", "storageAccountAccessKey": "key-canary"}},
    "sql1/databases": values(
        thing("databases", "master", parent=SERVER["id"], sku={"tier": "System"}),
        thing("databases", "sales", parent=SERVER["id"], sku={"tier": "Standard"}, properties={"status": "Online"}),
        thing("databases", "lake", parent=SERVER["id"], sku={"tier": "DataWarehouse"}),
    ),
    "/transparentDataEncryption/current": {"properties": {"state": "Enabled"}},
    "/backupShortTermRetentionPolicies/default": {"properties": {"retentionDays": 7}},
    "Microsoft.DBforPostgreSQL/flexibleServers": values(thing("Microsoft.DBforPostgreSQL/flexibleServers", "pg1")),
    "pg1/firewallRules": values({"name": "office", "properties": {"startIpAddress": "203.0.113.7"}}),
    "Microsoft.DocumentDB/databaseAccounts": values(thing("Microsoft.DocumentDB/databaseAccounts", "cosmos1")),
    "Microsoft.Web/serverfarms": values(thing("Microsoft.Web/serverfarms", "plan1", location="West Europe")),
    "Microsoft.Web/sites": values(thing("Microsoft.Web/sites", "site1", properties={"httpsOnly": True})),
    "site1/config/web": {
        "properties": {"minTlsVersion": "1.2", "appSettings": [{"name": "PASSWORD", "value": "setting-canary"}]}
    },
    "Microsoft.ApiManagement/service": values(MANAGEMENT),
    "apim1/apis": values(thing("apis", "api1", parent=MANAGEMENT["id"], properties={"path": "v1", "isCurrent": True})),
    "api1/policies": values(
        {
            "id": "p1",
            "name": "policy",
            "properties": {"value": '<policies><inbound><validate-content key="policy-canary" /></inbound></policies>'},
        }
    ),
    "Microsoft.ServiceBus/namespaces": values(BUS),
    "bus1/queues": values(thing("queues", "queue1", parent=BUS["id"], properties={"maxDeliveryCount": 10})),
    "Microsoft.Insights/activityLogAlerts": values(thing("Microsoft.Insights/activityLogAlerts", "alert1")),
    "Microsoft.Insights/actionGroups": values(
        thing(
            "Microsoft.Insights/actionGroups",
            "group1",
            properties={"webhookReceivers": [{"name": "hook", "serviceUri": HOOK}]},
        )
    ),
    "Microsoft.Insights/autoscaleSettings": values(thing("Microsoft.Insights/autoscaleSettings", "scale1")),
    "Microsoft.OperationalInsights/workspaces": values(thing("Microsoft.OperationalInsights/workspaces", "logs1")),
    "Microsoft.Security/pricings": values(
        {
            "id": f"{ROOT}/providers/Microsoft.Security/pricings/Arm",
            "name": "Arm",
            "properties": {"pricingTier": "Free"},
        }
    ),
    "/policyStates/latest/queryResults": values(
        {"resourceId": f"{ROOT}/x/vm1", "policyAssignmentId": "a1", "policyDefinitionId": "p1", "timestamp": "t"}
    ),
    "Microsoft.RecoveryServices/vaults": values(RECOVERY),
    "/backupProtectedItems": values(thing("backupProtectedItems", "vm1", parent=RECOVERY["id"])),
    "/backupJobs": values({"id": "j1", "name": "j1", "properties": {"operation": "Restore", "status": "Completed"}}),
    "Microsoft.Consumption/reservationRecommendations": values(ADVICE),
    "Microsoft.Capacity/calculatePrice": {"properties": {"billingCurrencyTotal": {"amount": 46}}},
    "Microsoft.CostManagement/benefitRecommendations": values(
        {"id": "b1", "name": "b1", "properties": {"recommendationDetails": {"savingsAmount": 51.2}}}
    ),
    "Microsoft.Capacity/reservationOrders": values(ORDER),
    "order1/reservations": values({"id": f"{ORDER['id']}/reservations/res1", "name": "res1", "location": "westeurope"}),
    "/v1.0/organization": values(
        {"id": TENANT, "assignedPlans": [{"servicePlanId": AAD_PREMIUM, "capabilityStatus": "Enabled"}]}
    ),
    "/v1.0/users": values({"id": "u1", "userPrincipalName": "ann@example.com", "accountEnabled": True}),
    "/v1.0/applications": values(
        {
            "id": "a1",
            "displayName": "pipeline",
            "passwordCredentials": [{"keyId": "k1", "hint": "hint-canary", "endDateTime": "2027-01-01T00:00:00Z"}],
        }
    ),
    "/v1.0/servicePrincipals": values({"id": "s1", "displayName": "pipeline"}),
    "/v1.0/oauth2PermissionGrants": values({"id": "g1", "clientId": "s1", "scope": "Mail.Read"}),
    "/v1.0/identity/conditionalAccess/policies": values({"id": "c1", "displayName": "MFA for all", "state": "enabled"}),
    "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy": {"id": "0000", "isEnabled": False},
    "/userRegistrationDetails": values({"id": "u1", "isAdmin": True, "isMfaRegistered": True}),
}
Script = Callable[[Asked], Answered | None]


def credentials(url: str) -> AzureCredentials:
    """Those of the stand-in's one application; all addresses are the stand-in's."""
    return AzureCredentials(
        tenant_id=TENANT,
        client_id=CLIENT,
        client_secret=SecretStr(SECRET),
        subscription_id=SUBSCRIPTION,
        endpoint_url=url,
        graph_url=url,
        authority_url=url,
    )


class House:
    """Answers by `first` where that gives something, then by the answers above, then by Prism where there is one."""

    def __init__(self, first: Script = lambda _: None, prism: str | None = None) -> None:
        self._first, self._prism = first, prism
        self.forwarded: list[str] = []

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == f"/{TENANT}/oauth2/v2.0/token":
            return self._first(asked) or Answered({"access_token": "t1", "expires_in": 3599, "token_type": "Bearer"})
        answer = self._first(asked)
        if answer is None and (ending := _ending(asked.path)):
            answer = Answered(ANSWERS[ending])
        if answer is None and self._prism is None and asked.path == ROOT:
            answer = Answered(ITSELF)
        return answer or self._by_prism(asked)

    def _by_prism(self, asked: Asked) -> Answered:
        if self._prism is None:
            return Answered({"error": {"code": "NoScript", "message": asked.path}}, 400)
        self.forwarded.append(f"{asked.method} {asked.path}")
        url = f"{self._prism}{asked.path}?{urlencode(asked.query, doseq=True)}"
        kept = {name: asked.headers[name] for name in ("authorization", "content-type") if name in asked.headers}
        answer = httpx2.request(asked.method, url, content=asked.text, headers=kept, timeout=30)
        return Answered(answer.json() if answer.content else None, answer.status_code)


def _ending(path: str) -> str | None:
    return max((ending for ending in ANSWERS if path.endswith(ending)), key=len, default=None)


def refused(code: str, message: str = "", status: int = 403, **headers: str) -> Answered:
    """An error as Resource Manager and Graph write it."""
    return Answered({"error": {"code": code, "message": message}}, status, headers)


def operation_of(request: str, operations: tuple[Operation, ...]) -> str:
    """The name of the operation that a request is of: the one that says most about it, of the service it goes to."""
    fitting = [one for one in operations if re.fullmatch(_pattern(one.request), request)]
    return max(fitting, key=lambda one: (len(re.sub(r"\{[^}]*\}", "", one.request)), one.service in request)).name


def _pattern(request: str) -> str:
    parts = re.split(r"(\{[^}]*\})", request.partition("?")[0])
    holes = {"{+": ".+", "{": "[^/]+"}
    return "".join(next((holes[one] for one in holes if part.startswith(one)), re.escape(part)) for part in parts)
