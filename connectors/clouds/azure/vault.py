"""Microsoft.KeyVault: vaults, and what is known about their keys and secrets without opening them."""

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Answer, Detail, Listing, first
from domain.facts.resource import ResourceKind

VERSION = "2026-05-15"
KEYS = call.under("Microsoft.KeyVault/vaults/keys", "/keys", VERSION)
# The list leaves out the rotation policy.
KEY = call.under("Microsoft.KeyVault/vaults/keys/{keyName}", "", VERSION, action="Microsoft.KeyVault/vaults/keys/read")


def without_values(answer: Answer) -> Answer:
    """Resource Manager gives no values of secrets; should it ever, they go no further."""
    clean = call.without("value")
    return {**answer, "value": [clean(one) for one in monitor.VALUE(answer)]} if isinstance(answer, dict) else None


SECRETS = call.under("Microsoft.KeyVault/vaults/secrets", "/secrets", VERSION, hidden=without_values)

LISTINGS = (
    Listing(
        operation=call.listed("Microsoft.KeyVault/vaults", VERSION),
        items=monitor.VALUE,
        kind=ResourceKind.AZURE_KEY_VAULT,
        parse=shape.parsed(ResourceKind.AZURE_KEY_VAULT),
        details=(monitor.LOGGING,),
        children=(
            Listing(
                operation=KEYS,
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_KEY,
                parse=shape.parsed(ResourceKind.AZURE_KEY),
                arguments=shape.below,
                details=(
                    Detail(
                        key="rotationPolicy",
                        operation=KEY,
                        arguments=shape.by_id,
                        pick=first("properties.rotationPolicy"),
                    ),
                ),
            ),
            Listing(
                operation=SECRETS,
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_SECRET,
                parse=shape.parsed(ResourceKind.AZURE_SECRET),
                arguments=shape.below,
            ),
        ),
    ),
)
