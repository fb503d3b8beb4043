"""Networks of Azure and what is reached through them, and what controls say of them."""

from typing import Any

from tests.factories.azure_change import ERROR, FAIL, NOBODY, NOTHING, PASS, WARNING, Change, denied, id_of
from tests.fakes.azure import thing
from tests.fakes.azure_told import Says

GROUPS, NETWORKS = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/virtualNetworks"
SQL, POSTGRESQL = "Microsoft.Sql/servers", "Microsoft.DBforPostgreSQL/flexibleServers"
COSMOS, STORES = "Microsoft.DocumentDB/databaseAccounts", "Microsoft.Storage/storageAccounts"
GATEWAYS, LINKS = "Microsoft.Network/applicationGateways", "Microsoft.Network/privateEndpoints"
GATEWAY_POLICIES = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
DOOR_POLICIES = "Microsoft.Network/frontdoorWebApplicationFirewallPolicies"
PROFILES, MANAGEMENT = "Microsoft.Cdn/profiles", "Microsoft.ApiManagement/service"
POLICY = id_of(GATEWAY_POLICIES, "waf1")


def group(*, is_attached: bool, **rule: Any) -> Says:
    """A group of rules with one that lets everybody in at port 22, but for what is said of it."""
    plain = {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "priority": 300, "sourcePortRange": "*"}
    ends = {"sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"}
    rules = [{"name": "ssh", "id": f"{id_of(GROUPS, 'front')}/securityRules/ssh", "properties": plain | ends | rule}]
    held = {"subnets": [{"id": f"{id_of(NETWORKS, 'net1')}/subnets/apps"}]} if is_attached else {}
    return {GROUPS: [thing(GROUPS, "front", properties={"securityRules": rules, **held})]}


def subnet(name: str, *, has_group: bool) -> Says:
    guard = {"networkSecurityGroup": {"id": id_of(GROUPS, "front")}} if has_group else {}
    own = {"addressPrefix": "10.0.1.0/24", **guard}
    below = {"id": f"{id_of(NETWORKS, 'net1')}/subnets/{name}", "name": name, "properties": own}
    return {NETWORKS: [thing(NETWORKS, "net1", properties={"subnets": [below]})]}


def rule(first: str, last: str) -> dict[str, Any]:
    return {"name": "office", "properties": {"startIpAddress": first, "endIpAddress": last}}


def sql(access: str, *rules: dict[str, Any]) -> Says:
    server = thing(SQL, "sql1", properties={"publicNetworkAccess": access, "minimalTlsVersion": "1.2"})
    return {SQL: [server], "sql1/firewallRules": [*rules]}


def postgresql(access: str, *rules: dict[str, Any]) -> Says:
    server = thing(POSTGRESQL, "pg1", properties={"network": {"publicNetworkAccess": access}, "version": "16"})
    return {POSTGRESQL: [server], "pg1/firewallRules": [*rules]}


def cosmos(access: str, *addresses: str) -> Says:
    rules = [{"ipAddressOrRange": one} for one in addresses]
    own = {"publicNetworkAccess": access, "ipRules": rules, "isVirtualNetworkFilterEnabled": False}
    return {COSMOS: [thing(COSMOS, "cosmos1", properties={**own, "virtualNetworkRules": []})]}


def gateway(*, is_public: bool = True, **own: Any) -> Says:
    reached = {"publicIPAddress": {"id": id_of("Microsoft.Network/publicIPAddresses", "front")}}
    front = {"name": "front", "properties": reached if is_public else {"privateIPAddress": "10.0.1.4"}}
    return {GATEWAYS: [thing(GATEWAYS, "gw1", properties={"frontendIPConfigurations": [front], **own})]}


def guarded(mode: str, state: str = "Enabled") -> Says:
    """A gateway with a policy."""
    settings = {"policySettings": {"state": state, "mode": mode, "requestBodyCheck": True}}
    return gateway(firewallPolicy={"id": POLICY}) | {
        GATEWAY_POLICIES: [thing(GATEWAY_POLICIES, "waf1", properties=settings)]
    }


def door(mode: str, state: str = "Enabled") -> Says:
    """A policy that Front Door uses."""
    own = {"policySettings": {"enabledState": state, "mode": mode}, "securityPolicyLinks": [{"id": "shop1/waf"}]}
    return {DOOR_POLICIES: [thing(DOOR_POLICIES, "front1", location="Global", properties=own)]}


