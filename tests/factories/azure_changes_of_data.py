"""Stores, databases, keys and secrets of Azure, and what controls say of them."""

from typing import Any

from tests.factories.azure_change import FAIL, NOBODY, NOTHING, PASS, WARNING, Change, ago, id_of
from tests.fakes.azure import thing
from tests.fakes.azure_told import Says
from tests.fakes.collecting import NOW

STORES, DISKS, SITES = "Microsoft.Storage/storageAccounts", "Microsoft.Compute/disks", "Microsoft.Web/sites"
SQL, VAULTS = "Microsoft.Sql/servers", "Microsoft.KeyVault/vaults"
CUSTOMER = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": id_of("Microsoft.Compute/sets", "s1")}
PLATFORM = {"type": "EncryptionAtRestWithPlatformKey"}
EVERY_NETWORK = {"defaultAction": "Allow", "bypass": "AzureServices", "ipRules": [], "virtualNetworkRules": []}
DAY = 86_400


def store(*, label: str | None = None, sku: str = "Standard_LRS", **own: Any) -> Says:
    """A storage account with safe settings, but for what is said of it; None leaves a setting out."""
    rules = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [], "virtualNetworkRules": []}
    safe = {"allowBlobPublicAccess": False, "supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"}
    told = {"creationTime": ago(300), "provisioningState": "Succeeded", "networkAcls": rules, **safe, **own}
    told = {name: value for name, value in told.items() if value is not None}
    made = thing(STORES, "store1", sku={"name": sku}, tags={"data-class": label} if label else {}, properties=told)
    return {STORES: [{**made, "kind": "StorageV2"}]}


def files() -> Says:
    """An account for files alone."""
    return {STORES: [{**thing(STORES, "files1", sku={"name": "Premium_LRS"}, properties={}), "kind": "FileStorage"}]}


def disk(encryption: dict[str, str], label: str = "restricted") -> Says:
    own = {"diskState": "Attached", "creationData": {"createOption": "Empty"}, "encryption": encryption}
    return {DISKS: [thing(DISKS, "data", tags={"data-class": label}, sku={"name": "StandardSSD_LRS"}, properties=own)]}


def database(state: str = "Enabled", label: str | None = None, *, spread: bool = False, **server: Any) -> Says:
    """A database, with one that Azure keeps for itself, by whether it is encrypted and spread over zones."""
    above = thing(SQL, "sql1", properties={"publicNetworkAccess": "Disabled", "minimalTlsVersion": "1.2", **server})
    tags = {"data-class": label} if label else {}
    sales = thing("databases", "sales", parent=above["id"], sku={"name": "GP_Gen5", "tier": "GeneralPurpose"})
    own = {"properties": {"status": "Online", "zoneRedundant": spread}, "tags": tags}
    master = thing("databases", "master", parent=above["id"], sku={"name": "System", "tier": "System"}, properties={})
    told = {"sales/transparentDataEncryption/current": {"properties": {"state": state}}}
    return {SQL: [above], "sql1/databases": [master, {**sales, **own}], **told}


def server(**own: Any) -> Says:
    return {SQL: [thing(SQL, "sql1", properties={"publicNetworkAccess": "Disabled", **own})]}


def site(version: str, *, https_only: bool = True) -> Says:
    own = {"state": "Running", "httpsOnly": https_only}
    return {
        SITES: [thing(SITES, "site1", properties=own)],
        "site1/config/web": {"properties": {"minTlsVersion": version, "ftpsState": "Disabled"}},
    }


def vault(*, is_kept: bool = True) -> Says:
    """A vault with soft delete, and with purge protection where everything is kept."""
    own = {"enableSoftDelete": True, "softDeleteRetentionInDays": 90, "enableRbacAuthorization": True}
    return {VAULTS: [thing(VAULTS, "vault1", properties=own | ({"enablePurgeProtection": True} if is_kept else {}))]}


