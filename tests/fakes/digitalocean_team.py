"""The rest of the team that tests.fakes.digitalocean_cloud begins: its network, databases and registry."""

from copy import deepcopy
from typing import Any

from tests.fakes.described_cloud import MISSING, Refused, on
from tests.fakes.digitalocean_cloud import ACCEPTED, CREATED, DigitalOceanCloud, daily, stamp
from tests.fakes.scripted import Answered, Asked

CONFLICT = 409


class DigitalOceanTeam(DigitalOceanCloud):
    """See DigitalOceanCloud."""

    @on("GET /v2/reserved_ips")
    def reserved_ips(self, _: Asked) -> Any:
        return self._listed("reserved_ips")

    @on("DELETE /v2/reserved_ips/{ip}")
    def release(self, _: Asked, address: str) -> Any:
        self.thing("reserved_ips", address)
        del self.things["reserved_ips"][address]

    @on("GET /v2/load_balancers")
    def load_balancers(self, _: Asked) -> Any:
        return self._listed("load_balancers")

    @on("DELETE /v2/load_balancers/{id}")
    def delete_load_balancer(self, _: Asked, native_id: str) -> Any:
        self.thing("load_balancers", native_id)
        del self.things["load_balancers"][native_id]

    @on("GET /v2/monitoring/metrics/load_balancer/frontend_http_requests_per_second")
    def requests(self, asked: Asked) -> Any:
        return daily(self.busy.get(asked.query["lb_id"][0], 0.0))

    @on("GET /v2/firewalls")
    def firewalls(self, _: Asked) -> Any:
        return self._listed("firewalls")

    @on("GET /v2/firewalls/{id}")
    def firewall(self, _: Asked, native_id: str) -> Any:
        self.look(f"firewall {native_id}")
        return {"firewall": self.thing("firewalls", native_id)}

    def _changing(self, native_id: str) -> Any:
        firewall = self.thing("firewalls", native_id)
        firewall["status"] = "waiting"
        self.later(f"firewall {native_id}", lambda: firewall.update(status="succeeded"))
        return firewall

    @on("POST /v2/firewalls/{id}/droplets")
    def add_droplets(self, asked: Asked, native_id: str) -> Any:
        firewall, added = self._changing(native_id), asked.json["droplet_ids"]
        firewall["droplet_ids"] += [one for one in added if one not in firewall["droplet_ids"]]

    @on("DELETE /v2/firewalls/{id}/droplets")
    def remove_droplets(self, asked: Asked, native_id: str) -> Any:
        firewall, removed = self._changing(native_id), asked.json["droplet_ids"]
        firewall["droplet_ids"] = [one for one in firewall["droplet_ids"] if one not in removed]

    @on("POST /v2/firewalls/{id}/rules")
    def add_rules(self, asked: Asked, native_id: str) -> Any:
        firewall, added = self._changing(native_id), asked.json["inbound_rules"]
        firewall["inbound_rules"] += [one for one in added if one not in firewall["inbound_rules"]]

    @on("DELETE /v2/firewalls/{id}/rules")
    def remove_rules(self, asked: Asked, native_id: str) -> Any:
        firewall, removed = self._changing(native_id), asked.json["inbound_rules"]
        firewall["inbound_rules"] = [one for one in firewall["inbound_rules"] if one not in removed]

    @on("GET /v2/databases")
    def databases(self, _: Asked) -> Any:
        return self._listed("databases")

    @on("GET /v2/databases/{id}")
    def database(self, _: Asked, native_id: str) -> Any:
        found = deepcopy(self.thing("databases", native_id))
        self.look(f"database {native_id}")
        return {"database": found}

    @on("GET /v2/databases/{id}/backups")
    def backups(self, _: Asked, native_id: str) -> Any:
        return {"backups": []}

    @on("GET /v2/databases/{id}/logsink")
    def sinks(self, _: Asked, native_id: str) -> Any:
        return {"sinks": []}

    @on("GET /v2/databases/{id}/pools")
    def pools(self, _: Asked, native_id: str) -> Any:
        return {"pools": []}

    @on("GET /v2/databases/{id}/replicas")
    def replicas(self, _: Asked, native_id: str) -> Any:
        return {"replicas": []}

    @on("GET /v2/monitoring/metrics/database/mysql/cpu_usage")
    def database_cpu(self, asked: Asked) -> Any:
        return daily(self.busy.get(asked.query["db_id"][0], 60.0))

    @on("PUT /v2/databases/{id}/resize")
    def resize(self, asked: Asked, native_id: str) -> Any:
        database, given = self.thing("databases", native_id), asked.json
        assert given["num_nodes"] == database["num_nodes"]
        # Half the nodes, twice as busy.
        self.busy[native_id] *= 2 if given["size"] < database["size"] else 0.5
        database |= {"size": given["size"], "status": "resizing"}
        self.later(f"database {native_id}", lambda: database.update(status="online"))
        return Answered(None, ACCEPTED)

    @on("GET /v2/databases/{id}/firewall")
    def trusted(self, _: Asked, native_id: str) -> Any:
        return {"rules": self.rules[native_id]}

    @on("PUT /v2/databases/{id}/firewall")
    def trust(self, asked: Asked, native_id: str) -> Any:
        # A source that is trusted already stays the one it is.
        known = {(rule["type"], rule["value"]): rule for rule in self.rules[native_id]}
        self.rules[native_id] = [
            known.get((rule["type"], rule["value"]))
            or {"uuid": self.uuid(), "cluster_uuid": native_id, "created_at": stamp(), **rule}
            for rule in asked.json["rules"]
        ]

    @on("GET /v2/registry")
    def registry_found(self, _: Asked) -> Any:
        if self.registry is None:
            raise Refused(MISSING, "There is no registry.")
        return {"registry": self.registry}

    @on("GET /v2/registry/{name}/garbage-collections")
    def collected(self, _: Asked, name: str) -> Any:
        return {"garbage_collections": self.collections, "meta": {"total": len(self.collections)}}

    @on("GET /v2/registry/{name}/garbage-collection")
    def running(self, _: Asked, name: str) -> Any:
        self.look(f"registry {name}")
        active = next((one for one in self.collections if one["status"] != "succeeded"), None)
        if active is None:
            raise Refused(MISSING, "No garbage collection is running.")
        return {"garbage_collection": active}

    @on("POST /v2/registry/{name}/garbage-collection")
    def collect(self, asked: Asked, name: str) -> Any:
        if any(one["status"] != "succeeded" for one in self.collections):
            raise Refused(CONFLICT, "A garbage collection is running.")
        run = {"uuid": self.uuid(), "registry_name": name, "status": "requested", "created_at": stamp()}
        self.collections.insert(0, run)
        self.later(f"registry {name}", lambda: run.update(status="succeeded", blobs_deleted=4, freed_bytes=4096))
        return Answered({"garbage_collection": dict(run)}, CREATED)