def route(*, is_compressed: bool, state: str = "Enabled") -> Says:
    """A route of Front Door."""
    profile = thing(PROFILES, "shop1", location="Global", sku={"name": "Standard_AzureFrontDoor"})
    front = thing("afdEndpoints", "www1", parent=profile["id"], properties={"enabledState": "Enabled"})
    kept = {"queryStringCachingBehavior": "IgnoreQueryString"}
    squeezed = {"isCompressionEnabled": is_compressed, "contentTypesToCompress": ["text/html"]}
    own = {"enabledState": state, "cacheConfiguration": {**kept, "compressionSettings": squeezed}}
    made = thing("routes", "all", parent=front["id"], properties=own)
    return {PROFILES: [profile], "shop1/afdEndpoints": [front], "www1/routes": [made]}


def endpoint(*, is_compressed: bool) -> Says:
    """An endpoint of the older CDN."""
    profile = thing(PROFILES, "cdn1", location="Global", sku={"name": "Standard_Microsoft"})
    own = {"resourceState": "Running", "isCompressionEnabled": is_compressed}
    return {PROFILES: [profile], "cdn1/endpoints": [thing("endpoints", "img1", parent=profile["id"], properties=own)]}


def api(*policies: str, is_current: bool = True) -> Says:
    """An API with these policies."""
    service = thing(MANAGEMENT, "apim1", sku={"name": "Developer", "capacity": 1})
    own = {"displayName": "Orders", "path": "orders", "apiRevision": "1", "isCurrent": is_current}
    made = thing("apis", "api1", parent=service["id"], properties=own)
    inner = "".join(f'<{one} unspecified-content-type-action="prevent" />' for one in policies)
    text = f"<policies><inbound><base />{inner}</inbound></policies>"
    told = {"id": f"{made['id']}/policies/policy", "name": "policy", "properties": {"format": "xml", "value": text}}
    return {MANAGEMENT: [service], "apim1/apis": [made], "api1/policies": [told]}


def phi(kind: str, name: str, **own: Any) -> Says:
    """A store with health data."""
    return {kind: [thing(kind, name, tags={"data-class": "phi"}, properties=own)]}


def link(kind: str, name: str, status: str = "Approved") -> Says:
    """A private endpoint that leads to a store."""
    state = {"privateLinkServiceConnectionState": {"status": status, "description": "", "actionsRequired": "None"}}
    leads = {"name": name, "properties": {"privateLinkServiceId": id_of(kind, name), "groupIds": ["it"], **state}}
    return {LINKS: [thing(LINKS, "link1", properties={"privateLinkServiceConnections": [leads]})]}


