"""Microsoft.Network: groups of rules, addresses, networks and what records, filters and protects their traffic."""

from connectors.clouds.azure.monitor import VALUE
from connectors.clouds.azure.operation import listed, under, without
from connectors.clouds.azure.resource import below, parsed
from connectors.reading.listing import Listing
from domain.facts.resource import ResourceKind

VERSION = "2026-03-01"
HIDDEN = without("password", "authenticationCertificates", "sharedKey")


def _list(kind: str, of: ResourceKind, version: str = VERSION) -> Listing:
    operation = listed(f"Microsoft.Network/{kind}", version, hidden=HIDDEN)
    return Listing(operation=operation, items=VALUE, kind=of, parse=parsed(of))


LISTINGS = (
    _list("networkSecurityGroups", ResourceKind.AZURE_NETWORK_SECURITY_GROUP),
    _list("publicIPAddresses", ResourceKind.AZURE_PUBLIC_IP),
    _list("virtualNetworks", ResourceKind.AZURE_VIRTUAL_NETWORK),
    _list("applicationGateways", ResourceKind.AZURE_APPLICATION_GATEWAY),
    # Front Door has API versions of its own.
    _list("frontdoorWebApplicationFirewallPolicies", ResourceKind.AZURE_FRONT_DOOR_POLICY, "2024-02-01"),
    _list("ddosProtectionPlans", ResourceKind.AZURE_DDOS_PLAN),
    Listing(
        operation=listed("Microsoft.Network/networkWatchers", VERSION),
        items=VALUE,
        children=(
            Listing(
                operation=under("Microsoft.Network/networkWatchers/flowLogs", "/flowLogs", VERSION),
                items=VALUE,
                kind=ResourceKind.AZURE_FLOW_LOG,
                parse=parsed(ResourceKind.AZURE_FLOW_LOG),
                arguments=below,
            ),
        ),
    ),
)
