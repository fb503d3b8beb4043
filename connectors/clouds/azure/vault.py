"""Microsoft.KeyVault: vaults, and what is known about their keys and secrets without opening them."""

from connectors.clouds.azure.monitor import LOGGING, VALUE
from connectors.clouds.azure.operation import listed, under, without
from connectors.clouds.azure.resource import below, by_id, parsed
from connectors.reading.listing import Answer, Detail, Listing, first
from domain.facts.resource import ResourceKind

VERSION = "2026-05-15"
KEYS = under("Microsoft.KeyVault/vaults/keys", "/keys", VERSION)
# The list leaves out the rotation policy.
KEY = under("Microsoft.KeyVault/vaults/keys/{keyName}", "", VERSION, action="Microsoft.KeyVault/vaults/keys/read")


def without_values(answer: Answer) -> Answer:
    """Resource Manager gives no values of secrets; should it ever, they go no further."""
    clean = without("value")
    return {**answer, "value": [clean(one) for one in VALUE(answer)]} if isinstance(answer, dict) else None


SECRETS = under("Microsoft.KeyVault/vaults/secrets", "/secrets", VERSION, hidden=without_values)

LISTINGS = (
    Listing(
        operation=listed("Microsoft.KeyVault/vaults", VERSION),
        items=VALUE,
        kind=ResourceKind.AZURE_KEY_VAULT,
        parse=parsed(ResourceKind.AZURE_KEY_VAULT),
        details=(LOGGING,),
        children=(
            Listing(
                operation=KEYS,
                items=VALUE,
                kind=ResourceKind.AZURE_KEY,
                parse=parsed(ResourceKind.AZURE_KEY),
                arguments=below,
                details=(
                    Detail(
                        key="rotationPolicy",
                        operation=KEY,
                        arguments=by_id,
                        pick=first("properties.rotationPolicy"),
                    ),
                ),
            ),
            Listing(
                operation=SECRETS,
                items=VALUE,
                kind=ResourceKind.AZURE_SECRET,
                parse=parsed(ResourceKind.AZURE_SECRET),
                arguments=below,
            ),
        ),
    ),
)