CLOSED_STORE = phi(SQL, "sql1", publicNetworkAccess="Disabled")
PUBLIC = "public network access is on"
OPEN, OFFICE = rule("0.0.0.0", "255.255.255.255"), rule("203.0.113.1", "203.0.113.9")
INSIDE = {"publicNetworkAccess": "Disabled", "delegatedSubnetResourceId": f"{id_of(NETWORKS, 'net1')}/subnets/data"}
DOORS = (
    Change("CW-NET-01", PASS, group(is_attached=True, sourceAddressPrefix="203.0.113.0/24"), "front", "no admin port"),
    Change("CW-NET-01", WARNING, group(is_attached=False), "front", "22 open to the internet"),
    Change("CW-NET-01", FAIL, group(is_attached=True), "front", "22 open to the internet"),
    Change("CW-NET-01", FAIL, group(is_attached=True, destinationPortRange="3380-3390"), "front", "3389 open"),
    Change("CW-NET-01", NOTHING, NOBODY),
    Change("CW-NET-02", PASS, sql("Disabled", OPEN), "sql1", "public access is off"),
    Change("CW-NET-02", PASS, postgresql("Disabled"), "pg1", "public access is off"),
    Change("CW-NET-02", PASS, cosmos("Disabled"), "cosmos1", "public access is off"),
    Change("CW-NET-02", WARNING, sql("Enabled", OFFICE), "sql1", "203.0.113.1-203.0.113.9"),
    Change("CW-NET-02", WARNING, postgresql("Enabled", rule("0.0.0.0", "0.0.0.0")), "pg1", "all of Azure"),
    Change("CW-NET-02", WARNING, cosmos("Enabled", "203.0.113.7"), "cosmos1", "203.0.113.7"),
    Change("CW-NET-02", FAIL, sql("Enabled", OFFICE, OPEN), "sql1", "every address"),
    Change("CW-NET-02", FAIL, postgresql("Enabled", OPEN), "pg1", "every address"),
    Change("CW-NET-02", FAIL, cosmos("Enabled"), "cosmos1", "without a rule"),
    Change("CW-NET-02", NOTHING, NOBODY),
    Change("CW-NET-03", PASS, subnet("apps", has_group=True), "subnets/apps", "group front"),
    Change("CW-NET-03", WARNING, subnet("GatewaySubnet", has_group=False), "GatewaySubnet", "gateway subnet without"),
    Change("CW-NET-03", FAIL, subnet("apps", has_group=False), "subnets/apps", "no network security group"),
    Change("CW-NET-03", NOTHING, NOBODY),
)
FRONTS = (
    Change("CW-NET-04", PASS, guarded("Prevention"), "gw1", "mode Prevention"),
    Change("CW-NET-04", PASS, door("Prevention"), "front1", "mode Prevention"),
    Change("CW-NET-04", WARNING, guarded("Detection"), "gw1", "mode Detection"),
    # A policy that stands in another subscription.
    Change("CW-NET-04", WARNING, gateway(firewallPolicy={"id": POLICY}), "gw1", "waf1, whose mode is not known"),
    Change("CW-NET-04", WARNING, door("Detection"), "front1", "mode Detection"),
    Change("CW-NET-04", FAIL, gateway(), "gw1", "no policy that is switched on"),
    Change("CW-NET-04", FAIL, guarded("Prevention", "Disabled"), "gw1", "no policy that is switched on"),
    Change("CW-NET-04", FAIL, door("Prevention", "Disabled"), "front1", "no policy that is switched on"),
    Change("CW-NET-04", NOTHING, gateway(is_public=False)),
    Change("CW-PIN-01", PASS, api("validate-content"), "api1", "validate-content"),
    Change("CW-PIN-01", PASS, api(is_current=False), "api1", "not the current revision"),
    Change("CW-PIN-01", WARNING, api("validate-parameters"), "api1", "no validate-content"),
    Change("CW-PIN-01", FAIL, api(), "api1", "no validate-content"),
    Change("CW-PIN-01", NOTHING, NOBODY),
    Change("PS-CDN-04", PASS, route(is_compressed=True), "routes/all", "compressed with"),
    Change("PS-CDN-04", FAIL, route(is_compressed=False), "routes/all", "not compressed"),
    Change("PS-CDN-04", FAIL, endpoint(is_compressed=False), "img1", "not compressed"),
    Change("PS-CDN-04", NOTHING, route(is_compressed=False, state="Disabled")),
    Change("PS-CDN-04", ERROR, {PROFILES: denied(f"{PROFILES}/read")}, "", f"{PROFILES}/read"),
)
HEALTH = (
    Change("TC-PHI-04", PASS, CLOSED_STORE | link(SQL, "sql1"), "sql1", "and a private endpoint"),
    Change("TC-PHI-04", PASS, phi(POSTGRESQL, "pg1", network=INSIDE), "pg1", "and a private endpoint"),
    Change("TC-PHI-04", WARNING, CLOSED_STORE, "sql1", "but no private endpoint"),
    Change("TC-PHI-04", WARNING, CLOSED_STORE | link(SQL, "sql1", "Pending"), "sql1", "but no private endpoint"),
    Change("TC-PHI-04", FAIL, phi(STORES, "store1", publicNetworkAccess="Enabled"), "store1", PUBLIC),
    Change("TC-PHI-04", FAIL, phi(COSMOS, "cosmos1", publicNetworkAccess="Enabled"), "cosmos1", PUBLIC),
    Change("TC-PHI-04", NOTHING, sql("Enabled", OPEN)),
    Change("TC-PHI-04", ERROR, {LINKS: denied(f"{LINKS}/read")}, "", f"{LINKS}/read"),
)
CHANGES = (*DOORS, *FRONTS, *HEALTH)
