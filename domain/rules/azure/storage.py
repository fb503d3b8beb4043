"""Storage accounts that let in whom they should not."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_network_rules import closed, is_open, opened
from domain.rules.azure_resource import on, own
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

PATCH = "PATCH Microsoft.Storage/storageAccounts/{accountName}"
# An account without the setting takes TLS 1.0. Source: Storage Accounts - List, minimumTlsVersion.
OLDEST, WANTED = "TLS1_0", "TLS1_2"
NEW_ENOUGH = (WANTED, "TLS1_3")
READ = ("Microsoft.Storage/storageAccounts/read",)
WRITE = ("Microsoft.Storage/storageAccounts/write",)


def allows_anonymous_access(account: Resource, _: RuleContext) -> Observation | None:
    """Fires where containers may be opened to anybody; without the setting they may not."""
    if own(account).get("allowBlobPublicAccess") is not True:
        return None
    return Observation(
        reason=f"Containers of the storage account {account.name} may be opened to anybody without a key.",
        observed={"allowBlobPublicAccess": True},
    )


def forbid_anonymous_access(account: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One setting of the account, which counts for all its containers."""
    return (
        _changed(
            account,
            f"Forbid access without a key to all containers of {account.name}.",
            {"allowBlobPublicAccess": False},
            {"allowBlobPublicAccess": True},
        ),
    )


def takes_weak_connections(account: Resource, _: RuleContext) -> Observation | None:
    """Fires where plain HTTP, or a TLS version before 1.2, is taken."""
    if not own(account):
        return None
    plain, weak = own(account).get("supportsHttpsTrafficOnly") is False, _tls(account) not in NEW_ENOUGH
    if not plain and not weak:
        return None
    found = ["plain HTTP"] * plain + [_tls(account).replace("_", ".").replace("TLS", "TLS ")] * weak
    return Observation(
        reason=f"Storage account {account.name} takes {' and '.join(found)}.",
        observed={
            "supportsHttpsTrafficOnly": own(account).get("supportsHttpsTrafficOnly"),
            "minimumTlsVersion": _tls(account),
        },
    )


def require_strong_connections(account: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Changes what is too weak, and leaves the rest as it is."""
    wanted: dict[str, Any] = {}
    former: dict[str, Any] = {}
    if own(account).get("supportsHttpsTrafficOnly") is False:
        wanted["supportsHttpsTrafficOnly"], former["supportsHttpsTrafficOnly"] = True, False
    if _tls(account) not in NEW_ENOUGH:
        wanted["minimumTlsVersion"], former["minimumTlsVersion"] = WANTED, _tls(account)
    says = f"Take only HTTPS with TLS 1.2 or newer on {account.name}; clients that know neither are refused."
    return (_changed(account, says, wanted, former),)


def is_open_to_every_network(account: Resource, _: RuleContext) -> Observation | None:
    """Fires where the firewall lets every network in."""
    # Without rules nothing is known: Azure prints them for every account.
    if not own(account).get("networkAcls") or not is_open(own(account)):
        return None
    return Observation(
        reason=f"Storage account {account.name} can be reached from every network.",
        observed={"defaultAction": "Allow", "publicNetworkAccess": own(account).get("publicNetworkAccess")},
    )


def close_networks(account: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The firewall refuses whom no rule lets in; its rules stay."""
    says = f"Refuse all networks on {account.name} but those its rules name, and services of Azure that are trusted."
    return (_changed(account, says, closed(own(account)), opened(own(account))),)


def _tls(account: Resource) -> str:
    return str(own(account).get("minimumTlsVersion") or OLDEST)


def _changed(account: Resource, says: str, wanted: dict[str, Any], former: dict[str, Any]) -> Step:
    back = Step(
        name="back",
        says=f"Give {account.name} its former settings back.",
        call=on(PATCH, account.native_id, properties=former),
    )
    return Step(name="update", says=says, call=on(PATCH, account.native_id, properties=wanted), undo=(back,))


def _account(**fields: Any) -> Resource:
    """An account for the examples with nothing wrong."""
    properties = {
        "allowBlobPublicAccess": False,
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [], "virtualNetworkRules": []},
    }
    return Resource(
        kind=ResourceKind.AZURE_STORAGE_ACCOUNT,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/cedardata",
        name="cedardata",
        config={"kind": "StorageV2", "properties": {**properties, **fields}},
    )


_OPEN = {"defaultAction": "Allow", "bypass": "Logging, Metrics", "ipRules": [{"value": "203.0.113.0/24"}]}

PUBLIC_BLOB = Rule(
    id="azure-storage-public-blob",
    title="Storage account allows anonymous access",
    description="Where an account allows it, a single setting of a container shows its blobs to everybody.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_STORAGE_ACCOUNT,
    permissions=READ,
    source="CIS Azure Foundations, anonymous blob access; Storage Accounts - List (allowBlobPublicAccess)",
    blind_spots="Whether a container really is open is not looked at. An account without the setting counts as closed, "
    "which is how Azure reads it.",
    needs=("properties",),
    check=allows_anonymous_access,
    group="data-exposure",
    remedy=Remedy(
        says="Forbids anonymous access for the whole account.",
        plan=forbid_anonymous_access,
        reversible=Reversible.YES,
        permissions=WRITE,
    ),
    examples=(
        fires(_account(allowBlobPublicAccess=True)),
        quiet(_account()),
        quiet(_account(allowBlobPublicAccess=None)),
    ),
)

HTTPS = Rule(
    id="azure-storage-https",
    title="Storage account takes weak connections",
    description="Plain HTTP and old TLS versions let others on the way read and change what is sent.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_STORAGE_ACCOUNT,
    permissions=READ,
    source="CIS Azure Foundations, secure transfer and minimum TLS version; Storage Accounts - List",
    blind_spots="Who still connects in the old way cannot be seen. An account without a minimum is put back to TLS "
    "1.0, which is what Azure takes it for.",
    needs=("properties",),
    check=takes_weak_connections,
    group="encryption",
    remedy=Remedy(
        says="Requires HTTPS and TLS 1.2.",
        plan=require_strong_connections,
        reversible=Reversible.YES,
        permissions=WRITE,
    ),
    examples=(
        fires(_account(supportsHttpsTrafficOnly=False)),
        fires(_account(minimumTlsVersion="TLS1_1")),
        fires(_account(minimumTlsVersion=None)),
        quiet(_account()),
        quiet(_account(minimumTlsVersion="TLS1_3")),
    ),
)

NETWORK_OPEN = Rule(
    id="azure-storage-network-open",
    title="Storage account is open to every network",
    description="A key that got lost opens an account from anywhere, unless its firewall names who may come.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_STORAGE_ACCOUNT,
    permissions=READ,
    source="CIS Azure Foundations, default network access; Storage Accounts - List (networkAcls)",
    blind_spots="From where the account is used cannot be seen: add rules for those networks before it is closed. "
    "Perimeters (SecuredByPerimeter) are not looked at.",
    needs=("properties",),
    check=is_open_to_every_network,
    group="network-exposure",
    remedy=Remedy(
        says="Refuses all networks that no rule names.",
        plan=close_networks,
        reversible=Reversible.YES,
        permissions=WRITE,
    ),
    examples=(
        fires(_account(networkAcls=_OPEN)),
        fires(_account(networkAcls={**_OPEN, "bypass": "None"}, publicNetworkAccess="Enabled")),
        quiet(_account()),
        quiet(_account(networkAcls=_OPEN, publicNetworkAccess="Disabled")),
        quiet(_account(networkAcls=None)),
    ),
)
