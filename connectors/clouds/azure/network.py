"""Microsoft.Network: groups of rules, addresses, networks and what records, filters and protects their traffic."""

from connectors.clouds.azure import call, monitor, shape
from connectors.reading.listing import Listing
from domain.facts.resource import ResourceKind

VERSION = "2026-03-01"
# Headers that a gateway adds often hold the word by which the site behind knows it.
HIDDEN = call.without("password", "authenticationCertificates", "sharedKey", "headerValue")


def _list(kind: str, of: ResourceKind, version: str = VERSION) -> Listing:
    operation = call.listed(f"Microsoft.Network/{kind}", version, hidden=HIDDEN)
    return Listing(operation=operation, items=monitor.VALUE, kind=of, parse=shape.parsed(of))


LISTINGS = (
    _list("networkSecurityGroups", ResourceKind.AZURE_NETWORK_SECURITY_GROUP),
    _list("publicIPAddresses", ResourceKind.AZURE_PUBLIC_IP),
    _list("virtualNetworks", ResourceKind.AZURE_VIRTUAL_NETWORK),
    _list("applicationGateways", ResourceKind.AZURE_APPLICATION_GATEWAY),
    # What controls judge of gateways; a gateway names its policy.
    Listing(
        operation=call.listed("Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", VERSION),
        items=monitor.VALUE,
    ),
    # What bundles judge of stores: what an endpoint leads to stands in it.
    Listing(operation=call.listed("Microsoft.Network/privateEndpoints", VERSION), items=monitor.VALUE),
    # Front Door has API versions of its own.
    _list("frontdoorWebApplicationFirewallPolicies", ResourceKind.AZURE_FRONT_DOOR_POLICY, "2024-02-01"),
    _list("ddosProtectionPlans", ResourceKind.AZURE_DDOS_PLAN),
    Listing(
        operation=call.listed("Microsoft.Network/networkWatchers", VERSION),
        items=monitor.VALUE,
        children=(
            Listing(
                operation=call.under("Microsoft.Network/networkWatchers/flowLogs", "/flowLogs", VERSION),
                items=monitor.VALUE,
                kind=ResourceKind.AZURE_FLOW_LOG,
                parse=shape.parsed(ResourceKind.AZURE_FLOW_LOG),
                arguments=shape.below,
            ),
        ),
    ),
)
