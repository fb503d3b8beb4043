"""Databases: SQL servers with their databases, PostgreSQL and Cosmos DB."""

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Detail, Item, Listing, joined
from domain.facts.resource import ResourceKind

SQL_VERSION, POSTGRESQL_VERSION = "2025-01-01", "2024-08-01"
WAREHOUSE = "DataWarehouse"
# Databases that are bought in DTUs; the others count their processors.
BY_DTU = frozenset({"Basic", "Standard", "Premium"})
HIDDEN = call.without("administratorLoginPassword", "storageAccountAccessKey", "storageKey")


def _tier(database: Item) -> str:
    return str((database.get("sku") or {}).get("tier") or "")


def is_own(database: Item) -> bool:
    """Whether it is the customer's: each server has a master of its own."""
    return bool(database.get("name") != "master")


def has_backups(database: Item) -> bool:
    """Warehouses keep restore points instead of backups for some days."""
    return is_own(database) and _tier(database) != WAREHOUSE


def figures(database: Item) -> str:
    """What tells whether a database is used: others are refused, as they do not exist for its tier."""
    if _tier(database) == WAREHOUSE:
        return "connection_successful"
    return "dtu_consumption_percent" if _tier(database) in BY_DTU else "cpu_percent"


def is_open(server: Item) -> bool:
    """Whether the firewall of a PostgreSQL server counts: one inside a network has none."""
    return bool(((server.get("properties") or {}).get("network") or {}).get("publicNetworkAccess") != "Disabled")


FIREWALL = call.under(
    "Microsoft.Sql/servers/firewallRules",
    "/firewallRules",
    SQL_VERSION,
    also=("GET Microsoft.Sql/servers/{serverName}/firewallRules",),
)
AUDITING = call.under(
    "Microsoft.Sql/servers/{serverName}/auditingSettings/{blobAuditingPolicyName}",
    "/auditingSettings/default",
    SQL_VERSION,
    action="Microsoft.Sql/servers/auditingSettings/read",
    hidden=HIDDEN,
)
DATABASES = call.under(
    "Microsoft.Sql/servers/databases",
    "/databases",
    SQL_VERSION,
    also=("GET Microsoft.Sql/servers/{serverName}/databases",),
)
ENCRYPTION = call.under(
    "Microsoft.Sql/servers/databases/transparentDataEncryption", "/transparentDataEncryption/current", SQL_VERSION
)
SHORT_TERM = call.under(
    "Microsoft.Sql/servers/databases/backupShortTermRetentionPolicies",
    "/backupShortTermRetentionPolicies/default",
    SQL_VERSION,
)

SERVERS = Listing(
    operation=call.listed("Microsoft.Sql/servers", SQL_VERSION, hidden=HIDDEN),
    items=monitor.VALUE,
    kind=ResourceKind.AZURE_SQL_SERVER,
    parse=shape.parsed(ResourceKind.AZURE_SQL_SERVER),
    details=(
        Detail(key="firewallRules", operation=FIREWALL, arguments=shape.by_id, pick=joined("value")),
        Detail(key="auditingSettings", operation=AUDITING, arguments=shape.by_id),
    ),
    children=(
        Listing(
            operation=DATABASES,
            items=monitor.VALUE,
            kind=ResourceKind.AZURE_SQL_DATABASE,
            parse=shape.parsed(ResourceKind.AZURE_SQL_DATABASE),
            arguments=shape.below,
            details=(
                Detail(key="transparentDataEncryption", operation=ENCRYPTION, arguments=shape.by_id, applies=is_own),
                Detail(
                    key="backupShortTermRetentionPolicy",
                    operation=SHORT_TERM,
                    arguments=shape.by_id,
                    applies=has_backups,
                ),
                monitor.metrics(figures, days=14, applies=is_own),
            ),
            volatile=monitor.FIGURES,
        ),
    ),
)
POSTGRESQL_FIREWALL = call.under(
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules", "/firewallRules", POSTGRESQL_VERSION
)

LISTINGS = (
    SERVERS,
    Listing(
        operation=call.listed("Microsoft.DBforPostgreSQL/flexibleServers", POSTGRESQL_VERSION, hidden=HIDDEN),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_POSTGRESQL_SERVER,
        parse=shape.parsed(ResourceKind.AZURE_POSTGRESQL_SERVER),
        details=(
            Detail(
                key="firewallRules",
                operation=POSTGRESQL_FIREWALL,
                arguments=shape.by_id,
                pick=joined("value"),
                applies=is_open,
            ),
        ),
    ),
    Listing(
        operation=call.listed("Microsoft.DocumentDB/databaseAccounts", "2024-11-15"),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_COSMOS_ACCOUNT,
        parse=shape.parsed(ResourceKind.AZURE_COSMOS_ACCOUNT),
    ),
)
