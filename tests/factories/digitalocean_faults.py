"""One fault for each rule about DigitalOcean, made in the stand-in with state."""

from typing import Any

from tests.factories.served_fault import ServedFault
from tests.fakes.digitalocean_cloud import stamp
from tests.fakes.digitalocean_team import DigitalOceanTeam
from tests.fakes.trying import settled

NETWORK = "760e09ef-dc84-11e8-981e-3cfdfeaae000"
SIZES = {"s-2vcpu-2gb": (18, 2, 2048), "s-1vcpu-2gb": (12, 1, 2048), "s-1vcpu-1gb": (6, 1, 1024)}


class Fault(ServedFault[DigitalOceanTeam]):
    """A fault in a DigitalOcean team."""


def droplet(cloud: DigitalOceanTeam, **own: Any) -> str:
    """The first droplet of DigitalOcean's examples, busy, behind no firewall and backed up unless said otherwise."""
    example = cloud.described.example("droplets_all")["droplets"][0]
    made = cloud.add("droplets", {**example, "snapshot_ids": [], "tags": ["web"], **own})
    return str(made["id"])


def idle_droplet(cloud: DigitalOceanTeam) -> str:
    native_id = droplet(cloud)
    cloud.busy[native_id] = 0.0001
    return native_id


def idle_droplet_with_a_snapshot(cloud: DigitalOceanTeam) -> str:
    """An older snapshot is not taken for the one that is made before the droplet goes."""
    native_id = idle_droplet(cloud)
    old = {"id": "6372321", "resource_type": "droplet", "resource_id": native_id, "tags": [], "min_disk_size": 25}
    cloud.add("snapshots", old | {"name": "old", "size_gigabytes": 1, "regions": ["nyc3"], "created_at": stamp()})
    cloud.things["droplets"][native_id]["snapshot_ids"] = [6372321]
    return native_id


def droplet_that_is_off(cloud: DigitalOceanTeam) -> str:
    native_id = droplet(cloud, status="off")
    action = {"id": 1, "status": "completed", "type": "power_off", "started_at": stamp(30), "completed_at": stamp(30)}
    cloud.actions.append(action | {"resource_id": int(native_id), "resource_type": "droplet"})
    return native_id


def is_made_again(cloud: DigitalOceanTeam, before: dict[str, Any]) -> bool:
    """One droplet of the same size, tags and volumes, from the snapshot that was made before the other one went."""
    (found,) = cloud.things["droplets"].values()
    (made,) = (one for one in cloud.things["snapshots"].values() if one["name"].startswith("cloudwatcher-"))
    kept = ("name", "size_slug", "volume_ids", "vpc_uuid")
    is_same = all(found[key] == before["config"][key] for key in kept)
    is_tagged = set(before["config"]["tags"]) < set(found["tags"])
    return is_same and is_tagged and found["image"]["id"] == int(made["id"]) and found["status"] == "active"


def large_droplet(cloud: DigitalOceanTeam) -> str:
    for slug, (price, vcpus, memory) in SIZES.items():
        size = {"slug": slug, "price_monthly": price, "vcpus": vcpus, "memory": memory, "disk": 25, "regions": ["nyc3"]}
        cloud.add("sizes", size | {"available": True, "description": "Basic"}, key="slug")
    large = "s-2vcpu-2gb"
    native_id = droplet(cloud, size_slug=large, size=cloud.things["sizes"][large], memory=2048, vcpus=2)
    cloud.busy[native_id] = 0.1
    return native_id


def loose_volume(cloud: DigitalOceanTeam) -> str:
    example = cloud.described.example("volumes_all")["volumes"][0]
    return str(cloud.add("volumes", example)["id"])


def is_volume_again(cloud: DigitalOceanTeam, before: dict[str, Any]) -> bool:
    (found,) = cloud.things["volumes"].values()
    kept = ("name", "size_gigabytes", "description", "tags")
    is_same = all(found[key] == before["config"][key] for key in kept)
    return is_same and found["snapshot_id"] in cloud.things["snapshots"]


def old_snapshot(cloud: DigitalOceanTeam) -> str:
    return str(cloud.add("snapshots", cloud.described.example("snapshots_all")["snapshots"][0])["id"])


def loose_address(cloud: DigitalOceanTeam) -> str:
    region = {"name": "Frankfurt 1", "slug": "fra1"}
    address = {"ip": "192.0.2.1", "region": region, "droplet": None, "locked": False}
    return str(cloud.add("reserved_ips", address, key="ip")["ip"])


def empty_balancer(cloud: DigitalOceanTeam) -> str:
    example = cloud.described.example("load_balancers_all")["load_balancers"][0]
    made = cloud.add("load_balancers", {**example, "droplet_ids": []})
    cloud.busy[made["id"]] = 1.0
    return str(made["id"])


def unasked_balancer(cloud: DigitalOceanTeam) -> str:
    example = cloud.described.example("load_balancers_all")["load_balancers"][0]
    return str(cloud.add("load_balancers", example)["id"])


