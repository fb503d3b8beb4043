"""Key vaults that can be emptied for good, or reached from anywhere."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_network_rules import closed, is_open, opened
from domain.rules.azure_resource import on, own
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

PATCH = "PATCH Microsoft.KeyVault/vaults/{vaultName}"
READ = ("Microsoft.KeyVault/vaults/read",)
WRITE = ("Microsoft.KeyVault/vaults/write",)


def can_be_purged(vault: Resource, _: RuleContext) -> Observation | None:
    """Fires where what was deleted can be purged before its time."""
    if not own(vault) or own(vault).get("enablePurgeProtection") is True:
        return None
    return Observation(
        reason=f"Whoever may delete the key vault {vault.name} or its keys can also purge them for good.",
        observed={"enablePurgeProtection": own(vault).get("enablePurgeProtection")},
    )


def protect(vault: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Purge protection, and soft delete with it where an old vault lacks it."""
    wanted: dict[str, Any] = {"enablePurgeProtection": True}
    if own(vault).get("enableSoftDelete") is False:
        wanted["enableSoftDelete"] = True
    says = f"Protect the key vault {vault.name} from purging. This can never be turned off again."
    return (Step(name="protect", says=says, call=on(PATCH, vault.native_id, properties=wanted)),)


def is_open_to_every_network(vault: Resource, _: RuleContext) -> Observation | None:
    """Fires where the firewall lets every network in, or is not there."""
    if not own(vault) or not is_open(own(vault)):
        return None
    return Observation(
        reason=f"Key vault {vault.name} can be reached from every network.",
        observed={
            "publicNetworkAccess": own(vault).get("publicNetworkAccess"),
            "defaultAction": (own(vault).get("networkAcls") or {}).get("defaultAction"),
        },
    )


def close_networks(vault: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The firewall refuses whom no rule lets in; its rules stay."""
    back = Step(
        name="back",
        says=f"Give the key vault {vault.name} its former rules back.",
        call=on(PATCH, vault.native_id, properties=opened(own(vault))),
    )
    says = f"Refuse all networks on {vault.name} but those its rules name, and services of Azure that are trusted."
    call = on(PATCH, vault.native_id, properties=closed(own(vault)))
    return (Step(name="close", says=says, call=call, undo=(back,)),)


def _vault(**fields: Any) -> Resource:
    """A vault for the examples with nothing wrong."""
    properties = {
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [], "virtualNetworkRules": []},
    }
    return Resource(
        kind=ResourceKind.AZURE_KEY_VAULT,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/cedar-keys",
        name="cedar-keys",
        config={"properties": {**properties, **fields}},
    )


PURGE_PROTECTION = Rule(
    id="azure-keyvault-purge-protection",
    title="Key vault can be purged",
    description="Without purge protection a mistake or bad intent destroys keys for good, and all that they encrypt.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_KEY_VAULT,
    permissions=READ,
    source="CIS Azure Foundations, purge protection; Vaults - List By Subscription (enablePurgeProtection)",
    blind_spots="Who may purge is not looked at.",
    needs=("properties",),
    check=can_be_purged,
    group="resilience",
    remedy=Remedy(
        says="Turns purge protection on, for good.",
        plan=protect,
        reversible=Reversible.NO,
        loses="Purge protection can never be turned off again.",
        permissions=WRITE,
    ),
    examples=(
        fires(_vault(enablePurgeProtection=None)),
        fires(_vault(enablePurgeProtection=None, enableSoftDelete=False)),
        quiet(_vault()),
    ),
)

NETWORK_OPEN = Rule(
    id="azure-keyvault-network-open",
    title="Key vault is open to every network",
    description="A credential that got lost opens a vault from anywhere, unless its firewall names who may come.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AZURE_KEY_VAULT,
    permissions=READ,
    source="CIS Azure Foundations, key vault networks; Vaults - List By Subscription (networkAcls)",
    blind_spots="From where the vault is used cannot be seen: add rules for those networks before it is closed. "
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
        fires(_vault(networkAcls={"defaultAction": "Allow", "bypass": "None", "ipRules": []})),
        fires(_vault(networkAcls={"defaultAction": "Allow", "bypass": "AzureServices"})),
        fires(_vault(networkAcls=None)),
        quiet(_vault()),
        quiet(_vault(networkAcls=None, publicNetworkAccess="Disabled")),
    ),
)
