"""Microsoft.Storage: accounts with their settings, and containers. Keys and contents are never asked for."""

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Arguments, Detail, Item, Listing, Place, joined
from domain.facts.resource import ResourceKind

VERSION = "2026-09-01"
# Accounts for files alone have no blobs.
WITHOUT_BLOBS = "FileStorage"


def has_blobs(account: Item) -> bool:
    return bool(account.get("kind") != WITHOUT_BLOBS)


def _blobs(account: Item, _: Place) -> Arguments:
    return {"id": f"{account['id']}/blobServices/default"}


MANAGEMENT_POLICY = call.under(
    "Microsoft.Storage/storageAccounts/managementPolicies",
    "/managementPolicies/default",
    VERSION,
    absent=frozenset({"ManagementPolicyNotFound"}),
    also=("GET Microsoft.Storage/storageAccounts/{accountName}/managementPolicies/{managementPolicyName}",),
)
BLOB_SERVICE = call.under("Microsoft.Storage/storageAccounts/blobServices", "/blobServices/default", VERSION)
CONTAINERS = call.under(
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "/blobServices/default/containers",
    VERSION,
)
DEFENDER = call.under(
    "Microsoft.Security/defenderForStorageSettings",
    "/providers/Microsoft.Security/defenderForStorageSettings/current",
    "2022-12-01-preview",
)

LISTINGS = (
    Listing(
        operation=call.listed("Microsoft.Storage/storageAccounts", VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_STORAGE_ACCOUNT,
        parse=shape.parsed(ResourceKind.AZURE_STORAGE_ACCOUNT),
        details=(
            Detail(key="managementPolicy", operation=MANAGEMENT_POLICY, arguments=shape.by_id, applies=has_blobs),
            Detail(key="blobService", operation=BLOB_SERVICE, arguments=shape.by_id, applies=has_blobs),
            Detail(key="defenderForStorageSettings", operation=DEFENDER, arguments=shape.by_id),
            Detail(
                key="diagnosticSettings",
                operation=monitor.DIAGNOSTIC_SETTINGS,
                arguments=_blobs,
                pick=joined("value"),
                applies=has_blobs,
            ),
            monitor.metrics(
                lambda _: "BlobCapacity",
                days=2,
                below="/blobServices/default",
                query={"$filter": "BlobTier eq '*'"},
                applies=has_blobs,
            ),
        ),
        volatile=monitor.FIGURES,
        children=(
            Listing(
                operation=CONTAINERS,
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_BLOB_CONTAINER,
                parse=shape.parsed(ResourceKind.AZURE_BLOB_CONTAINER),
                arguments=shape.below,
                applies=lambda place: has_blobs(place.parent),
            ),
        ),
    ),
)
