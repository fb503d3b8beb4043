"""A stand-in for Azure with a memory: it lists what there is, and does what it is asked to, some of it later.

Every request is held against the shared description of Azure, or the rule book beside it; what breaks them is refused.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.fakes.azure import ITSELF, ROOT, TENANT, refused, values
from tests.fakes.azure_rulebook import READ_ONLY, kind_of, problems
from tests.fakes.described import described
from tests.fakes.scripted import Answered, Asked, Scripted, scripted

MADE_ON = "2026-11-26T12:00:00.1234567+00:00"
# What moves by itself, or is another for a thing that was made again.
MOVING = frozenset({"pausedDate", "resumedDate", "createdOn", "etag"})
# How Azure tells of what goes on after its answer. Sources: the shared description (final-state-via), and the REST
# reference of each service.
LONG = {
    "PUT microsoft.compute/disks": "status",
    "PATCH microsoft.compute/disks": "status",
    "DELETE microsoft.compute/disks": "status",
    "PUT microsoft.compute/snapshots": "status",
    "DELETE microsoft.compute/snapshots": "status",
    "PATCH microsoft.compute/virtualmachines": "status",
    "POST microsoft.compute/virtualmachines/deallocate": "status",
    "POST microsoft.compute/virtualmachines/start": "status",
    "POST microsoft.compute/virtualmachines/poweroff": "status",
    "DELETE microsoft.network/publicipaddresses": "location",
    "PUT microsoft.network/networksecuritygroups/securityrules": "status",
    "PATCH microsoft.sql/servers/databases": "location",
    "POST microsoft.sql/servers/databases/pause": "location",
    "POST microsoft.sql/servers/databases/resume": "location",
    "PUT microsoft.sql/servers/auditingsettings": "status",
    "PUT microsoft.capacity/reservationorders": "location",
    "POST microsoft.capacity/calculateexchange": "status",
    "POST microsoft.capacity/exchange": "status",
    "PUT microsoft.billingbenefits/savingsplanorderaliases": "itself",
}
# Of things that are made, by their kind.
SET_BY_AZURE: dict[str, dict[str, Any]] = {
    "microsoft.compute/disks": {"diskState": "Unattached", "timeCreated": MADE_ON, "provisioningState": "Succeeded"},
    "microsoft.compute/snapshots": {"timeCreated": MADE_ON, "provisioningState": "Succeeded"},
    "microsoft.web/serverfarms": {"numberOfSites": 0, "provisioningState": "Succeeded"},
    "microsoft.authorization/roleassignments": {"createdOn": MADE_ON},
}
# What the connector asks for that no rule here looks at.
NOTHING_SPECIAL = {
    "/providers/Microsoft.Insights/diagnosticSettings": values(),
    "/defenderForStorageSettings/current": {"properties": {}},
    "/blobServices/default": {"properties": {}},
    "/blobServices/default/containers": values(),
    "/transparentDataEncryption/current": {"properties": {"state": "Enabled"}},
    "/backupShortTermRetentionPolicies/default": {"properties": {"retentionDays": 7}},
    "/keys": values(),
    "/secrets": values(),
}
SINGLE = ("managementPolicies/default", "auditingSettings/default", "config/web")

# What is done once it is time; what it gives is the answer.
Effect = Callable[[], Any]


@dataclass
class Begun:
    """Something that goes on. It is done at the last of so many looks."""

    effect: Effect
    style: str
    looks: int = 2


@dataclass
class Cloud:
    """`things` by id in small letters. `fails_with` is the code by which the next thing that goes on fails."""

    description: Path
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    power: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[Any]] = field(default_factory=dict)
    users: list[dict[str, Any]] = field(default_factory=list)
    begun: list[Begun] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # Actions that the role of whoever asks leaves out.
    denied: tuple[str, ...] = ()
    fails_with: str = ""
    # Native id -> when it was last changed by a call.
    changed: dict[str, datetime] = field(default_factory=dict)
    # What a later call refers to: orders that were priced, sessions of refunds and exchanges.
    quoted: dict[str, Any] = field(default_factory=dict)
    # Kinds with effects of their own: method and kind -> what it does with path and body.
    special: dict[str, Callable[[str, Any], Any]] = field(default_factory=dict)
    # Kinds whose lists leave things out.
    shown: dict[str, Callable[[dict[str, Any]], bool]] = field(default_factory=dict)

    @contextmanager
    def served(self) -> Iterator[Scripted]:
        with scripted(self) as server:
            yield server

    def add(self, what: str, name: str, *, parent: str = f"{ROOT}/resourceGroups/rg1", **fields: Any) -> str:
        """A thing that was there before; its id."""
        middle = "/providers" if "." in what else ""
        native_id = f"{parent}{middle}/{what}/{name}"
        self.things[native_id.lower()] = {"id": native_id, "name": name, "type": kind_of(native_id), **fields}
        return native_id

    def state(self) -> Any:
        """All there is, without what moves by itself."""
        return still({"things": self.things, "power": self.power})

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == f"/{TENANT}/oauth2/v2.0/token":
            return Answered({"access_token": "t1", "expires_in": 3599, "token_type": "Bearer"})
        if asked.path == ROOT:
            return Answered(ITSELF)
        if asked.path.startswith("/operations/"):
            return self._progress(int(asked.path.rpartition("/")[2]))
        if asked.path.startswith("/v1.0/"):
            people = self.users if asked.path.endswith("/users") else [{"id": TENANT, "assignedPlans": []}]
            return Answered(values(*people))
        body = asked.json if asked.text else None
        found = problems(described(self.description), asked.method, asked.path, asked.query, body)
        if found:
            self.problems += [f"{asked.method} {asked.path}: {one}" for one in found]
            return refused("InvalidRequestContent", "; ".join(found), 400)
        return self._read(asked) if asked.method == "GET" else self._change(asked, body)

    def _read(self, asked: Asked) -> Answered:
        path = asked.path.lower()
        if path.endswith("/providers/microsoft.insights/metrics"):
            names = asked.query["metricnames"][0].split(",")
            figures = self.metrics.get(path.rpartition("/providers/")[0].removesuffix("/blobservices/default"), [])
            return Answered(values(*(one for one in figures if one["name"]["value"] in names)))
        if path.endswith("/providers/microsoft.authorization/permissions"):
            return Answered(values({"actions": ["*"], "notActions": list(self.denied)}))
        if path.endswith("/instanceview"):
            state = self.power.get(path.removesuffix("/instanceview"), "running")
            return Answered({"statuses": [{"code": "ProvisioningState/succeeded"}, {"code": f"PowerState/{state}"}]})
        if path in self.things:
            return Answered(copy.deepcopy(self._settled(path)))
        if "/securityrules/" in path and (rule := self._rule(path)):
            return Answered(copy.deepcopy(rule))
        ending = next((one for one in NOTHING_SPECIAL if path.endswith(one.lower())), None)
        if ending:
            return Answered(NOTHING_SPECIAL[ending])
        if path.rpartition("/providers/")[2].count("/") % 2 == 0 or path.endswith(SINGLE):
            return _not_found(path)
        return Answered(
            values(*(copy.deepcopy(self.things[one]) for one in sorted(self.things) if self._is_in(one, path)))
        )

    def _is_in(self, native_id: str, path: str) -> bool:
        """Whether a list has it: those of the subscription have all of their kind, others what stands right below."""
        thing = self.things[native_id]
        shows = self.shown.get(thing["type"])
        if shows and not shows(thing):
            return False
        is_whole = (
            path.startswith(f"{ROOT.lower()}/providers/")
            and "/" not in path.rpartition("/providers/")[2][:-1].partition("/")[2]
        )
        if is_whole:
            return bool(thing["type"] == kind_of(path))
        return native_id.startswith(f"{path}/") and "/" not in native_id[len(path) + 1 :]

    def _change(self, asked: Asked, body: Any) -> Answered:
        kind, path = f"{asked.method} {kind_of(asked.path)}", asked.path
        if asked.method == "DELETE" and path.lower() not in self.things:
            return Answered(None, 204)
        if asked.method in ("PATCH", "POST") and "/resourcegroups/" in path.lower() and not self._is_there(path):
            return _not_found(path)
        if (refusal := self._refusal(kind, path)) is not None:
            return refusal
        self.changed[path] = datetime.now(UTC)
        effect = self._effect(asked, kind, body)
        style = LONG.get(kind)
        if style is None:
            return Answered(effect(), 200)
        if style == "itself":
            return Answered(_settling(effect()), 201)
        self.begun.append(Begun(effect, style))
        address = f"http://{asked.headers['host']}/operations/{len(self.begun) - 1}"
        headers = {"Retry-After": "0", "Location": address}
        if style == "status":
            headers["Azure-AsyncOperation"] = address
        return Answered(None, 202, headers)

    def _progress(self, number: int) -> Answered:
        begun = self.begun[number]
        begun.looks -= 1
        if begun.looks > 0:
            going = Answered({"status": "InProgress"}, 200, {"Retry-After": "0"})
            return going if begun.style == "status" else Answered(None, 202, {"Retry-After": "0"})
        if self.fails_with:
            error = {"code": self.fails_with, "message": "It could not be done."}
            self.fails_with = ""
            return (
                Answered({"status": "Failed", "error": error})
                if begun.style == "status"
                else Answered({"error": error}, 409)
            )
        done = begun.effect() if begun.looks == 0 else None
        if begun.style == "status":
            return Answered({"status": "Succeeded", "properties": (done or {}).get("properties")})
        return Answered(done, 200 if done is not None else 204)

    def _refusal(self, kind: str, path: str) -> Answered | None:
        """What Azure does not do in the state in which things are."""
        disk = self.things.get(path.lower(), {}).get("properties", {})
        if kind == "PATCH microsoft.compute/disks" and disk.get("diskState") == "Attached":
            return refused("OperationNotAllowed", "The disk is attached to a running machine.", 409)
        return None

    def _effect(self, asked: Asked, kind: str, body: Any) -> Effect:
        path = asked.path
        if kind in self.special:
            return lambda: self.special[kind](path, body)
        if "/securityrules/" in path.lower():
            return lambda: self._put_rule(path, body)
        by_method: dict[str, Effect] = {
            "PUT": lambda: self.put(path, body),
            "PATCH": lambda: self._merge(path, body),
            "DELETE": lambda: self._delete(path),
            "POST": lambda: self._do(path),
        }
        return by_method[asked.method]

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The thing as it was sent; what Azure alone sets stays, or is set for a new one."""
        former, kind = self.things.get(path.lower()), kind_of(path)
        source = ((body.get("properties") or {}).get("creationData") or {}).get("sourceResourceId")
        assert source is None or source.lower() in self.things, f"{source} is not there"
        own = {key: value for key, value in (former or {}).get("properties", {}).items() if key in READ_ONLY}
        set_by_azure = own if former else copy.deepcopy(SET_BY_AZURE.get(kind, {}))
        if kind.startswith("microsoft.authorization/"):
            set_by_azure["scope"] = path.partition("/providers/")[0]
        properties = {**body.get("properties", {}), **set_by_azure}
        self.things[path.lower()] = {
            "id": path,
            "name": path.rpartition("/")[2],
            "type": kind,
            **body,
            "properties": properties,
        }
        return self.things[path.lower()]

    def _merge(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        thing = self.things[path.lower()]
        self.things[path.lower()] = merged(thing, body)
        return self.things[path.lower()]

    def _delete(self, path: str) -> None:
        for one in [one for one in self.things if f"{one}/".startswith(f"{path.lower()}/")]:
            del self.things[one]

    def _do(self, path: str) -> None:
        """deallocate, start and powerOff of a machine."""
        machine, _, verb = path.lower().rpartition("/")
        self.power[machine] = {"deallocate": "deallocated", "start": "running", "poweroff": "stopped"}[verb]

    def _rule(self, path: str) -> dict[str, Any] | None:
        group, _, name = path.lower().partition("/securityrules/")
        rules = self.things[group]["properties"]["securityRules"]
        return next((one for one in rules if one["name"].lower() == name), None)

    def _put_rule(self, path: str, body: dict[str, Any]) -> None:
        rule = self._rule(path)
        assert rule is not None, path
        rule["etag"] = f"{rule.get('etag', '')}+"
        rule["properties"] = {**body["properties"], "provisioningState": "Succeeded"}

    def _is_there(self, path: str) -> bool:
        """Whether the thing is there that a call changes; settings have one above them."""
        above = path.lower().rpartition("/")[0]
        return path.lower() in self.things or above in self.things

    def _settled(self, path: str) -> dict[str, Any]:
        thing = self.things[path]
        if thing.get("looks"):
            thing["looks"] -= 1
            if not thing["looks"]:
                del thing["looks"]
                thing["properties"]["provisioningState"] = "Succeeded"
        return {key: value for key, value in thing.items() if key != "looks"}


def _settling(thing: dict[str, Any]) -> dict[str, Any]:
    """It says itself that it is being made, for two looks."""
    thing["properties"]["provisioningState"] = "Creating"
    thing["looks"] = 2
    return {key: value for key, value in thing.items() if key != "looks"}


def merged(thing: Any, change: Any) -> Any:
    """A merge of JSON (RFC 7396), which is how Azure reads PATCH."""
    if not isinstance(thing, dict) or not isinstance(change, dict):
        return change
    return {**thing, **{key: merged(thing.get(key), value) for key, value in change.items()}}


def still(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: still(inner) for key, inner in value.items() if key not in MOVING}
    return [still(inner) for inner in value] if isinstance(value, list) else copy.deepcopy(value)


def _not_found(path: str) -> Answered:
    code = "ManagementPolicyNotFound" if path.lower().endswith("managementpolicies/default") else "ResourceNotFound"
    return refused(code, f"{path} was not found.", 404)
