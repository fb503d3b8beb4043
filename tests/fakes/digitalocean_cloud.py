"""A DigitalOcean team that changes as it is told: what runs there takes its time, as it does at DigitalOcean's.

Droplets, snapshots and addresses are those of DigitalOcean's own examples. What the shared description lacks is in the
shapes of DigitalOcean's reference.
"""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.fakes.described_cloud import MISSING, REFUSED, DescribedCloud, Refused, on
from tests.fakes.digitalocean import metric, series
from tests.fakes.scripted import Answered, Asked

ACCEPTED, CREATED = 202, 201
DAY, DAYS = 86400, 14
FRANKFURT = {"name": "Frankfurt 1", "slug": "fra1", "features": [], "sizes": [], "available": True}
STATUS = {"power_off": "off", "power_on": "active"}
KINDS = ("droplets", "volumes", "snapshots", "reserved_ips", "load_balancers", "firewalls", "databases", "sizes")
FEATURES = ("backups", "ipv6", "monitoring")
# The bytes that an unbusy droplet has left, as a share of its memory.
UNUSED = 0.9


def stamp(days_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def daily(value: float) -> dict[str, Any]:
    """The same value on each of fourteen days."""
    return metric(series(*[value] * DAYS))


class DigitalOceanCloud(DescribedCloud):
    """`things` are by kind and id, as lists show them, `busy` says how busy one is. Actions that are `failing` fail."""

    undescribed = frozenset(
        {
            "GET /v2/registry",
            "GET /v2/registry/{name}/garbage-collections",
            "GET /v2/registry/{name}/garbage-collection",
            "POST /v2/registry/{name}/garbage-collection",
            "GET /v2/databases/{id}/logsink",
            "GET /v2/databases/{id}/pools",
            "GET /v2/monitoring/metrics/database/mysql/cpu_usage",
            "GET /v2/security/scans/latest",
        }
    )

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.reset()

    def reset(self) -> None:
        """An empty team."""
        kinds = (
            "droplets",
            "volumes",
            "snapshots",
            "reserved_ips",
            "load_balancers",
            "firewalls",
            "databases",
            "sizes",
        )
        self.things: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
        self.actions: list[dict[str, Any]] = []
        self.registry: dict[str, Any] | None = None
        self.collections: list[dict[str, Any]] = []
        self.rules: dict[str, list[dict[str, Any]]] = {}
        self.busy: dict[str, float] = {}
        self.failing: set[str] = set()
        self._numbers = count(1000)
        self._pending: dict[str, Any] = {}

    def number(self) -> int:
        return next(self._numbers)

    def uuid(self) -> str:
        return f"00000000-0000-4000-8000-{self.number():012d}"

    def thing(self, kind: str, native_id: str) -> Any:
        """Raises Refused for one that is not there."""
        if native_id not in self.things[kind]:
            raise Refused(MISSING, "The resource you were accessing could not be found.")
        return self.things[kind][native_id]

    def add(self, kind: str, thing: dict[str, Any], key: str = "id") -> Any:
        self.things[kind][str(thing[key])] = thing
        return thing

    def later(self, what: str, change: Any) -> None:
        """What happens when it is looked at for the second time from now."""
        self._pending[what] = iter((None, change))

    def look(self, what: str) -> None:
        change = next(self._pending.get(what, iter(())), None)
        if change is not None:
            del self._pending[what]
            change()

    def _listed(self, kind: str, **meant: str | None) -> dict[str, Any]:
        wanted = {key: value for key, value in meant.items() if value is not None}
        found = [one for one in self.things[kind].values() if all(_is_it(one, *pair) for pair in wanted.items())]
        return {kind: found, "links": {}, "meta": {"total": len(found)}}

    @on("GET /v2/account")
    def account(self, _: Asked) -> Any:
        return {"account": {"uuid": "user-1", "email": "ops@example.com", "team": {"uuid": "team-1", "name": "Shop"}}}

    @on("GET /v2/security/scans/latest")
    def scan(self, _: Asked) -> Any:
        return {"scan": {"id": "scan-1", "status": "COMPLETED", "findings": []}}

    @on("GET /v2/sizes")
    def sizes(self, _: Asked) -> Any:
        return self._listed("sizes")

    @on("GET /v2/kubernetes/clusters")
    def clusters(self, _: Asked) -> Any:
        return {"kubernetes_clusters": []}

    # Droplets

    @on("GET /v2/droplets")
    def droplets(self, asked: Asked) -> Any:
        found = self._listed("droplets", tags=asked.query.get("tag_name", [None])[0])
        for one in found["droplets"]:
            self.look(f"droplet {one['id']}")
        return deepcopy(found)

    @on("GET /v2/droplets/{id}")
    def droplet(self, _: Asked, native_id: str) -> Any:
        return {"droplet": self.thing("droplets", native_id)}

    @on("POST /v2/droplets")
    def create_droplet(self, asked: Asked) -> Any:
        given = asked.json
        droplet = self.described.example("droplets_all")["droplets"][1] | {
            "id": self.number(),
            "name": given["name"],
            "status": "new",
            "size_slug": given["size"],
            "image": {"id": given["image"]},
            "tags": given.get("tags", []),
            "features": [name for name in FEATURES if given.get(name)],
            "volume_ids": given.get("volumes", []),
            "vpc_uuid": given.get("vpc_uuid"),
            "region": FRANKFURT,
            "created_at": stamp(),
        }
        self.add("droplets", droplet)
        self.later(f"droplet {droplet['id']}", lambda: droplet.update(status="active"))
        return Answered({"droplet": droplet}, ACCEPTED)

    @on("DELETE /v2/droplets/{id}")
    def delete_droplet(self, _: Asked, native_id: str) -> Any:
        self.thing("droplets", native_id)
        del self.things["droplets"][native_id]

    @on("GET /v2/droplets/{id}/firewalls")
    def firewalls_of(self, _: Asked, native_id: str) -> Any:
        number = self.thing("droplets", native_id)["id"]
        found = [one for one in self.things["firewalls"].values() if number in one["droplet_ids"]]
        return {"firewalls": found, "links": {}, "meta": {"total": len(found)}}

    @on("GET /v2/droplets/{id}/snapshots")
    def snapshots_of(self, _: Asked, native_id: str) -> Any:
        self.thing("droplets", native_id)
        found = [one for one in self.things["snapshots"].values() if one["resource_id"] == native_id]
        return {"snapshots": [one | {"id": int(one["id"]), "type": "snapshot"} for one in found]}

    @on("GET /v2/droplets/{id}/actions")
    def actions_of(self, _: Asked, native_id: str) -> Any:
        self.look(f"action {native_id}")
        found = [one for one in self.actions if str(one["resource_id"]) == native_id]
        return {"actions": found[::-1], "links": {}, "meta": {"total": len(found)}}

    @on("POST /v2/droplets/{id}/actions")
    def act(self, asked: Asked, native_id: str) -> Any:
        droplet, given = self.thing("droplets", native_id), asked.json
        if droplet["locked"]:
            raise Refused(REFUSED, "Droplet already has a pending event.")
        self._refuse_needless(droplet, given)
        action = {"id": self.number(), "status": "in-progress", "type": given["type"], "started_at": stamp()}
        self.actions.append(action | {"resource_id": droplet["id"], "resource_type": "droplet"})
        action = self.actions[-1]
        droplet["locked"] = True
        self.later(f"action {native_id}", lambda: self._end(droplet, action, given))
        return Answered({"action": deepcopy(action)}, CREATED)

    def _refuse_needless(self, droplet: dict[str, Any], given: dict[str, Any]) -> None:
        kind, is_off, backed = given["type"], droplet["status"] == "off", "backups" in droplet["features"]
        needless = {
            "power_off": is_off,
            "power_on": not is_off,
            "resize": not is_off or droplet["size_slug"] == given.get("size"),
            "enable_backups": backed,
            "disable_backups": not backed,
        }
        if needless.get(kind):
            raise Refused(REFUSED, f"{kind} is not possible now.")

    def _end(self, droplet: dict[str, Any], action: dict[str, Any], given: dict[str, Any]) -> None:
        kind = given["type"]
        droplet["locked"] = False
        if kind in self.failing:
            action |= {"status": "errored", "completed_at": stamp()}
            return
        droplet["status"] = STATUS.get(kind, droplet["status"])
        if kind == "resize":
            assert given["disk"] is False
            droplet |= {"size_slug": given["size"], "size": self.things["sizes"][given["size"]]}
        if kind == "snapshot":
            self._snapshot(str(self.number()), given["name"], "droplet", str(droplet["id"]), [])
            droplet["snapshot_ids"] = [
                int(one["id"]) for one in self.things["snapshots"].values() if one["resource_id"] == str(droplet["id"])
            ]
        if kind == "enable_backups":
            droplet["features"].append("backups")
            droplet["next_backup_window"] = {"start": stamp(-1), "end": stamp(-2)}
        if kind == "disable_backups":
            droplet["features"].remove("backups")
            droplet["next_backup_window"] = None
        action |= {"status": "completed", "completed_at": stamp()}

    @on("GET /v2/monitoring/metrics/droplet/cpu")
    def cpu(self, asked: Asked) -> Any:
        share = self.busy.get(asked.query["host_id"][0], 0.5)
        seconds = [day * DAY for day in range(DAYS + 1)]
        idle, user = [one * (1 - share) for one in seconds], [one * share for one in seconds]
        return metric(series(*idle, mode="idle"), series(*user, mode="user"))

    @on("GET /v2/monitoring/metrics/droplet/memory_available")
    def memory(self, asked: Asked) -> Any:
        return daily(self.things["droplets"][asked.query["host_id"][0]]["memory"] * 2**20 * UNUSED)

    @on("GET /v2/monitoring/metrics/droplet/bandwidth")
    def bandwidth(self, asked: Asked) -> Any:
        return daily(self.busy.get(asked.query["host_id"][0], 0.5) / 1000)

    # Volumes and snapshots

    @on("GET /v2/volumes")
    def volumes(self, asked: Asked) -> Any:
        return self._listed("volumes", name=asked.query.get("name", [None])[0])

    @on("POST /v2/volumes")
    def create_volume(self, asked: Asked) -> Any:
        given = asked.json
        if any(one["name"] == given["name"] for one in self.things["volumes"].values()):
            raise Refused(REFUSED, "A volume with this name exists in the region.")
        self.thing("snapshots", given["snapshot_id"])
        volume = self.described.example("volumes_all")["volumes"][0] | given
        volume |= {"id": self.uuid(), "region": FRANKFURT, "droplet_ids": [], "created_at": stamp()}
        return Answered({"volume": self.add("volumes", volume)}, CREATED)

    @on("DELETE /v2/volumes/{id}")
    def delete_volume(self, _: Asked, native_id: str) -> Any:
        if self.thing("volumes", native_id)["droplet_ids"]:
            raise Refused(REFUSED, "The volume is attached.")
        del self.things["volumes"][native_id]

    @on("GET /v2/volumes/{id}/snapshots")
    def snapshots_of_volume(self, _: Asked, native_id: str) -> Any:
        self.thing("volumes", native_id)
        self.look(f"snapshot {native_id}")
        return {"snapshots": [one for one in self.things["snapshots"].values() if one["resource_id"] == native_id]}

    @on("POST /v2/volumes/{id}/snapshots")
    def snapshot_volume(self, asked: Asked, native_id: str) -> Any:
        self.thing("volumes", native_id)
        given, made = asked.json, self.uuid()
        self.later(
            f"snapshot {native_id}", lambda: self._snapshot(made, given["name"], "volume", native_id, given["tags"])
        )
        return Answered({"snapshot": {"id": made, "name": given["name"], "resource_id": native_id}}, CREATED)

    def _snapshot(self, made: str, name: str, kind: str, of: str, tags: list[str]) -> None:
        about = {"id": made, "name": name, "resource_type": kind, "resource_id": of, "tags": tags}
        size = {"min_disk_size": 25, "size_gigabytes": 2.34, "regions": ["fra1"], "created_at": stamp()}
        self.add("snapshots", about | size)

    @on("GET /v2/snapshots")
    def snapshots(self, _: Asked) -> Any:
        return self._listed("snapshots")

    @on("DELETE /v2/snapshots/{id}")
    def delete_snapshot(self, _: Asked, native_id: str) -> Any:
        self.thing("snapshots", native_id)
        del self.things["snapshots"][native_id]


def _is_it(thing: dict[str, Any], key: str, value: str) -> bool:
    return value in thing[key] if isinstance(thing[key], list) else thing[key] == value
