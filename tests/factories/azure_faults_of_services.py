"""Faults of Azure's vaults, databases, apps, networks and of the subscription, and the list of all."""

from typing import Any

from tests.factories import azure_faults as made
from tests.factories.azure_faults import OWNER, AzureFault
from tests.fakes.azure import ROOT
from tests.fakes.azure_cloud import Cloud


def vault(cloud: Cloud, **fields: Any) -> str:
    properties = {"enableSoftDelete": True, "enablePurgeProtection": True, "publicNetworkAccess": "Enabled", **fields}
    return cloud.add("Microsoft.KeyVault/vaults", "cedar-keys", location="westeurope", properties=properties)


def vault_open(cloud: Cloud) -> str:
    rules = {"defaultAction": "Allow", "bypass": "None", "ipRules": [{"value": "203.0.113.7/32"}]}
    return vault(cloud, networkAcls=rules)


def server(cloud: Cloud, *ranges: tuple[str, str, str], **auditing: Any) -> str:
    native_id = cloud.add("Microsoft.Sql/servers", "sql1", location="westeurope", properties={"state": "Ready"})
    for name, first, last in ranges:
        cloud.add("firewallRules", name, parent=native_id, properties={"startIpAddress": first, "endIpAddress": last})
    settings = {"state": "Enabled", "auditActionsAndGroups": ["BATCH_COMPLETED_GROUP"], "retentionDays": 0, **auditing}
    cloud.add("auditingSettings", "default", parent=native_id, properties=settings)
    return native_id


def server_open(cloud: Cloud) -> str:
    return server(
        cloud,
        ("everybody", "0.0.0.0", "255.255.255.255"),
        ("office", "203.0.113.1", "203.0.113.9"),
        ("AllowAllWindowsAzureIps", "0.0.0.0", "0.0.0.0"),
    )


def server_unaudited(cloud: Cloud) -> str:
    return server(cloud, state="Disabled", isAzureMonitorTargetEnabled=False)


def database(cloud: Cloud, figure: dict[str, Any], **sku: Any) -> str:
    native_id = cloud.add(
        "databases", "sales", parent=server(cloud), location="westeurope", sku=sku, properties={"status": "Online"}
    )
    cloud.metrics[native_id.lower()] = [figure]
    return native_id


def pool_idle(cloud: Cloud) -> str:
    figure = made.measured("connection_successful", 14, total=0.0, maximum=0.0)
    return database(cloud, figure, name="DataWarehouse", tier="DataWarehouse", capacity=900)


def database_large(cloud: Cloud) -> str:
    figure = made.measured("dtu_consumption_percent", 14, maximum=20.0)
    return database(cloud, figure, name="Standard", tier="Standard", capacity=100)


def database_of_cores(cloud: Cloud) -> str:
    figure = made.measured("cpu_percent", 14, maximum=20.0)
    return database(cloud, figure, name="GP_Gen5", tier="GeneralPurpose", family="Gen5", capacity=8)


def plan_empty(cloud: Cloud) -> str:
    return cloud.add(
        "Microsoft.Web/serverfarms",
        "shop",
        location="West Europe",
        kind="linux",
        tags={"team": "red"},
        sku={"name": "P1v3", "tier": "PremiumV3", "size": "P1v3", "family": "Pv3", "capacity": 1},
        properties={"numberOfSites": 0, "reserved": True, "zoneRedundant": False, "provisioningState": "Succeeded"},
    )


def site(cloud: Cloud, is_https_only: bool = True, **settings: Any) -> str:
    own = {"httpsOnly": is_https_only, "state": "Running"}
    native_id = cloud.add("Microsoft.Web/sites", "shop-web", location="West Europe", properties=own)
    whole = {"minTlsVersion": "1.2", "ftpsState": "FtpsOnly", "alwaysOn": True, **settings}
    cloud.add("config", "web", parent=native_id, properties=whole)
    return native_id


def workspace(cloud: Cloud) -> str:
    return cloud.add("Microsoft.OperationalInsights/workspaces", "logs", properties={"retentionInDays": 365})


def rule(name: str, group: str, port: str | None, **fields: Any) -> dict[str, Any]:
    properties = {
        "description": "Made long ago",
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": 300,
        "sourcePortRange": "*",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "provisioningState": "Succeeded",
        **({"destinationPortRange": port} if port else {}),
        **fields,
    }
    return {"id": f"{group}/securityRules/{name}", "name": name, "etag": "1", "properties": properties}


def group(cloud: Cloud) -> str:
    """With a rule for each kind of fault, and one that is none."""
    native_id = cloud.add("Microsoft.Network/networkSecurityGroups", "front", location="westeurope")
    rules = [
        rule("ssh", native_id, "22"),
        rule("web", native_id, "443", priority=310),
        rule("many", native_id, None, priority=320, destinationPortRanges=["80", "3380-3390"]),
        rule("data", native_id, "5432", priority=330, sourceAddressPrefix="Internet"),
    ]
    cloud.things[native_id.lower()]["properties"] = {"securityRules": rules}
    return native_id


def defender(cloud: Cloud) -> str:
    return cloud.add("Microsoft.Security/pricings", "KeyVaults", parent=ROOT, properties={"pricingTier": "Free"})