def key(*actions: str) -> Says:
    """A key of a vault with a rotation policy of these actions; without any there is none."""
    attributes = {"enabled": True, "created": int(NOW.timestamp()) - 100 * DAY}
    made = thing("keys", "key1", parent=id_of(VAULTS, "vault1"), properties={"attributes": attributes, "kty": "RSA"})
    steps = [{"action": {"type": one}, "trigger": {"timeBeforeExpiry": "P30D"}} for one in actions]
    policy = {"rotationPolicy": {"lifetimeActions": steps, "attributes": {"expiryTime": "P1Y"}}} if actions else {}
    return vault() | {"vault1/keys": [made], "keys/key1": {**made, "properties": {**made["properties"], **policy}}}


def secret(days: float | None, *, is_enabled: bool = True) -> Says:
    """A secret that ends in so many days, None for never."""
    ends = {} if days is None else {"exp": int(NOW.timestamp() + days * DAY)}
    own = {"attributes": {"enabled": is_enabled, "created": int(NOW.timestamp()) - 30 * DAY, **ends}}
    return vault() | {"vault1/secrets": [thing("secrets", "s1", parent=id_of(VAULTS, "vault1"), properties=own)]}


def labelled(count: int, of: int) -> Says:
    """So many Cosmos DB accounts, of which some say what they hold; Resource Graph gives null where there are no tags.

    A master database stands beside them.
    """
    kind, master = "microsoft.documentdb/databaseaccounts", "microsoft.sql/servers/databases"
    tags = [{"data-class": "pii"} if number < count else None for number in range(of)]
    rows = [row(kind, f"cosmos{number}", tags=one) for number, one in enumerate(tags)]
    return {"resources": [*rows, row(master, "master", tags=None)]}


def row(kind: str, name: str, *, tags: dict[str, str] | None) -> dict[str, Any]:
    """What Resource Graph tells of one resource."""
    place = {"location": "westeurope", "resourceGroup": "rg1"}
    return {"id": id_of(kind, name), "name": name, "type": kind, "tags": tags, **place}


def rules(*definitions: dict[str, Any], label: str = "pii", is_on: bool = True) -> Says:
    """A labelled account with a rule for each of these definitions."""
    made = [
        {"name": f"r{number}", "type": "Lifecycle", "enabled": is_on, "definition": one}
        for number, one in enumerate(definitions)
    ]
    told = {"properties": {"lastModifiedTime": ago(10), "policy": {"rules": made}}}
    return store(label=label) | {"managementPolicies/default": told}