def firewall(cloud: DigitalOceanTeam, *rules: dict[str, Any]) -> str:
    plain = {"name": "web", "status": "succeeded", "created_at": stamp(90), "outbound_rules": [], "tags": []}
    own = {"id": cloud.uuid(), "inbound_rules": list(rules), "droplet_ids": [], "pending_changes": []}
    return str(cloud.add("firewalls", plain | own)["id"])


def rule(ports: str, *addresses: str, **sources: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "ports": ports, "sources": {"addresses": list(addresses), **sources}}


def bare_droplet(cloud: DigitalOceanTeam) -> str:
    firewall(cloud, rule("443", "0.0.0.0/0", "::/0"))
    return droplet(cloud)


def open_firewall(cloud: DigitalOceanTeam) -> str:
    return firewall(cloud, rule("22", "0.0.0.0/0", "::/0"), rule("443", "0.0.0.0/0"))


def firewall_open_by_the_way(cloud: DigitalOceanTeam) -> str:
    """Ports of administrators are among others, and somebody is named besides everybody."""
    return firewall(cloud, rule("1-9000", "0.0.0.0/0", tags=["gate"]), rule("8443", "192.0.2.0/24"))


def rules_in_any_order(state: dict[str, Any]) -> Any:
    found = settled(state)
    return {**found, "config": {**found["config"], "inbound_rules": sorted(map(str, found["config"]["inbound_rules"]))}}


def database(cloud: DigitalOceanTeam, *sources: str) -> str:
    """A MySQL cluster with an address of its network, that trusts these addresses."""
    made = cloud.add(
        "databases",
        {
            "id": cloud.uuid(),
            "name": "shop",
            "engine": "mysql",
            "version": "8",
            "num_nodes": 1,
            "size": "db-s-2vcpu-4gb",
            "region": "fra1",
            "status": "online",
            "storage_size_mib": 61440,
            "private_network_uuid": NETWORK,
            "created_at": stamp(90),
            "connection": {"password": "pw-of-the-database"},
        },
    )["id"]
    about = {"cluster_uuid": made, "created_at": stamp(60)}
    cloud.rules[made] = [{"uuid": cloud.uuid(), "type": "ip_addr", "value": one, **about} for one in sources]
    cloud.busy[made] = 60.0
    return str(made)


def quiet_database(cloud: DigitalOceanTeam) -> str:
    native_id = database(cloud, "192.0.2.7")
    cloud.busy[native_id] = 16.0
    return native_id


def open_database(cloud: DigitalOceanTeam) -> str:
    return database(cloud, "0.0.0.0/0", "192.0.2.7")


def database_without_sources(cloud: DigitalOceanTeam) -> str:
    droplet(cloud, vpc_uuid=NETWORK)
    return database(cloud)


def without_times_of_rules(state: dict[str, Any]) -> Any:
    """A trusted source that is given again is as old as that."""
    config = state["config"]
    rules = [{key: one for key, one in rule.items() if key != "created_at"} for rule in config["firewall_rules"]]
    return {**state, "config": {**config, "firewall_rules": rules}}


def full_registry(cloud: DigitalOceanTeam) -> str:
    cloud.registry = {"name": "shop", "region": "fra1", "created_at": stamp(400), "storage_usage_bytes": 5}
    cloud.collections = [{"uuid": cloud.uuid(), "status": "succeeded", "created_at": stamp(60)}]
    return "shop"


def unsaved_droplet(cloud: DigitalOceanTeam) -> str:
    return droplet(cloud, features=["ipv6"], next_backup_window=None, tags=["environment:production"])


FAULTS = (
    Fault(rule_id="digitalocean-droplet-idle", make=idle_droplet, is_back=is_made_again),
    Fault(
        rule_id="digitalocean-droplet-idle",
        name="with-a-snapshot",
        make=idle_droplet_with_a_snapshot,
        is_back=is_made_again,
    ),
    Fault(rule_id="digitalocean-droplet-off", make=droplet_that_is_off, is_back=is_made_again),
    Fault(rule_id="digitalocean-droplet-rightsize", make=large_droplet),
    Fault(rule_id="digitalocean-volume-unattached", make=loose_volume, is_back=is_volume_again),
    Fault(rule_id="digitalocean-snapshot-old", make=old_snapshot),
    Fault(rule_id="digitalocean-reserved-ip-unassigned", make=loose_address),
    Fault(rule_id="digitalocean-lb-idle", make=empty_balancer),
    Fault(rule_id="digitalocean-lb-idle", name="unasked", make=unasked_balancer),
    Fault(rule_id="digitalocean-database-rightsize", make=quiet_database),
    Fault(rule_id="digitalocean-database-open", make=open_database, compared=without_times_of_rules),
    Fault(rule_id="digitalocean-database-open", name="without-sources", make=database_without_sources),
    Fault(rule_id="digitalocean-registry-garbage", make=full_registry),
    Fault(rule_id="digitalocean-firewall-missing", make=bare_droplet),
    Fault(rule_id="digitalocean-firewall-admin-open", make=open_firewall, compared=rules_in_any_order),
    Fault(
        rule_id="digitalocean-firewall-admin-open",
        name="by-the-way",
        make=firewall_open_by_the_way,
        compared=rules_in_any_order,
    ),
    Fault(rule_id="digitalocean-backups-off", make=unsaved_droplet),
)
