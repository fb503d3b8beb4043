"""Calls to DigitalOcean that change something, and what is looked at while they do.

Scopes are those that DigitalOcean's description names for each call. Two actions of a droplet need one more than the
others: `snapshot` also image:create, `resize` also droplet:create.
"""

from connectors.clouds.digitalocean import calls, data
from connectors.reading.listing import Operation


def act(name: str, *scopes: str) -> Operation:
    """A call with a token of these scopes. Most answer with nothing."""
    return Operation(name=name, service=calls.API, permissions=scopes)


LOOKS = (
    calls.get("/v2/droplets", "droplet:read"),
    calls.get("/v2/droplets/{droplet_id}", "droplet:read"),
    calls.get("/v2/droplets/{droplet_id}/actions", "droplet:read"),
    calls.get("/v2/droplets/{droplet_id}/snapshots", "droplet:read"),
    calls.get("/v2/volumes", "block_storage:read"),
    calls.get("/v2/volumes/{volume_id}/snapshots", "block_storage_snapshot:read"),
    calls.get("/v2/firewalls/{firewall_id}", "firewall:read"),
    calls.get("/v2/databases/{database_cluster_uuid}", "database:read", hide=calls.dropping(*data.CONNECTIONS)),
    # 404: none is running.
    calls.get("/v2/registry/{registry_name}/garbage-collection", "registry:read", absent=frozenset({"404"})),
    calls.get("/v2/registry/{registry_name}/garbage-collections", "registry:read"),
)
ACTIONS = (
    *LOOKS,
    act("POST /v2/droplets", "droplet:create", "tag:create"),
    act("POST /v2/droplets/{droplet_id}/actions", "droplet:update"),
    act("DELETE /v2/droplets/{droplet_id}", "droplet:delete"),
    act("POST /v2/volumes", "block_storage:create", "tag:create"),
    act("POST /v2/volumes/{volume_id}/snapshots", "block_storage_snapshot:create", "tag:create"),
    act("DELETE /v2/volumes/{volume_id}", "block_storage:delete"),
    act("DELETE /v2/snapshots/{snapshot_id}", "image:delete", "snapshot:delete"),
    act("DELETE /v2/reserved_ips/{reserved_ip}", "reserved_ip:delete"),
    act("DELETE /v2/load_balancers/{lb_id}", "load_balancer:delete"),
    act("PUT /v2/databases/{database_cluster_uuid}/resize", "database:update"),
    act("PUT /v2/databases/{database_cluster_uuid}/firewall", "database:update"),
    act("POST /v2/registry/{registry_name}/garbage-collection", "registry:create"),
    act("POST /v2/firewalls/{firewall_id}/droplets", "firewall:update"),
    act("DELETE /v2/firewalls/{firewall_id}/droplets", "firewall:update"),
    act("POST /v2/firewalls/{firewall_id}/rules", "firewall:update"),
    act("DELETE /v2/firewalls/{firewall_id}/rules", "firewall:update"),
)