def delete_after(days: int, *prefixes: str, kind: str = "blockBlob") -> dict[str, Any]:
    filters = {"blobTypes": [kind], **({"prefixMatch": [*prefixes]} if prefixes else {})}
    return {"actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}}}, "filters": filters}


def blobs(*, versions: bool | None, is_soft: bool) -> Says:
    """How the blobs of an account are kept; versioning is left out where it was never set."""
    kept = {"enabled": True, "days": 14} if is_soft else {"enabled": False}
    told = {"deleteRetentionPolicy": kept, **({} if versions is None else {"isVersioningEnabled": versions})}
    return store() | {"blobServices/default": {"properties": told}}


SECRECY = (
    Change("CW-DAT-01", PASS, store(), "store1", "no public blobs, named networks only"),
    Change(
        "CW-DAT-01", PASS, store(networkAcls=EVERY_NETWORK, publicNetworkAccess="Disabled"), "store1", "no public n"
    ),
    Change("CW-DAT-01", WARNING, store(networkAcls=EVERY_NETWORK), "store1", "every network"),
    Change("CW-DAT-01", FAIL, store(allowBlobPublicAccess=True), "store1", "blobs may be made public"),
    Change("CW-DAT-01", FAIL, store(allowBlobPublicAccess=None), "store1", "blobs may be made public"),
    Change("CW-DAT-01", NOTHING, NOBODY),
    Change("CW-DAT-02", PASS, disk(CUSTOMER), "disks/data", "a key of the customer's own"),
    Change("CW-DAT-02", PASS, disk(PLATFORM, "internal"), "disks/data", "a key of the provider's"),
    Change("CW-DAT-02", PASS, database(label="restricted", keyId="k1"), "sales", "a key of the customer's own"),
    Change("CW-DAT-02", WARNING, disk(PLATFORM), "disks/data", "a key of the provider's"),
    Change("CW-DAT-02", WARNING, store(label="restricted"), "store1", "a key of the provider's"),
    Change("CW-DAT-02", WARNING, database(label="restricted"), "sales", "a key of the provider's"),
    Change("CW-DAT-02", FAIL, database("Disabled"), "sales", "transparent data encryption is Disabled"),
    Change("CW-DAT-02", NOTHING, NOBODY),
    Change("CW-DAT-03", PASS, store(), "store1", "HTTPS only from TLS1_2"),
    Change("CW-DAT-03", PASS, site("1.3"), "site1", "HTTPS only from 1.3"),
    Change("CW-DAT-03", WARNING, server(minimalTlsVersion="None"), "sql1", "left to Azure's default"),
    Change("CW-DAT-03", FAIL, store(minimumTlsVersion="TLS1_0"), "store1", "takes TLS1_0"),
    Change("CW-DAT-03", FAIL, site("1.2", https_only=False), "site1", "plain HTTP is allowed"),
    Change("CW-DAT-03", FAIL, server(minimalTlsVersion="1.1"), "sql1", "takes 1.1"),
    Change("CW-DAT-03", NOTHING, NOBODY),
    Change("CW-DAT-04", PASS, key("Rotate", "Notify"), "key1", "a policy rotates it"),
    Change("CW-DAT-04", WARNING, key("Notify"), "key1", "no policy rotates it"),
    Change("CW-DAT-04", WARNING, key(), "key1", "no policy rotates it"),
    Change("CW-DAT-04", FAIL, vault(is_kept=False), "vault1", "purge protection off"),
    Change("CW-DAT-04", NOTHING, NOBODY),
    Change("CW-DAT-05", PASS, secret(30), "s1", "expires on 2026-12-26"),
    Change("CW-DAT-05", PASS, secret(None, is_enabled=False), "s1", "disabled"),
    Change("CW-DAT-05", WARNING, secret(5), "s1", "expires on 2026-12-01"),
    Change("CW-DAT-05", FAIL, secret(None), "s1", "never expires"),
    Change("CW-DAT-05", FAIL, secret(-2), "s1", "expires on 2026-11-24"),
    Change("CW-DAT-05", NOTHING, vault()),
)
KEEPING = (
    Change("CW-DAT-06", PASS, labelled(2, of=2), "cosmos1", "data-class is pii"),
    Change("CW-DAT-06", WARNING, labelled(9, of=10), "cosmos9", "9 of 10 stores are labelled"),
    Change("CW-DAT-06", FAIL, labelled(8, of=10), "cosmos9", "8 of 10 stores are labelled"),
    Change("CW-DAT-06", NOTHING, labelled(0, of=0)),
    Change("CW-DAT-07", PASS, rules(delete_after(730)), "store1", "pii, destroyed after 730 days"),
    Change("CW-DAT-07", WARNING, rules(delete_after(30)), "store1", "destroyed after 30 days"),
    Change("CW-DAT-07", WARNING, rules(delete_after(730, "logs/")), "store1", "in part or at another time"),
    Change("CW-DAT-07", WARNING, rules(delete_after(730, kind="appendBlob")), "store1", "in part or at another time"),
    Change("CW-DAT-07", FAIL, store(label="phi"), "store1", "phi, without a rule"),
    Change("CW-DAT-07", FAIL, rules(delete_after(730), is_on=False), "store1", "pii, without a rule"),
    Change("CW-DAT-07", NOTHING, store(label="public")),
    Change("CW-PIN-03", PASS, blobs(versions=True, is_soft=True), "blobServices/default", "versioning on, soft"),
    Change("CW-PIN-03", WARNING, blobs(versions=None, is_soft=True), "blobServices/default", "versioning off, soft"),
    Change("CW-PIN-03", FAIL, store(), "blobServices/default", "versioning off, soft delete off"),
    Change("CW-PIN-03", NOTHING, files()),
)
CHANGES = (*SECRECY, *KEEPING)