def nobody_told(cloud: Cloud) -> str:
    cloud.add("Microsoft.Insights/actionGroups", "on-call", location="Global", properties={"enabled": True})
    return ROOT


def owners(cloud: Cloud, guest: bool = False) -> str:
    ids = []
    for number in range(1, 3 if guest else 5):
        person = f"00000000-0000-0000-0000-00000000000{number}"
        kind = "Guest" if guest and number == 2 else "Member"
        cloud.users.append({"id": person, "userPrincipalName": f"p{number}@example.com", "userType": kind})
        properties = {
            "principalId": person,
            "principalType": "User",
            "roleDefinitionId": OWNER,
            "scope": ROOT,
            "createdOn": f"2026-01-0{number}T00:00:00Z",
        }
        ids.append(
            cloud.add("Microsoft.Authorization/roleAssignments", f"a{number}", parent=ROOT, properties=properties)
        )
    return ids[-1]


def without_licence(state: Any) -> Any:
    """Azure prints None for a licence that was taken back, where nothing was before."""
    if isinstance(state, dict):
        return {key: without_licence(value) for key, value in state.items() if (key, value) != ("licenseType", "None")}
    return state


FAULTS = [
    AzureFault(rule_id="azure-disk-unattached", make=made.disk, is_back=made.is_disk_back),
    AzureFault(rule_id="azure-disk-premium-low-use", make=lambda cloud: made.disk(cloud, state="Reserved")),
    AzureFault(rule_id="azure-snapshot-old", make=made.snapshot),
    AzureFault(rule_id="azure-vm-idle", make=lambda cloud: made.advised(cloud, "Shutdown")),
    AzureFault(rule_id="azure-vm-rightsize", make=lambda cloud: made.advised(cloud, "SkuChange")),
    AzureFault(
        rule_id="azure-vm-rightsize", name="stopped", make=lambda cloud: made.advised(cloud, "SkuChange", "stopped")
    ),
    AzureFault(
        rule_id="azure-vm-rightsize", name="away", make=lambda cloud: made.advised(cloud, "SkuChange", "deallocated")
    ),
    AzureFault(rule_id="azure-vm-stopped-billed", make=lambda cloud: made.machine(cloud, "stopped")),
    AzureFault(rule_id="azure-vm-offhours", make=lambda cloud: made.machine(cloud, tags={"environment": "dev"})),
    AzureFault(rule_id="azure-vm-offhours", name="switched-off", make=made.schedule_off),
    AzureFault(
        rule_id="azure-hybrid-benefit",
        make=lambda cloud: made.machine(cloud, system="Windows"),
        parameters={"licensed_machines": 1},
        compared=without_licence,
    ),
    AzureFault(rule_id="azure-public-ip-unassociated", make=made.address),
    AzureFault(rule_id="azure-reservation-purchase", make=made.reservation_advised, is_back=made.is_returned),
    AzureFault(rule_id="azure-reservation-underused", make=made.reservation_unused),
    AzureFault(rule_id="azure-savings-plan-purchase", make=made.plan_advised),
    AzureFault(rule_id="azure-storage-lifecycle", make=made.account_full),
    AzureFault(rule_id="azure-storage-public-blob", make=lambda cloud: made.account(cloud, allowBlobPublicAccess=True)),
    AzureFault(
        rule_id="azure-storage-https",
        make=lambda cloud: made.account(cloud, supportsHttpsTrafficOnly=False, minimumTlsVersion="TLS1_0"),
    ),
    AzureFault(rule_id="azure-storage-network-open", make=made.account_open),
    AzureFault(rule_id="azure-keyvault-purge-protection", make=lambda cloud: vault(cloud, enablePurgeProtection=None)),
    AzureFault(rule_id="azure-keyvault-network-open", make=vault_open),
    AzureFault(rule_id="azure-sql-dw-idle", make=pool_idle),
    AzureFault(rule_id="azure-sql-rightsize", make=database_large),
    AzureFault(rule_id="azure-sql-rightsize", name="cores", make=database_of_cores),
    AzureFault(rule_id="azure-sql-firewall-open", make=server_open),
    AzureFault(rule_id="azure-sql-auditing", make=server_unaudited),
    AzureFault(rule_id="azure-app-plan-empty", make=plan_empty),
    AzureFault(rule_id="azure-app-https", make=lambda cloud: site(cloud, is_https_only=False)),
    AzureFault(rule_id="azure-app-tls", make=lambda cloud: site(cloud, minTlsVersion="1.0", ftpsState="AllAllowed")),
    AzureFault(
        rule_id="azure-log-retention",
        make=workspace,
        is_back=lambda cloud, native_id: cloud.things[native_id.lower()]["properties"] == {"retentionInDays": 365},
    ),
    AzureFault(rule_id="azure-nsg-admin-open", make=group),
    AzureFault(rule_id="azure-nsg-database-open", make=group),
    AzureFault(rule_id="azure-defender-off", make=defender),
    AzureFault(rule_id="azure-budget-missing", make=lambda _: ROOT),
    AzureFault(rule_id="azure-activity-alert-missing", make=nobody_told),
    AzureFault(rule_id="azure-owner-sprawl", make=owners),
    AzureFault(rule_id="azure-owner-sprawl", name="guest", make=lambda cloud: owners(cloud, guest=True)),
]
